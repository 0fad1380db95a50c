"""A depth map that says what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from jaxtyping import Float, Float32

from depthmotion.errors import DepthError
from depthmotion.intrinsics import Intrinsics

DepthKind = Literal["depth", "disparity", "metric"]

DISPARITY_OFFSET = 0.005
MAX_DEPTH = 100.0


@dataclass(frozen=True)
class DepthMap:
    """Depth (any unit), metric depth (metres) or disparity (inverse depth up to scale and shift).

    `values` is float (H, W), finite; depth must be positive, larger is farther; of disparity, larger is nearer.
    `intrinsics` is the camera of the photo if the source of the depth knows it.
    """

    values: Float[np.ndarray, "h w"]
    kind: DepthKind = "depth"
    intrinsics: Intrinsics | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(DepthKind):
            raise DepthError(f"depth kind {self.kind!r} is unknown: use one of {', '.join(get_args(DepthKind))}.")
        values = np.asarray(self.values)
        if values.ndim != 2 or values.size == 0:
            raise DepthError(f"a depth map has shape (H, W), got {values.shape}.")
        bad = int(values.size - np.isfinite(values).sum())
        if bad:
            raise DepthError(f"{bad} of {values.size} depth values are NaN or infinite: fill them first.")
        if self.kind != "disparity" and float(values.min()) <= 0:
            raise DepthError(
                f"{int((values <= 0).sum())} of {values.size} depth values are zero or negative "
                f"(smallest {float(values.min()):g}): depth must be positive. Fill missing depth first, "
                "or say kind='disparity' if larger values are nearer."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.values.shape
        return int(height), int(width)

    def to_depth(self) -> Float32[np.ndarray, "h w"]:
        """Return positive depth; disparity d becomes 1 / (d scaled to [0, 1] + 0.005), at most 100."""
        values = np.asarray(self.values, dtype=np.float32)
        if self.kind != "disparity":
            return values
        low, high = float(values.min()), float(values.max())
        unit = (values - np.float32(low)) / np.float32(high - low) if high > low else np.zeros_like(values)
        return np.minimum(1.0 / (unit + np.float32(DISPARITY_OFFSET)), np.float32(MAX_DEPTH)).astype(np.float32)

    def resized(self, height: int, width: int) -> DepthMap:
        """Return the map at another size, bilinear for enlarging, area-averaged for shrinking."""
        if self.shape == (height, width):
            return self
        camera = self.intrinsics
        if camera is not None:
            camera = camera.resized(scale_x=width / self.shape[1], scale_y=height / self.shape[0])
        shrink = height * width < self.values.size
        values = cv2.resize(
            np.asarray(self.values, dtype=np.float32),
            (width, height),
            interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR,
        )
        return DepthMap(np.asarray(values, dtype=np.float32), self.kind, camera)
