"""Sheets of real photos on every camera path, to look at: `depthmotion_gallery.py --out sheets`.

Six photos of the folder that `VIDEODA_TEST_DATA` names: three with a network's disparity, one with disparity and an
instance mask, one with measured depth, and one on the `ground`. One PNG per photo; a row per path shows three frames,
the flow to the next frame in the middle of the clip, and the flow from the first frame to the last. Where the photo has
no instance mask, its nearest connected quarter takes the part of the moving object.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import depthmotion as dm
import numpy as np

PATHS = (
    "random_walk", "smooth", "dolly", "dolly:direction=1,0,0:distance=0.3", "orbit", "pan", "zoom", "dolly_zoom",
    "handheld", "still", "orbit+handheld",
)  # fmt: skip
MOMENTS = (5, 10, 15)
GAP = 4


@dataclass(frozen=True)
class Exhibit:
    """A photo with its depth, and the mask of an object in it."""

    name: str
    photo: np.ndarray
    depth: dm.DepthMap
    mask: np.ndarray


def nearest_object(depth: dm.DepthMap) -> np.ndarray:
    """Return the mask of the largest connected part among the nearest quarter of the pixels."""
    distances = depth.to_depth()
    near = np.asarray(distances < np.quantile(distances, 0.25), dtype=np.uint8)
    _, parts, numbers, _ = cv2.connectedComponentsWithStats(near)
    return np.asarray(parts == 1 + int(numbers[1:, cv2.CC_STAT_AREA].argmax()), dtype=np.int64)


def exhibits(data: Path) -> list[Exhibit]:
    """Return the six photos."""
    found = []
    for stem in ("000000013774", "000000017959", "000000048564"):
        photo = dm.read_image(data / "coco_dpt" / f"{stem}.jpg")
        values = cv2.imread(str(data / "coco_dpt" / f"{stem}_dpt.png"), cv2.IMREAD_UNCHANGED)
        depth = dm.sharpen(dm.DepthMap(np.asarray(values, dtype=np.float32), "disparity"))
        found.append(Exhibit(f"coco-{stem[-5:]}", photo, depth, nearest_object(depth)))
    photo = dm.read_image(data / "depthstillation" / "im0.jpg")
    values = cv2.imread(str(data / "depthstillation" / "d0.png"), cv2.IMREAD_UNCHANGED)
    depth = dm.sharpen(dm.DepthMap(np.asarray(values, dtype=np.float32), "disparity").resized(*photo.shape[:2]))
    mask = dm.read_instances(data / "depthstillation" / "s0.png", size=photo.shape[:2])
    found.append(Exhibit("depthstillation", photo, depth, mask))
    photo = dm.read_image(data / "nyu_fastdepth" / "rgb.png")
    depth = dm.DepthMap(np.load(data / "nyu_fastdepth" / "depth.npy").reshape(photo.shape[:2]), "metric")
    found.append(Exhibit("nyu", photo, depth, nearest_object(depth)))
    photo = dm.read_image(data / "coco_dpt" / "000000092660.jpg")
    depth = dm.load_depth("ground")(photo)
    found.append(Exhibit("ground", photo, depth, nearest_object(depth)))
    return found


def sheet(exhibit: Exhibit, paths: tuple[str, ...], *, width: int) -> np.ndarray:
    """Return a picture with a row per path; the path `still` is the one with a moving object."""
    rows = []
    for path in paths:
        mask = exhibit.mask if path == "still" else None
        clip = dm.clip_of_photo(exhibit.photo, exhibit.depth, path=path, seed=7, mask=mask)
        middle = len(clip) // 2
        tiles = [clip.frames[t] for t in MOMENTS]
        tiles += [dm.flow_to_color(clip.flow[middle]), dm.flow_to_color(clip.flow_from_first[-1])]
        black = int((clip.frames[-1] == 0).all(axis=-1).sum() - (exhibit.photo == 0).all(axis=-1).sum())
        print(
            f"{exhibit.name:16} {path:36} last frame: {100 * (1 - clip.valid[-1].mean()):5.1f} % filled, "
            f"{max(black, 0):6d} more black pixels than the photo; flow up to {np.abs(clip.flow).max():6.2f} px a frame"
        )
        size = width, round(width * clip.frames.shape[1] / clip.frames.shape[2])
        small = [cv2.resize(np.asarray(tile), size, interpolation=cv2.INTER_AREA) for tile in tiles]
        small[0] = cv2.putText(small[0].copy(), path, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1)
        spaced = [cv2.copyMakeBorder(tile, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for tile in small]
        rows.append(np.concatenate(spaced, axis=1))
    return np.concatenate(rows)


def main() -> None:
    """Write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the PNGs")
    parser.add_argument("--width", type=int, default=384, help="of each tile")
    parser.add_argument("--paths", nargs="+", default=PATHS, help="as `depthmotion paths` explains them")
    parser.add_argument("--photos", nargs="+", help="only these")
    arguments = parser.parse_args()
    if "VIDEODA_TEST_DATA" not in os.environ:
        parser.error("VIDEODA_TEST_DATA does not name the folder of test data")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for exhibit in exhibits(Path(os.environ["VIDEODA_TEST_DATA"]) / "depth"):
        if arguments.photos is None or exhibit.name in arguments.photos:
            picture = sheet(exhibit, tuple(arguments.paths), width=arguments.width)
            cv2.imwrite(str(arguments.out / f"{exhibit.name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
