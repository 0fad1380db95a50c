"""The result: frames with their exact flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from depthmotion.prepared import PreparedClip


@dataclass(frozen=True)
class Clip:
    """Frames uint8 (T, H, W, 3) RGB, flow float32 (T-1, H, W, 2) in pixels, validity (T, H, W), poses (T, 4, 4).

    `flow[t]` lives on frame t's grid and moves frame t to frame t+1, also where pixels were filled. `valid` is true
    where a pixel of the photo is seen. The other fields follow from `geometry` and are made when first asked for.
    """

    frames: UInt8[np.ndarray, "t h w 3"]
    flow: Float32[np.ndarray, "t1 h w 2"]
    valid: Bool[np.ndarray, "t h w"]
    poses: Float64[np.ndarray, "t 4 4"]
    geometry: PreparedClip = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        count, height, width = self.frames.shape[:3]
        return f"Clip({count} frames of {width}×{height}, {100 * self.valid.mean():.1f} % from the photo)"

    @cached_property
    def depth(self) -> Float32[np.ndarray, "t h w"]:
        """Depth of what each frame shows, in the unit of the depth that was given."""
        return np.stack([self.geometry.depth(t) for t in range(len(self))])

    @cached_property
    def flow_from_first(self) -> Float32[np.ndarray, "t h w 2"]:
        """Flow from frame 0 to every frame, on frame 0's grid [px]."""
        return np.stack([self.geometry.flow(0, t) for t in range(len(self))])

    @cached_property
    def flow_to_first(self) -> Float32[np.ndarray, "t h w 2"]:
        """Flow from every frame to frame 0, on its own grid [px]."""
        return np.stack([self.geometry.flow(t, 0) for t in range(len(self))])

    def flow_between(self, frames: Literal["next", "from-first", "to-first"]) -> Float32[np.ndarray, "t1 h w 2"]:
        """Return T-1 fields: from each frame to the next, or from frame 0 to each later one, or from those to it."""
        if frames == "next":
            return self.flow
        return (self.flow_from_first if frames == "from-first" else self.flow_to_first)[1:]

    @cached_property
    def visible_next(self) -> Bool[np.ndarray, "t1 h w"]:
        """Where a pixel of frame t is seen in frame t+1 as well: elsewhere it leaves the frame or becomes hidden."""
        return self._visibility([(t, t + 1) for t in range(len(self) - 1)])

    @cached_property
    def visible_before(self) -> Bool[np.ndarray, "t1 h w"]:
        """Where a pixel of frame t+1 was seen in frame t: elsewhere it has entered the frame or come out."""
        return self._visibility([(t + 1, t) for t in range(len(self) - 1)])

    def _visibility(self, pairs: list[tuple[int, int]]) -> Bool[np.ndarray, "n h w"]:
        visible = np.empty((len(pairs), *self.frames.shape[1:3]), np.bool_)
        for k, (t, to) in enumerate(pairs):
            visible[k] = self.geometry.visible(t, to)
        return visible

    def save(self, file: str | Path, *, fps: float = 12.0, overwrite: bool = False) -> None:
        """Write the frames as `.mp4` or `.avi`, or into a folder of JPEGs if the name has no extension.

        The file or folder appears whole or not at all. With `overwrite` a file of that name is replaced; of a folder,
        files of the frames' names are replaced, frames of an earlier clip removed, and all else stays.

        Raises:
            ConfigError: the name has another extension.
            OutputError: the file exists or the folder holds files, and `overwrite` is not given; or a link, folder or
                device is where a file should be, which nothing replaces.
        """
        from depthmotion.clip_files import save_clip

        save_clip(self, Path(file), fps=fps, overwrite=overwrite)

    def _repr_html_(self) -> str:
        from depthmotion.clip_display import as_html

        return as_html(self)

    def _repr_png_(self) -> bytes:
        from depthmotion.clip_display import as_png

        return as_png(self)
