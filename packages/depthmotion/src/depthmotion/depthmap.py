"""A depth map that says what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from jaxtyping import Float, Float32

from depthmotion.errors import DepthError
from depthmotion.intrinsics import Intrinsics
from depthmotion.surface import cut_threshold, find_cuts

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
        """Return the map at another size: area-averaged for shrinking, else bilinear, and nearest across steps.

        A mean of two surfaces would be a depth at which there is nothing: such pixels come loose from both.
        """
        if self.shape == (height, width):
            return self
        camera = self.intrinsics
        if camera is not None:
            camera = camera.resized(scale_x=width / self.shape[1], scale_y=height / self.shape[0])
        mean = cv2.INTER_AREA if height * width < self.values.size else cv2.INTER_LINEAR
        values = np.asarray(self.values, dtype=np.float32)
        smooth = cv2.resize(values, (width, height), interpolation=mean)
        nearest = cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        beside_step = cv2.resize(self._beside_steps(), (width, height), interpolation=mean) > 0
        return DepthMap(np.where(beside_step, nearest, smooth).astype(np.float32), self.kind, camera)

    def _beside_steps(self) -> Float32[np.ndarray, "h w"]:
        """Return 1 for the pixels on both sides of a step of disparity, 0 elsewhere."""
        disparity = np.ascontiguousarray(1 / self.to_depth())
        right, below = find_cuts(disparity, np.zeros(self.shape, np.uint8), np.float32(cut_threshold(disparity)))
        beside = right | below
        beside[:, 1:] |= right[:, :-1]
        beside[1:] |= below[:-1]
        return beside.astype(np.float32)
