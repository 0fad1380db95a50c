"""`depthmotion chained`: one photo becomes a clip by the published procedure."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from depthmotion import paths
from depthmotion.chained import PUBLISHED_QUALITY, ChainedClip, synthesize_chained
from depthmotion.clip_files import check_clip_name, save_flow, save_frames, save_masks, write_folder
from depthmotion.depth_sources import load_depth
from depthmotion.errors import ConfigError
from depthmotion.image_files import read_image, resize_image
from depthmotion.output_target import Overwrite, Target, claim_all
from depthmotion.photo_clip import check_view
from depthmotion.sharpen import SharpenRule

MASKS = {"H": "hit", "M": "collided", "M-dilated": "around", "P": "clear", "H-clear": "filled_by"}


@dataclass(frozen=True, kw_only=True)
class Chained:
    """Turn one photo into a clip as published, for comparison: every frame from the JPEG of the one before.

    Each frame has a depth inference, a nearest-pixel warp and Telea's inpainting of its own. The camera walks at random
    in the published ranges; the photo itself is not in the clip. `render` is the better way.

    For example:

    depthmotion chained photo.jpg -o frames --depth midas-v3.1-beit-large

    depthmotion chained photo.jpg -o frames --correct --flow flow --masks masks
    """

    image: tyro.conf.Positional[Path]
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("chained.mp4")
    """.mp4, .avi, or a folder of JPEGs."""
    depth: str = "ground"
    """ground, plane, a depth network's short name, or a transformers id; files have no depth of later frames."""
    sharpen: SharpenRule = "none"
    """What happens to the soft edges of disparity: nothing, as published, or they become steps, or the median."""
    frames: int = 16
    size: tuple[int, int] = (384, 384)
    """HEIGHT WIDTH of the clip."""
    translation: tuple[float, float] = (0.01, 0.02)
    """Range of each step per axis, in the unit of depth."""
    rotation_deg: tuple[float, float] = (1.0, 2.0)
    """Range of each step's turn per axis."""
    correct: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Round coordinates and test depth rightly, where the published warp truncates; only the chaining remains."""
    quality: int = PUBLISHED_QUALITY
    """Of the JPEGs."""
    fps: float = 12.0
    seed: int = 0
    flow: Path | None = None
    """Also write the flow of each step as it was applied: a folder of .flo."""
    masks: Path | None = None
    """Also write the masks H, M, M′ (M-dilated), P and H′ (H-clear) of each warp: folders of PNG."""
    overwrite: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Replace files of an earlier call; any other file is kept, and refused by name where it is in the way."""
    device: str = "auto"
    """Where a depth network runs: auto, cpu, cuda."""

    def run(self) -> int:
        """Make the clip and print what was written."""
        check_clip_name(self.out)
        check_view(size=self.size)
        if not 1 <= self.quality <= 100 or not 2 <= self.frames <= 10_000:
            raise ConfigError(f"quality={self.quality}, frames={self.frames}: allowed is 1 to 100, and 2 to 10000.")
        if self.depth.startswith("dir:"):
            raise ConfigError(f"depth={self.depth}: every frame needs depth of its own, so give a network or ground.")
        targets = self._targets()
        claim_all(targets, inputs=[self.image])
        photo = resize_image(read_image(self.image), self.size)
        source = load_depth(self.depth, device=self.device, cache=None, sharpening=self.sharpen)
        walk = paths.random_walk(
            self.frames + 1,
            np.random.default_rng(self.seed),
            translation=self.translation,
            rotation_deg=self.rotation_deg,
        )
        clip = synthesize_chained(photo, source, walk.poses[1:], jpeg_quality=self.quality, published=not self.correct)
        for target in targets:
            self._write(target, clip)
            print(target.path)
        return 0

    def _targets(self) -> list[Target]:
        named = {"frames": self.out, "flow": self.flow, "masks": self.masks}
        overwrite: Overwrite = "own" if self.overwrite else "never"
        return [
            Target(path=path, what=what, is_folder=what != "frames" or not path.suffix, overwrite=overwrite)
            for what, path in named.items()
            if path is not None
        ]

    def _write(self, target: Target, clip: ChainedClip) -> None:
        def write_masks(folder: Path) -> None:
            for name, attribute in MASKS.items():
                save_masks(folder / name, np.stack([getattr(masks, attribute) for masks in clip.masks]))

        def write_frames(path: Path) -> None:
            if self.out.suffix:
                save_frames(path, clip.frames, fps=self.fps)
            else:
                write_folder(path, clip.jpegs, ".jpg")

        writers: dict[str, Callable[[Path], None]] = {
            "frames": write_frames,
            "flow": lambda path: save_flow(path, clip.flow, flow_format="flo"),
            "masks": write_masks,
        }
        target.place(writers[target.what])
