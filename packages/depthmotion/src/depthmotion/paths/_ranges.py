"""Checks of path parameters, and signed random draws."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from depthmotion.errors import PathError


def check_num_frames(num_frames: int) -> None:
    """Raise PathError unless there is at least one frame."""
    if num_frames < 1:
        raise PathError(f"num_frames={num_frames}: a path needs at least 1 frame.")


def check_range(name: str, low_high: tuple[float, float]) -> None:
    """Raise PathError unless 0 <= low <= high."""
    low, high = low_high
    if not 0 <= low <= high:
        raise PathError(f"{name}={low_high}: give (low, high) with 0 <= low <= high; signs are drawn.")


def signed_uniform(
    rng: np.random.Generator, low_high: tuple[float, float], shape: tuple[int, ...]
) -> Float64[np.ndarray, "..."]:
    """Draw magnitudes uniformly from a range and signs at random."""
    magnitude = rng.uniform(*low_high, size=shape)
    return magnitude * rng.choice(np.array([-1.0, 1.0]), size=shape)
