"""A natural cubic spline through random key poses."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from depthmotion.camera_path import CameraPath
from depthmotion.errors import PathError
from depthmotion.paths._ranges import check_num_frames, check_range, signed_uniform
from depthmotion.rotation import rigid_motion

MAX_KEYFRAMES = 1000


def natural_spline(
    knots: Float[np.ndarray, " k"], values: Float[np.ndarray, "k d"], at: Float[np.ndarray, " t"]
) -> Float[np.ndarray, "t d"]:
    """Return the natural cubic spline through (knots, values) at the given places."""
    count = len(knots)
    step = np.diff(knots)
    slope = np.diff(values, axis=0) / step[:, None]
    system = np.eye(count)
    right = np.zeros_like(values)
    for i in range(1, count - 1):
        system[i, i - 1 : i + 2] = step[i - 1], 2 * (step[i - 1] + step[i]), step[i]
        right[i] = 6 * (slope[i] - slope[i - 1])
    second = np.linalg.solve(system, right)
    left = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, count - 2)
    h = step[left][:, None]
    a = (knots[left + 1] - at)[:, None] / h
    b = 1 - a
    bend = ((a**3 - a) * second[left] + (b**3 - b) * second[left + 1]) * h**2 / 6
    return a * values[left] + b * values[left + 1] + bend


def smooth(
    num_frames: int,
    rng: np.random.Generator,
    *,
    num_keyframes: int = 4,
    translation: tuple[float, float] = (0.02, 0.08),
    rotation_deg: tuple[float, float] = (1.0, 4.0),
) -> CameraPath:
    """Return a spline from the identity through random key poses, ranges per axis over the whole path."""
    check_num_frames(num_frames)
    check_range("translation", translation)
    check_range("rotation_deg", rotation_deg)
    if not 2 <= num_keyframes <= MAX_KEYFRAMES:
        raise PathError(f"num_keyframes={num_keyframes}: allowed is 2 to {MAX_KEYFRAMES}.")
    keys = np.zeros((num_keyframes, 6))
    keys[1:, :3] = np.deg2rad(signed_uniform(rng, rotation_deg, (num_keyframes - 1, 3)))
    keys[1:, 3:] = signed_uniform(rng, translation, (num_keyframes - 1, 3))
    knots = np.linspace(0.0, 1.0, num_keyframes)
    track = natural_spline(knots, keys, np.linspace(0.0, 1.0, num_frames))
    track[0] = 0
    return CameraPath(np.stack([rigid_motion(row[:3], row[3:]) for row in track]), name="smooth")
