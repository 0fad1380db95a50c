"""Rigid motions as matrices on pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from depthmotion.intrinsics import Intrinsics


@dataclass(frozen=True)
class PixelMotions:
    """Frame 0's pixel (x, y) with disparity d goes to M·(x, y, 1) + b·d, homogeneous, per frame and object.

    Pixels count from the principal point. `matrix` (T, K, 3, 3), `shift` (T, K, 3), `inverse` M⁻¹, `back` M⁻¹·b.
    """

    matrix: Float32[np.ndarray, "t k 3 3"]
    shift: Float32[np.ndarray, "t k 3"]
    inverse: Float32[np.ndarray, "t k 3 3"]
    back: Float32[np.ndarray, "t k 3"]


def pixel_motions(
    poses: Float64[np.ndarray, "t k 4 4"], zooms: Float64[np.ndarray, " t"], camera: Intrinsics
) -> PixelMotions:
    """Return the pixel motions of poses (T, K, 4, 4): frame t from frame 0 for every object."""
    focal = np.array([camera.fx, camera.fy, 1.0])
    target = np.stack([camera.fx * zooms, camera.fy * zooms, np.ones_like(zooms)], axis=-1)[:, None, :]
    rotation = poses[..., :3, :3]
    # Quotients and not a matrix product with an inverse: the identity must stay exact.
    matrix = rotation * (target[..., :, None] / focal[None, None, None, :])
    shift = poses[..., :3, 3] * target
    inverse = rotation.swapaxes(-1, -2) * (focal[None, None, :, None] / target[..., None, :])
    back = np.einsum("tkij,tkj->tki", inverse, shift)
    return PixelMotions(*(np.ascontiguousarray(part, dtype=np.float32) for part in (matrix, shift, inverse, back)))
