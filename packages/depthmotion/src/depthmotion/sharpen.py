"""Edge-aware sharpening: the soft ramp between two depths becomes a step."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np
from jaxtyping import Float, Float32

from depthmotion.depthmap import DepthMap
from depthmotion.errors import ConfigError
from depthmotion.median_sharpening import sharpen_by_median

SharpenRule = Literal["step", "median", "none"]

DEFAULT_JUMP = 0.04
WINDOW = 5
ROUNDS = 3


def _toggle(values: Float32[np.ndarray, "h w"], jump: float) -> Float32[np.ndarray, "h w"]:
    kernel = np.ones((WINDOW, WINDOW), np.uint8)
    low, high = cv2.erode(values, kernel), cv2.dilate(values, kernel)
    nearer_low = values - low < high - values
    return np.asarray(np.where(high - low > jump, np.where(nearer_low, low, high), values), dtype=np.float32)


def _by_steps(unit: Float32[np.ndarray, "h w"], jump: float) -> Float32[np.ndarray, "h w"]:
    sharp = unit
    for _ in range(ROUNDS):
        sharp = _toggle(sharp, jump)
    # Slopes that only look steep across the window move in small steps: only real edges take the new value.
    changed = np.asarray(np.abs(sharp - unit) > jump / 2, dtype=np.uint8)
    edge = cv2.dilate(changed, np.ones((WINDOW, WINDOW), np.uint8)) > 0
    sharp = np.where(edge, sharp, unit).astype(np.float32)
    return np.where(edge, cv2.medianBlur(sharp, 3), sharp).astype(np.float32)


def sharpen(
    depth: DepthMap | Float[np.ndarray, "h w"], *, jump: float = DEFAULT_JUMP, rule: SharpenRule = "step"
) -> DepthMap:
    """Turn soft edges of at least `jump` (share of the disparity range) into steps; the rest stays.

    A network's depth blurs edges over several pixels; seen from aside such a ramp stretches like rubber. The rule
    "step" moves every pixel of a ramp to the end that is closer to it, also of ramps without a steep place; "median" is
    the published one, which narrows ramps that jump between neighbours and leaves soft ones: `sharpen_by_median`.
    "none" changes nothing.
    """
    check_sharpen_rule(rule)
    if not 0 < jump < 1:
        raise ConfigError(f"jump={jump}: give a share of the disparity range between 0 and 1.")
    depth = depth if isinstance(depth, DepthMap) else DepthMap(np.asarray(depth))
    values = np.asarray(depth.values, dtype=np.float32)
    disparity = values if depth.kind == "disparity" else 1.0 / values
    low, high = float(disparity.min()), float(disparity.max())
    if high <= low or rule == "none":
        return depth
    unit = np.asarray((disparity - low) / (high - low), dtype=np.float32)
    sharp = _by_steps(unit, jump) if rule == "step" else sharpen_by_median(unit, jump=jump)
    restored = sharp * (high - low) + low
    result = restored if depth.kind == "disparity" else 1.0 / np.maximum(restored, 1e-12)
    return DepthMap(np.asarray(result, dtype=np.float32), depth.kind, depth.intrinsics)


def check_sharpen_rule(rule: str) -> None:
    """Raise ConfigError unless the rule is known."""
    if rule not in get_args(SharpenRule):
        raise ConfigError(f"sharpening {rule!r} is unknown: use one of {', '.join(get_args(SharpenRule))}.")
