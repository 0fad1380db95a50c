"""`depthmotion render`: one photo becomes a clip."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from depthmotion.atomic_output import write_new
from depthmotion.clip import Clip
from depthmotion.clip_files import (
    FLOW_SUFFIXES,
    FlowBetween,
    FlowFormat,
    check_clip_name,
    save_clip_masks,
    save_depth,
    save_flow,
    save_frames,
)
from depthmotion.contact_sheet import contact_sheet
from depthmotion.depth_sources import load_depth
from depthmotion.errors import ConfigError
from depthmotion.image_files import encode_image, read_image
from depthmotion.instance_files import read_instances
from depthmotion.object_motion import ObjectMotion
from depthmotion.output_target import Overwrite, Target, claim_all
from depthmotion.photo_clip import check_view, clip_of_photo
from depthmotion.scene import Fill
from depthmotion.sharpen import SharpenRule


@dataclass(frozen=True, kw_only=True)
class Render:
    """Turn one photo into a clip.

    For example:

    depthmotion render photo.jpg -o clip.mp4

    depthmotion render photo.jpg -o clip.mp4 --depth depth-anything-v2-small --path orbit:angle_deg=10+handheld

    depthmotion render photo.jpg -o clip.mp4 --path still --instances mask.png --largest 2

    depthmotion render photo.jpg -o frames --flow flow --flow-format kitti --sheet sheet.png
    """

    image: tyro.conf.Positional[Path]
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("clip.mp4")
    """.mp4, .avi, or a folder for images."""
    depth: str = "ground"
    """ground, plane, dir:FOLDER, a depth network's short name, or a transformers id."""
    sharpen: SharpenRule = "step"
    """What happens to the soft edges of disparity: they become steps, or the published median, or nothing."""
    path: str = "smooth"
    """A camera path: `depthmotion paths` lists them with their options."""
    frames: int | None = None
    """Number of frames: 16, or as many as a file of poses has."""
    size: tuple[int, int] | None = None
    """HEIGHT WIDTH of the clip; the photo's own size if left out."""
    fill: Fill = "background"
    """What is shown where the photo shows nothing."""
    fov_deg: float | None = None
    """The photo's horizontal field of view; by default what the depth source knows, or the published camera's."""
    instances: Path | None = None
    """Instance mask of the photo, a .png or .npy of ids: objects that move on their own."""
    objects: Annotated[ObjectMotion, tyro.conf.arg(name="")] = field(default_factory=ObjectMotion)
    max_holes: float | None = 0.25
    """Shrink the path until no frame has more than this share of such pixels; a file of poses is never shrunk."""
    fps: float = 12.0
    seed: int = 0
    image_format: Literal["jpg", "png"] = "jpg"
    """Of the images in a folder."""
    flow: Path | None = None
    """Also write flow: a file or folder, as the format wants."""
    flow_format: FlowFormat | None = None
    """By default what the name says: .npy (8 bits), .npz (float32), or a folder of .flo."""
    flow_between: FlowBetween = "next"
    """From each frame to the next, from the first frame to each later one, or from those to the first."""
    depth_out: Path | None = None
    """Also write every frame's depth: a folder of 16-bit PNG."""
    masks: Path | None = None
    """Also write masks: PNG in folders valid (the photo is seen), visible_next and visible_before (so is the frame)."""
    sheet: Path | None = None
    """Also write a contact sheet of frames, flow and depth: a .png or .jpg."""
    overwrite: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Replace files of an earlier call; any other file is kept, and refused by name where it is in the way."""
    device: str = "auto"
    """Where a depth network runs: auto, cpu, cuda."""

    def run(self) -> int:
        """Render and print what was written."""
        check_clip_name(self.out)
        flow_format = self._check_options()
        targets = self._targets()
        claim_all(targets, inputs=[self.image, self.instances, *self._named_inputs()])
        photo = read_image(self.image)
        depth = load_depth(self.depth, device=self.device, sharpening=self.sharpen)(photo, file=self.image)
        mask = None if self.instances is None else read_instances(self.instances, size=photo.shape[:2])
        clip = clip_of_photo(
            photo,
            depth,
            path=self.path,
            seed=self.seed,
            num_frames=self.frames,
            size=self.size,
            fov_deg=self.fov_deg,
            max_holes=None if self.path.startswith("file:") else self.max_holes,
            fill=self.fill,
            mask=mask,
            objects=self.objects,
        )
        for target in targets:
            self._write(target, clip, flow_format)
            print(f"{target.path}: {clip!r}" if target.what == "frames" else target.path)
        return 0

    def _check_options(self) -> FlowFormat:
        check_view(size=self.size, fov_deg=self.fov_deg, max_holes=self.max_holes)
        self.objects.check_mask(self.instances)
        if self.sheet is not None and self.sheet.suffix not in (".png", ".jpg"):
            raise ConfigError(f"sheet={self.sheet}: give a .png or .jpg name.")
        by_name: dict[str, FlowFormat] = {".npy": "compact", ".npz": "npz"}
        suffix = "" if self.flow is None else self.flow.suffix
        chosen: FlowFormat = self.flow_format or by_name.get(suffix, "flo")
        if self.flow is not None and suffix != FLOW_SUFFIXES.get(chosen, ""):
            raise ConfigError(
                f"flow={self.flow}: the format {chosen} is "
                + (f"one {FLOW_SUFFIXES[chosen]} file." if chosen in FLOW_SUFFIXES else "a folder without extension.")
            )
        return chosen

    def _targets(self) -> list[Target]:
        named = {
            "frames": self.out,
            "flow": self.flow,
            "depth": self.depth_out,
            "masks": self.masks,
            "contact sheet": self.sheet,
        }
        overwrite: Overwrite = "own" if self.overwrite else "never"
        return [
            Target(path=path, what=what, is_folder=what in ("depth", "masks") or not path.suffix, overwrite=overwrite)
            for what, path in named.items()
            if path is not None
        ]

    def _named_inputs(self) -> list[Path]:
        return [
            Path(name.partition(":")[2])
            for name, prefix in ((self.depth, "dir:"), (self.path, "file:"))
            if name.startswith(prefix)
        ]

    def _write(self, target: Target, clip: Clip, flow_format: FlowFormat) -> None:
        writers: dict[str, Callable[[Path], None]] = {
            "frames": lambda path: save_frames(path, clip.frames, fps=self.fps, image_suffix=f".{self.image_format}"),
            "flow": lambda path: save_flow(path, clip.flow_between(self.flow_between), flow_format=flow_format),
            "depth": lambda path: save_depth(path, clip.depth),
            "masks": lambda path: save_clip_masks(path, clip),
            "contact sheet": lambda path: write_new(path, encode_image(contact_sheet(clip), suffix=path.suffix)),
        }
        target.place(writers[target.what])
