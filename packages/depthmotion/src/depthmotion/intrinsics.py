"""Pinhole intrinsics in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from depthmotion.errors import ConfigError

DEFAULT_FOCAL_FACTOR = 0.58
"""Focal length per image side that the published engine uses on both axes."""


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera: focal lengths and principal point in pixels, pixel centres at integers."""

    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        values = (self.fx, self.fy, self.cx, self.cy)
        if not all(math.isfinite(value) for value in values) or self.fx <= 0 or self.fy <= 0:
            raise ConfigError(
                f"intrinsics {values} are not a camera: fx and fy must be positive and all four finite. "
                "Leave them out for the default camera."
            )

    @classmethod
    def default(cls, height: int, width: int) -> Intrinsics:
        """Return the published camera for an image size: focal 0.58 per side, centred."""
        return cls(DEFAULT_FOCAL_FACTOR * width, DEFAULT_FOCAL_FACTOR * height, (width - 1) / 2, (height - 1) / 2)

    @classmethod
    def from_field_of_view(cls, height: int, width: int, *, horizontal_fov_deg: float) -> Intrinsics:
        """Return a centred camera with square pixels and the given horizontal field of view in degrees."""
        if not 0 < horizontal_fov_deg < 180:
            raise ConfigError(f"field of view {horizontal_fov_deg} degrees is not between 0 and 180.")
        focal = width / 2 / math.tan(math.radians(horizontal_fov_deg) / 2)
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2)

    @classmethod
    def from_matrix(cls, matrix: Float[np.ndarray, "3 3"]) -> Intrinsics:
        """Return the camera of a 3×3 matrix without skew."""
        m = np.asarray(matrix, dtype=np.float64)
        if m.shape != (3, 3) or abs(m[0, 1]) > 1e-6 * abs(m[0, 0]) or not np.allclose(m[2], (0, 0, 1)):
            raise ConfigError(f"intrinsics matrix {m.tolist()} is not [[fx, 0, cx], [0, fy, cy], [0, 0, 1]].")
        return cls(float(m[0, 0]), float(m[1, 1]), float(m[0, 2]), float(m[1, 2]))

    @classmethod
    def of(cls, camera: Intrinsics | Float[np.ndarray, "3 3"] | None, height: int, width: int) -> Intrinsics:
        """Return a camera given as such, as a 3×3 matrix, or not at all: then the published one for an image size."""
        if camera is None:
            return cls.default(height, width)
        return camera if isinstance(camera, Intrinsics) else cls.from_matrix(camera)

    @property
    def matrix(self) -> Float64[np.ndarray, "3 3"]:
        """The 3×3 camera matrix."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], dtype=np.float64)

    def resized(self, *, scale_x: float, scale_y: float) -> Intrinsics:
        """Return the camera of the same image resized by the two factors."""
        return Intrinsics(
            self.fx * scale_x,
            self.fy * scale_y,
            (self.cx + 0.5) * scale_x - 0.5,
            (self.cy + 0.5) * scale_y - 0.5,
        )
