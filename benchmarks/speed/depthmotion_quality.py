"""Quality of depthmotion's warp: `python benchmarks/speed/depthmotion_quality.py [--size 384]`.

Rendered second views with exact depth and pose, real second views (five RGB-D frames with poses, in the folder that
`VIDEODA_TEST_DATA` names; left out without it), sharpness at the end of a clip, and the fill beside Telea's inpainting.
PSNR in dB over RGB, higher is better.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import cv2
import depthmotion as dm
import numpy as np
from depthmotion.cracks import close_cracks
from depthmotion.holes import continue_surfaces, find_holes
from depthmotion.plate import make_plate
from depthmotion.reach import reach_of_motion
from depthmotion.render import TELEA_RADIUS, resolve_points
from depthmotion.rotation import rigid_motion
from depthmotion.scene import LARGEST_PLATE
from depthmotion.splat import splat_photo
from depthmotion.surface import find_cuts
from depthmotion.surroundings import continue_outwards
from depthmotion.workspace import Workspace
from depthmotion_world import co_visible, view
from measurements import cpu_seconds, row, write_section

REPORT = "depthmotion-quality"
DEPTH_CAMERA_FOCAL = 585.0
COLOUR_CAMERA_FOCAL = 525.0


def psnr(image: np.ndarray, truth: np.ndarray, where: np.ndarray | None = None) -> float:
    """Return the peak signal-to-noise ratio [dB], over a mask (H, W) if given."""
    error = (image.astype(np.float64) - truth.astype(np.float64)) ** 2
    return float(10 * np.log10(255**2 / max((error if where is None else error[where]).mean(), 1e-12)))


def ssim(image: np.ndarray, truth: np.ndarray, where: np.ndarray | None = None) -> float:
    """Return the mean structural similarity of the grey images, Gaussian window of sigma 1.5 (Wang et al. 2004)."""
    a, b = (cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float64) for part in (image, truth))

    def blur(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    score = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    score /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float((score if where is None else score[where]).mean())


def ours(image: np.ndarray, depth: np.ndarray, pose: np.ndarray, fill: str, camera: dm.Intrinsics) -> np.ndarray:
    """Return our view of a photo from another pose."""
    path = np.stack([np.eye(4), pose])
    return dm.synthesize(image, depth, path, fill=fill, intrinsics=camera).frames[1]


def rendered_views(size: int) -> list[dict]:
    """Compare the warps of a rendered view with renderings from the other poses, depth and pose exact."""
    image, depth = view(np.eye(4), size, size)
    camera = dm.Intrinsics.default(size, size)
    scores: dict[str, list[tuple[float, float]]] = {}
    rng = np.random.default_rng(0)
    for _ in range(5):
        turn, shift = rng.uniform(-0.05, 0.05, 3), rng.uniform(-0.25, 0.25, 3)
        pose = rigid_motion(turn, shift)
        truth, _ = view(pose, size, size)
        both = co_visible(pose, size, size)
        correct = dm.warp_nearest(image, depth, pose)
        results = {
            "ours": ours(image, depth, pose, "background", camera),
            "ours, Telea": ours(image, depth, pose, "telea", camera),
            "correct nearest + Telea": correct.filled(),
            "published warp + Telea": dm.warp_nearest(image, depth, pose, published=True).filled(),
        }
        for name, result in results.items():
            scores.setdefault(name, []).append((psnr(result, truth), psnr(result, truth, both)))
    mean = {name: np.mean(values, axis=0) for name, values in scores.items()}
    rows = [
        row(f"{name}: all / co-visible pixels", f"{overall:.2f} / {seen:.2f} dB", psnr=[float(overall), float(seen)])
        for name, (overall, seen) in mean.items()
    ]
    whole, seen = (float(value) for value in mean["ours"] - mean["correct nearest + Telea"])
    rows.append(row("gain over correct nearest, all pixels", f"{whole:+.2f} dB", target="≥ 2 dB", met=whole >= 2))
    rows.append(row("gain over correct nearest, co-visible", f"{seen:+.2f} dB", target="≥ 8 dB", met=seen >= 8))
    return rows


def real_views(folder: Path, focal: float) -> list[dict]:
    """Warp every RGB-D frame to every other's pose; missing depth is filled with the nearest known."""
    colours = sorted(folder.glob("*color.png")) + sorted(folder.glob("*color.jpg"))
    frames = []
    for file in colours:
        stem = str(file).rsplit("color", 1)[0]
        depth = cv2.imread(f"{stem}depth.png", cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
        known = (depth > 0) & (depth < 60)
        _, nearest = cv2.distanceTransformWithLabels(
            (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        values = np.zeros(nearest.max() + 1, np.float32)
        values[nearest[known]] = depth[known]
        frames.append((dm.read_image(file), values[nearest], np.loadtxt(f"{stem}pose.txt")))
    scores: dict[str, list[tuple[float, ...]]] = {}
    for i, (image, depth, pose) in enumerate(frames):
        height, width = depth.shape
        camera = dm.Intrinsics(focal, focal, (width - 1) / 2, (height - 1) / 2)
        for j, (truth, _, other) in enumerate(frames):
            if i == j:
                continue
            motion = np.linalg.inv(other) @ pose
            nearest_warp = dm.warp_nearest(image, depth, motion, intrinsics=camera)
            path = np.stack([np.eye(4), motion])
            clip = dm.synthesize(image, depth, path, intrinsics=camera)
            valid = clip.valid[1]
            results = {
                "ours": clip.frames[1],
                "ours, Telea": ours(image, depth, motion, "telea", camera),
                "correct nearest + Telea": nearest_warp.filled(),
            }
            for name, result in results.items():
                values = (
                    psnr(result, truth),
                    psnr(result, truth, valid),
                    ssim(result, truth),
                    ssim(result, truth, valid),
                )
                scores.setdefault(name, []).append(values)
    mean = {name: np.mean(values, axis=0) for name, values in scores.items()}
    rows = []
    for name, value in mean.items():
        text = f"{value[0]:.2f} / {value[1]:.2f} dB, {value[2]:.4f} / {value[3]:.4f}"
        rows.append(row(f"{name}: PSNR all / valid, SSIM all / valid", text, values=value.tolist()))
    gain = mean["ours"] - mean["correct nearest + Telea"]
    text = f"{gain[0]:+.3f} / {gain[1]:+.3f} dB, {gain[2]:+.4f} / {gain[3]:+.4f}"
    rows.append(row("gain over correct nearest + Telea", text, target="> 0 each", met=bool((gain > 0).all())))
    fill = float(mean["ours"][0] - mean["ours, Telea"][0])
    rows.append(row("our fill against Telea, all pixels", f"{fill:+.3f} dB", target="≥ -0.05 dB", met=fill >= -0.05))
    return rows


def gradient_energy(image: np.ndarray, where: np.ndarray) -> float:
    """Return the mean squared gradient of the grey image over a mask."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    return float((cv2.Sobel(grey, cv2.CV_64F, 1, 0) ** 2 + cv2.Sobel(grey, cv2.CV_64F, 0, 1) ** 2)[where].mean())


def sharpness(size: int) -> list[dict]:
    """Compare the last of 16 frames with the photo, which a frame shows from near the same place."""
    image, depth = view(np.eye(4), size, size)
    depth = depth / depth.min()
    rows = []
    kept: dict[str, list[float]] = {"ours": [], "chained": []}
    for seed in range(3):
        walk = dm.paths.random_walk(16, np.random.default_rng(seed))
        there_and_back = np.concatenate([walk.poses[:8], walk.poses[7::-1]])
        clip = dm.synthesize(image, depth, there_and_back)
        known = dm.DepthMap(depth)
        chain = dm.synthesize_chained(image, lambda frame, known=known: known, there_and_back)
        # The last pose is the photo's own, after a step too small to see: every pixel is resampled.
        nudge = rigid_motion(np.full(3, 1e-3), np.full(3, 1e-3))
        moved = dm.synthesize(image, depth, np.concatenate([there_and_back[:-1], nudge[None]]))
        inner = moved.valid[15]
        photo = gradient_energy(image, inner)
        kept["ours"].append(gradient_energy(moved.frames[15], inner) / photo)
        kept["chained"].append(gradient_energy(chain.frames[15], inner) / photo)
        rows.append(
            row(f"walk {seed}, identical last pose", f"{psnr(clip.frames[15], image):.1f} dB against the photo")
        )
    for name, values in kept.items():
        value = float(np.mean(values))
        goal, met = ("≥ 90 %", value >= 0.9) if name == "ours" else ("", None)
        rows.append(row(f"{name}: gradient energy", f"{100 * value:.1f} % of the photo's", target=goal, met=met))
    return rows


def fill_times(image: np.ndarray, depth: np.ndarray, path: dm.CameraPath) -> dict[str, float]:
    """Time what our fill adds to a clip and Telea's inpainting of the same holes [ms per frame].

    Ours: the backdrop, made once per photo; finding what each hole continues; reading the holes' colours.
    """
    clip = dm.prepare(image, depth, path)
    scene, motions, camera = clip.scene, clip.motions, clip.scene.camera
    labels, covered, tolerance = scene.labels.reshape(-1), scene.covered.reshape(-1), np.float32(scene.tolerance)
    parts = {"backdrop": [], "finding": [], "reading": [], "telea": []}
    right, below = find_cuts(scene.disparity, scene.labels, tolerance)
    reach = reach_of_motion(clip.poses[:, None], path.zooms, scene.disparity, camera)
    radius = min(reach.parallax, int(LARGEST_PLATE * max(scene.shape)) + 1)

    def backdrop() -> None:
        plate = make_plate(image, scene.disparity, scene.labels, right, below, threshold=scene.tolerance, radius=radius)
        continue_outwards(image, plate.image, margins=scene.texture.margins)

    parts["backdrop"].append(cpu_seconds(backdrop, times=30))
    work = Workspace(*scene.shape)
    for t in range(1, len(clip)):
        work.clear()
        splat_photo(
            scene.disparity, scene.labels, camera.cx, camera.cy, motions.matrix[t], motions.shift[t],
            work.index.reshape(-1), work.nearness.reshape(-1),
        )  # fmt: skip
        close_cracks(
            work.index, work.nearness, scene.planes, labels, motions.inverse[t], motions.back[t], camera.cx, camera.cy,
            tolerance, work.flags, work.marked, work.queue, work.winners, work.values, work.steps,
        )  # fmt: skip
        index, nearness = work.index.copy(), work.nearness.copy()

        def restore(index: np.ndarray = index, nearness: np.ndarray = nearness) -> None:
            work.index[:], work.nearness[:] = index, nearness

        def find() -> None:
            count = find_holes(work.index, work.flags, work.queue, work.ends, work.column_ends)
            continue_surfaces(
                work.index, work.nearness, covered, labels, tolerance, work.queue, count, work.ends, work.column_ends
            )

        parts["finding"].append(cpu_seconds(find, times=30, before=restore))
        holes = work.index[1:-1, 1:-1] < 0
        resolve_points(scene, motions, t, workspace=work, for_texture=True)

        xy = np.ascontiguousarray(work.xy[holes]).view(np.int16).reshape(1, -1, 2)
        fraction = np.ascontiguousarray(work.fraction[holes])[None]
        width = 1 + max(len(fraction[0]) // 100, 1)  # a picture of about 100 rows, as remap is made for
        xy, fraction = (np.resize(part, (100, width, *part.shape[2:])) for part in (xy, fraction))
        parts["reading"].append(
            cpu_seconds(lambda xy=xy, fraction=fraction: scene.texture.read(xy, fraction), times=30)
        )
        frame = next(frame for k, frame in enumerate(clip.frames(fill="none", with_flow=False)) if k == t)
        mask = holes.view(np.uint8)
        parts["telea"].append(
            cpu_seconds(
                lambda frame=frame, mask=mask: cv2.inpaint(frame.image, mask, TELEA_RADIUS, cv2.INPAINT_TELEA), times=8
            )
        )
    return {name: 1e3 * sum(values) / len(clip) for name, values in parts.items()}


def filling(size: int) -> list[dict]:
    """Time the fill and compare it with Telea's on the pixels that the photo does not show."""
    image, depth = view(np.eye(4), size, size)
    ms = fill_times(image, depth / depth.min(), dm.paths.random_walk(16, np.random.default_rng(0)))
    mine = ms["backdrop"] + ms["finding"] + ms["reading"]
    text = f"{mine:.3f} ms: backdrop {ms['backdrop']:.3f}, finding {ms['finding']:.3f}, reading {ms['reading']:.3f}"
    ratio, each = ms["telea"] / mine, ms["telea"] / (ms["finding"] + ms["reading"])
    rng, gains = np.random.default_rng(1), []
    camera = dm.Intrinsics.default(size, size)
    for _ in range(4):
        pose = rigid_motion(rng.uniform(-0.05, 0.05, 3), rng.uniform(-0.3, 0.3, 3))
        truth, _ = view(pose, size, size)
        clip = dm.synthesize(image, depth, np.stack([np.eye(4), pose]), intrinsics=camera)
        holes = ~clip.valid[1]
        painted = ours(image, depth, pose, "telea", camera)
        gains.append((psnr(clip.frames[1], truth, holes), psnr(painted, truth, holes)))
    quality, other = (float(value) for value in np.mean(gains, axis=0))
    return [
        row("our fill, per frame of a clip of 16", text, milliseconds=ms),
        row("Telea's inpainting of the same holes", f"{ms['telea']:.3f} ms"),
        row("Telea / ours", f"{ratio:.1f} × ({each:.0f} × without the backdrop)", target="≥ 5 ×", met=ratio >= 5),
        row("filled pixels, ours", f"{quality:.2f} dB"),
        row("filled pixels, Telea", f"{other:.2f} dB", target="ours ≥ Telea - 0.05 dB", met=quality >= other - 0.05),
    ]


def main() -> None:
    """Measure and write `benchmarks/results/depthmotion-quality`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=384, help="side of the rendered views [px]")
    size = parser.parse_args().size
    cv2.setNumThreads(1)
    write_section(REPORT, "rendered second views", rendered_views(size))
    folder = os.environ.get("VIDEODA_TEST_DATA")
    if folder:
        for name, focal in (("depth", DEPTH_CAMERA_FOCAL), ("colour", COLOUR_CAMERA_FOCAL)):
            rows = real_views(Path(folder) / "depth" / "rgbd_poses", focal)
            write_section(REPORT, f"real second views, focal length of the {name} camera", rows)
    write_section(REPORT, "sharpness after 16 frames", sharpness(size))
    write_section(REPORT, "fill", filling(size))


if __name__ == "__main__":
    main()
