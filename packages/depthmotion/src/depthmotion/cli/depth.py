"""`depthmotion depth`: the depth of photos as files."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from depthmotion.depth_export import DepthExport
from depthmotion.progress import with_progress
from depthmotion.sharpen import SharpenRule


@dataclass(frozen=True, kw_only=True)
class Depth:
    """Write the depth of photos, as `--depth dir:FOLDER` reads it.

    For example:

    depthmotion depth photo.jpg another.jpg --out depth --preview previews

    depthmotion depth --list photos.txt --out depth --model depth-anything-v2-small --batch 8
    """

    images: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Photos."""
    list: Path | None = None
    """More photos: one '{path} {label}' per line, or only paths."""
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Depth goes to OUT/CLASS/NAME.png, the photo's camera to NAME.camera.json if the network finds it; OUT/depth.json
    says what the numbers are."""
    model: str = "depth-anything-v2-small"
    """A depth network's short name, a transformers id, or ground, plane, dir:FOLDER."""
    sharpen: SharpenRule = "step"
    """What happens to the soft edges of disparity: they become steps, or the published median, or nothing."""
    format: Literal["png", "npy"] = "png"
    """png: 16 bits, disparity from 0 to 65535 or depth in thousandths; npy: float32."""
    preview: Path | None = None
    """Also write depth in colour: near is bright. PREVIEW/CLASS/NAME.png"""
    batch: int = 8
    """Photos per inference."""
    overwrite: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Replace depth of an earlier call; any other file is kept, and refused by name where it is in the way."""
    device: str = "auto"
    """Where a network runs: auto, cpu, cuda."""

    def run(self) -> int:
        """Write depth; photos that failed are listed at the end."""
        export = DepthExport(
            self.out,
            self.model,
            self.format,
            self.preview,
            batch=self.batch,
            device=self.device,
            sharpening=self.sharpen,
            overwrite=self.overwrite,
        )
        photos, failures = export.photos(self.images, self.list)
        unusable = len(failures)
        done = with_progress(export.run(photos), total=len(photos), what="depth", unit="photo")
        failures.extend(failure for failure in done if failure is not None)
        made = len(photos) + unusable - len(failures)
        print(f"{made} depth maps in {self.out}, {len(failures)} photos failed")
        for failure in failures:
            print(f"  {failure}", file=sys.stderr)
        return 3 if failures else 0
