"""The result: frames with their exact flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8


@dataclass(frozen=True)
class Clip:
    """Frames uint8 (T, H, W, 3) RGB, flow float32 (T-1, H, W, 2) in pixels, validity (T, H, W), poses (T, 4, 4).

    `flow[t]` lives on frame t's grid and moves frame t to frame t+1, also where pixels were filled. `valid` is true
    where a pixel of the photo is seen. `depth` (T, H, W) is the depth of what each frame shows.
    """

    frames: UInt8[np.ndarray, "t h w 3"]
    flow: Float32[np.ndarray, "t1 h w 2"]
    valid: Bool[np.ndarray, "t h w"]
    poses: Float64[np.ndarray, "t 4 4"]
    depth: Float32[np.ndarray, "t h w"] = field(repr=False)

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        count, height, width = self.frames.shape[:3]
        return f"Clip({count} frames of {width}×{height}, {100 * self.valid.mean():.1f} % from the photo)"

    def save(self, file: str | Path, *, fps: float = 12.0) -> None:
        """Write the frames as `.mp4` or `.avi`, or into a folder of JPEGs if the name has no extension."""
        from depthmotion.clip_files import save_clip

        save_clip(self, Path(file), fps=fps)
