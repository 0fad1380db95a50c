"""Rotation vectors to matrices."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64


def rotation_matrix(rotation_vector: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "3 3"]:
    """Return the rotation about an axis by the vector's length in radians (Rodrigues)."""
    vector = np.asarray(rotation_vector, dtype=np.float64)
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        x, y, z = vector
        return np.eye(3) + np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=np.float64)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=np.float64)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def rigid_motion(
    rotation_vector: Float[np.ndarray, "3"], translation: Float[np.ndarray, "3"]
) -> Float64[np.ndarray, "4 4"]:
    """Return the 4×4 motion X → R X + t of a rotation vector in radians and a translation."""
    motion = np.eye(4)
    motion[:3, :3] = rotation_matrix(rotation_vector)
    motion[:3, 3] = translation
    return motion


def rotation_vector(matrix: Float[np.ndarray, "3 3"]) -> Float64[np.ndarray, "3"]:
    """Return the axis times the angle in radians (below pi) of a rotation matrix."""
    m = np.asarray(matrix, dtype=np.float64)
    twice_axis = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    sine, cosine = float(np.linalg.norm(twice_axis)) / 2, (float(np.trace(m)) - 1) / 2
    if sine < 1e-9:
        return twice_axis / 2
    return twice_axis / (2 * sine) * float(np.arctan2(sine, cosine))
