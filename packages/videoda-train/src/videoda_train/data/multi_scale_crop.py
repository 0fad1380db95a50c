"""Crops of several sizes and shapes at fixed places, resized to one square."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.resize import resize_frames

_QUARTERS = (
    *((0, 0), (4, 0), (0, 4), (4, 4), (2, 2)),
    *((0, 2), (4, 2), (2, 4), (2, 0)),
    *((1, 1), (3, 1), (1, 3), (3, 3)),
)
"""Places as (left, top) in quarters of the slack: corners, centre, middles of the edges, the four between."""


@dataclass(frozen=True)
class CropResize:
    """A window in pixels, the side it is resized to, and whether to mirror it left to right."""

    top: int
    left: int
    height: int
    width: int
    size: int
    flip: bool

    def __call__(self, frames: UInt8[np.ndarray, "*T H W 3"]) -> UInt8[np.ndarray, "*T S S 3"]:
        """Crop, resize and mirror frames."""
        window = frames[..., self.top : self.top + self.height, self.left : self.left + self.width, :]
        resized = resize_frames(window, height=self.size, width=self.size)
        return resized[..., ::-1, :] if self.flip else resized


def crop_shapes(side: int, scales: Sequence[float]) -> list[tuple[int, int]]:
    """Return the (height, width) pairs of `side` × scale, rounded down, at most one step of scale apart [px]."""
    sides = [int(side * scale) for scale in scales]
    return [(h, w) for i, h in enumerate(sides) for j, w in enumerate(sides) if abs(i - j) <= 1]


def random_multi_scale_crop(
    height: int,
    width: int,
    *,
    size: int,
    rng: np.random.Generator,
    scales: Sequence[float] = (1.0, 0.875, 0.66),
    flip_probability: float = 0.5,
) -> CropResize:
    """Draw one of the shapes, one of 13 places and a flip.

    Source: "Temporal Segment Networks" (ECCV 2016), with the 13 places that GLAD configures.
    """
    shapes = crop_shapes(min(height, width), scales)
    crop_height, crop_width = shapes[rng.integers(len(shapes))]
    left, top = _QUARTERS[rng.integers(len(_QUARTERS))]
    return CropResize(
        top=top * ((height - crop_height) // 4),
        left=left * ((width - crop_width) // 4),
        height=crop_height,
        width=crop_width,
        size=size,
        flip=bool(rng.random() < flip_probability),
    )
