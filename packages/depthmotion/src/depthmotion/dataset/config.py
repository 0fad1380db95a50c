"""How a dataset is made."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

from depthmotion import paths
from depthmotion.clip_files import FlowBetween, FlowFormat
from depthmotion.errors import ConfigError, PathError
from depthmotion.object_motion import ObjectMotion
from depthmotion.photo_clip import check_view
from depthmotion.scene import Fill, check_fill
from depthmotion.sharpen import SharpenRule, check_sharpen_rule

FrameFormat = Literal["jpg", "png", "mp4", "avi"]
Engine = Literal["local", "ray"]
OutputKind = Literal["frames", "flow", "depth", "masks"]
_NOT_IN_PIXELS = (
    "workers", "engine", "shard", "verify", "flow_dir", "depth_dir", "mask_dir", "device", "depth_batch", "overwrite",
    "path", "translation", "rotation_deg",
)  # fmt: skip


@dataclass(frozen=True)
class GenerateConfig:
    """How clips are made; the files depend on this and on each photo alone."""

    depth: str = "ground"
    """A depth source: ground, plane, dir:FOLDER, or a depth network."""
    sharpen: SharpenRule = "step"
    """What happens to the soft edges of disparity: they become steps, or the published median, or nothing."""
    num_frames: int = 16
    size: tuple[int, int] | None = (384, 384)
    """(height, width) that photos and depth are resized to; `None` keeps each photo's own size."""
    path: str = "random_walk"
    """A path as `depthmotion paths` explains it, such as smooth, orbit:angle_deg=10+handheld, file:poses.npy."""
    translation: tuple[float, float] | None = None
    """Range of a random_walk's or smooth path's step per axis, for a scene with its nearest things at depth 1."""
    rotation_deg: tuple[float, float] | None = None
    """Range of a random_walk's or smooth path's turn per axis."""
    fov_deg: float | None = None
    """The photos' horizontal field of view; by default what the depth source knows, or the published camera's."""
    instances: Path | None = None
    """Folder of instance masks named like the photos, CLASS/NAME.png or NAME.png: objects that move on their own."""
    objects: ObjectMotion = field(default_factory=ObjectMotion)
    """Which of a mask's objects move, and how far."""
    max_holes: float | None = None
    """Shrink a path until no frame has more than this share of pixels that the photo does not show."""
    fill: Fill = "background"
    frame_format: FrameFormat = "jpg"
    """`jpg` and `png`: a folder CLASS/IMAGE_FILE_NAME per clip; `mp4` and `avi`: CLASS/IMAGE_FILE_NAME.mp4."""
    jpeg_quality: int = 95
    fps: float = 12.0
    """Of videos."""
    flow_dir: Path | None = None
    """Where flow goes; `None` writes none."""
    flow_format: FlowFormat = "compact"
    """`compact`: one .npy of uint8 codes; `npz`: float32; `uv-jpeg`: the published u/ and v/; else a file per pair."""
    flow_between: FlowBetween = "next"
    """`next`: from each frame to the next; `from-first` and `to-first`: between frame 0 and each later one."""
    flow_bound: float = 20.0
    """Flow is clipped to ± this [px] where it is stored in 8 bits."""
    depth_dir: Path | None = None
    """Where every frame's depth goes, a folder of 16-bit PNGs per clip; `None` writes none."""
    mask_dir: Path | None = None
    """Where masks go, per clip the folders valid, visible_next and visible_before; `None` writes none."""
    seed: int = 0
    workers: int = 1
    """Processes that warp; a depth network runs in the first process."""
    engine: Engine = "local"
    """`ray`: on a Ray cluster whose machines all see the folders; `workers` are then the clips in flight."""
    shard: str = "0/1"
    """`i/n`: make only the i-th of n parts of the list, i from 0."""
    verify: bool = True
    """Read finished clips again and make those anew that are not as the manifest says."""
    device: str = "auto"
    """Where a depth network runs: auto, cpu, cuda."""
    depth_batch: int = 1
    """Photos per inference; above 1, last bits of depth may depend on which photos are left to do."""
    overwrite: bool = False
    """Make clips anew that were made with other settings; files that depthmotion did not write are kept even so."""

    def __post_init__(self) -> None:
        """Raise `ConfigError` or `PathError` for values that no clip can have."""
        check_fill(self.fill)
        check_sharpen_rule(self.sharpen)
        for name, value, least, most in (
            ("num_frames", self.num_frames, 2, 10_000),
            ("jpeg_quality", self.jpeg_quality, 1, 100),
            ("workers", self.workers, 1, 1024),
            ("depth_batch", self.depth_batch, 1, 1024),
            ("fps", self.fps, 0.1, 1000),
        ):
            if not least <= value <= most:
                raise ConfigError(f"{name}={value}: allowed is {least} to {most}.")
        for name, choice, choices in (
            ("frame_format", self.frame_format, get_args(FrameFormat)),
            ("flow_format", self.flow_format, get_args(FlowFormat)),
            ("flow_between", self.flow_between, get_args(FlowBetween)),
            ("engine", self.engine, get_args(Engine)),
        ):
            if choice not in choices:
                raise ConfigError(f"{name}={choice!r}: use one of {', '.join(choices)}.")
        check_view(size=self.size, fov_deg=self.fov_deg, max_holes=self.max_holes)
        self.objects.check_mask(self.instances)
        if self.instances is not None and not self.instances.is_dir():
            raise ConfigError(f"instances={self.instances}: no such folder of instance masks.")
        if not self.flow_bound > 0:
            raise ConfigError(f"flow_bound={self.flow_bound}: give a positive number of pixels.")
        paths.check_description(self.path_description, num_frames=self.num_frames)
        _ = self.shard_of

    def folders(self, out_dir: Path) -> dict[OutputKind, Path]:
        """Return the folders that clips are written to, by what goes there."""
        given: dict[OutputKind, Path | None] = {
            "frames": out_dir,
            "flow": self.flow_dir,
            "depth": self.depth_dir,
            "masks": self.mask_dir,
        }
        return {kind: Path(folder) for kind, folder in given.items() if folder is not None}

    @property
    def path_description(self) -> str:
        """The path with the ranges of `translation` and `rotation_deg`."""
        ranges = {"translation": self.translation, "rotation_deg": self.rotation_deg}
        given = {name: value for name, value in ranges.items() if value is not None}
        if given and self.path not in ("random_walk", "smooth"):
            raise PathError(
                f"{' and '.join(given)} are ranges of random_walk and smooth, not of {self.path!r}: write options "
                "into the path, such as handheld:translation=0.01."
            )
        return self.path + "".join(f":{name}={low!r},{high!r}" for name, (low, high) in given.items())

    @property
    def shard_of(self) -> tuple[int, int]:
        """Number of this part, and of all parts."""
        index, _, count = self.shard.partition("/")
        if not (re.fullmatch(r"[0-9]{1,9}/[0-9]{1,9}", self.shard) and int(index) < int(count)):
            raise ConfigError(f"shard={self.shard!r}: give i/n with i from 0 to n-1, such as 0/4.")
        return int(index), int(count)

    @property
    def fingerprint(self) -> str:
        """Identifies everything that the pixels depend on besides the photo and its depth."""
        from depthmotion import __version__

        values = {key: str(value) for key, value in asdict(self).items() if key not in _NOT_IN_PIXELS}
        values |= {"version": __version__, "camera_path": self.path_description}
        if self.path.startswith("file:"):
            values["poses"] = hashlib.blake2b(Path(self.path.removeprefix("file:")).read_bytes()).hexdigest()
        return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=8).hexdigest()
