"""The commands of `depthmotion`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from depthmotion import paths
from depthmotion.camera_path import CameraPath
from depthmotion.depth_source import load_depth
from depthmotion.generate import GenerateConfig, generate
from depthmotion.image_files import read_image
from depthmotion.synthesize import synthesize

PathName = Literal["smooth", "random_walk", "handheld", "dolly", "orbit", "pan", "zoom"]


@dataclass(frozen=True, kw_only=True)
class Render:
    """Turn one photo into a clip."""

    image: tyro.conf.Positional[Path]
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("clip.mp4")
    """.mp4, .avi, or a folder for JPEGs."""
    depth: str = "ground"
    """ground, plane, dir:FOLDER, or a depth network's name."""
    path: PathName = "smooth"
    frames: int = 16
    fps: float = 12.0
    seed: int = 0

    def run(self) -> int:
        """Render and print what was written."""
        photo = read_image(self.image)
        depth = load_depth(self.depth)(photo, file=self.image).to_depth()
        clip = synthesize(photo, depth, self._camera_path(depth))
        clip.save(self.out, fps=self.fps)
        print(f"{self.out}: {clip!r}")
        return 0

    def _camera_path(self, depth: np.ndarray) -> CameraPath:
        """Return the path at the scale of the photo's depth."""
        if self.path == "orbit":
            return paths.orbit(self.frames, pivot_depth=float(np.median(depth)))
        rng = np.random.default_rng(self.seed)
        make = {
            "smooth": lambda: paths.smooth(self.frames, rng),
            "random_walk": lambda: paths.random_walk(self.frames, rng),
            "handheld": lambda: paths.handheld(self.frames, rng),
            "dolly": lambda: paths.dolly(self.frames),
            "pan": lambda: paths.pan(self.frames),
            "zoom": lambda: paths.zoom(self.frames),
        }[self.path]
        return paths.scale_to_depth(make(), depth)


@dataclass(frozen=True, kw_only=True)
class Generate:
    """Turn every photo of a list into a clip with exact flow; an interrupted call goes on where it stopped."""

    list: Path
    """One '{path} {label}' per line."""
    out: Path
    """Frames go to OUT/CLASS/IMAGE_FILE_NAME/00000.jpg …"""
    config: Annotated[GenerateConfig, tyro.conf.arg(name="")] = field(default_factory=GenerateConfig)

    def run(self) -> int:
        """Generate; photos that failed are listed at the end."""
        summary = generate(self.list, self.out, self.config)
        print(f"{summary.made} clips made, {summary.kept} kept, {len(summary.failures)} photos failed")
        for failure in summary.failures:
            print(f"  {failure.path}: {failure.reason}", file=sys.stderr)
        return 3 if summary.failures else 0


Command = Annotated[Render, tyro.conf.subcommand("render")] | Annotated[Generate, tyro.conf.subcommand("generate")]


def run_command(arguments: Sequence[str]) -> int:
    """Parse and run one command line; return the exit code."""
    command = tyro.cli(
        Command,
        prog="depthmotion",
        description="Photos become moving clips: depth, camera motion, exact optical flow.",
        args=arguments,
    )
    return int(command.run())
