"""`depthmotion paths`: camera paths drawn and written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from depthmotion import paths
from depthmotion.atomic_output import write_new
from depthmotion.camera_path import write_new_poses
from depthmotion.errors import ConfigError
from depthmotion.image_files import encode_image
from depthmotion.output_target import Overwrite, Target, claim_all
from depthmotion.path_drawing import draw_paths


@dataclass(frozen=True, kw_only=True)
class Paths:
    """List the camera paths and their options, draw some of them, write one as a file of poses.

    A path is written NAME:OPTION=VALUE:OPTION=VALUE; values of several numbers have commas, several paths at once are
    joined by +. Lengths are for a scene whose nearest things are at depth 1.

    For example:

    depthmotion paths

    depthmotion paths smooth orbit:angle_deg=10+handheld:rotation_deg=0.4 -o paths.png

    depthmotion paths dolly:direction=1,0,0:distance=0.3 --poses poses.json
    """

    descriptions: tyro.conf.Positional[tuple[str, ...]] = ()
    """Paths as above; all of them, with their default options, if none is given."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None
    """Picture of the paths: .png or .jpg."""
    poses: Path | None = None
    """Write the path's poses (T, 4, 4), frame t from frame 0: .npy, .json, or .txt with 16 numbers per line."""
    frames: int | None = None
    """Number of frames: 16, or as many as a file of poses has."""
    seed: int = 0
    depth: float = 5.0
    """Depth of most of the scene, which orbit and dolly_zoom turn on."""
    overwrite: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Replace files of an earlier call; any other file is kept, and refused by name."""

    def run(self) -> int:
        """List, draw or write."""
        if self.depth < 1:
            raise ConfigError(f"depth={self.depth}: the nearest things are at depth 1, so give at least 1.")
        if self.out is not None and self.out.suffix not in (".png", ".jpg"):
            raise ConfigError(f"out={self.out}: give a .png or .jpg name.")
        if self.poses is not None and len(self.descriptions) != 1:
            raise ConfigError(f"{len(self.descriptions)} paths are given: poses are written of one.")
        targets = self._targets()
        given = [Path(name.removeprefix("file:")) for name in self.descriptions if name.startswith("file:")]
        claim_all(list(targets.values()), inputs=given)
        # A few things at depth 1 set the scale.
        scene = np.where(np.arange(100) < 4, 1.0, self.depth).reshape(10, 10)
        made = [
            paths.from_description(description, np.random.default_rng(self.seed), depth=scene, num_frames=self.frames)
            for description in self.descriptions or paths.NAMES
        ]
        if self.poses is not None:
            targets["poses"].place(lambda file: write_new_poses(file, made[0]))
            print(f"{self.poses}: {len(made[0])} poses of {made[0].name}")
        if self.out is not None:
            picture = encode_image(draw_paths(made), suffix=self.out.suffix)
            targets["picture"].place(lambda file: write_new(file, picture))
            print(f"{self.out}: {', '.join(path.name for path in made)}")
        if self.poses is None and self.out is None:
            for name in paths.NAMES:
                print(":".join([name, *(f"{option}={default}" for option, default in paths.options(name).items())]))
        return 0

    def _targets(self) -> dict[str, Target]:
        named = {"poses": self.poses, "picture": self.out}
        overwrite: Overwrite = "own" if self.overwrite else "never"
        return {
            what: Target(path=path, what=what, overwrite=overwrite) for what, path in named.items() if path is not None
        }
