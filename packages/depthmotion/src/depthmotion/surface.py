"""The photo's surface: a disparity plane per pixel, cut where the depth jumps."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Float32, UInt8
from numba import njit

CUT_FRACTION = 0.02
"""Disparity step between neighbours, as a share of the scene's largest disparity, from which a cut is considered."""


def cut_threshold(disparity: Float32[np.ndarray, "h w"]) -> float:
    """Return the disparity step that may cut the surface of a scene."""
    return CUT_FRACTION * float(disparity.max())


@no_type_check
def _is_cut(before, here, after, threshold):
    # A jump is a cut unless a neighbouring step is alike: then it is a steep slope, and slopes stay whole.
    size = abs(here)
    if size <= threshold:
        return False
    return abs(here - before) > 0.5 * size and abs(here - after) > 0.5 * size


is_cut = njit(cache=True, inline="always")(_is_cut)


@njit(cache=True, nogil=True)
@no_type_check
def find_cuts(disparity, labels, threshold):
    """Return cut flags to the right neighbour and to the one below, both uint8 (H, W)."""
    height, width = disparity.shape
    right = np.zeros((height, width), np.uint8)
    below = np.zeros((height, width), np.uint8)
    for y in range(height):
        for x in range(width - 1):
            step = disparity[y, x + 1] - disparity[y, x]
            if labels[y, x] != labels[y, x + 1]:
                right[y, x] = 1
            elif abs(step) > threshold:
                before = disparity[y, x] - disparity[y, x - 1] if x > 0 else np.float32(0)
                after = disparity[y, x + 2] - disparity[y, x + 1] if x + 2 < width else np.float32(0)
                right[y, x] = is_cut(before, step, after, threshold)
    for y in range(height - 1):
        for x in range(width):
            step = disparity[y + 1, x] - disparity[y, x]
            if labels[y, x] != labels[y + 1, x]:
                below[y, x] = 1
            elif abs(step) > threshold:
                before = disparity[y, x] - disparity[y - 1, x] if y > 0 else np.float32(0)
                after = disparity[y + 2, x] - disparity[y + 1, x] if y + 2 < height else np.float32(0)
                below[y, x] = is_cut(before, step, after, threshold)
    return right, below


@njit(cache=True, nogil=True)
@no_type_check
def _fit_planes(disparity, right, below, cx, cy, planes):
    height, width = disparity.shape
    for y in range(height):
        for x in range(width):
            here = disparity[y, x]
            slope_x = np.float32(0)
            slope_y = np.float32(0)
            count = 0
            whole = 0 < x < width - 1 and 0 < y < height - 1  # past the border there is no cell
            if x > 0:
                if right[y, x - 1]:
                    whole = False
                else:
                    slope_x += here - disparity[y, x - 1]
                    count += 1
            if x + 1 < width:
                if right[y, x]:
                    whole = False
                else:
                    slope_x += disparity[y, x + 1] - here
                    count += 1
            if count == 2:
                slope_x *= np.float32(0.5)
            count = 0
            if y > 0:
                if below[y - 1, x]:
                    whole = False
                else:
                    slope_y += here - disparity[y - 1, x]
                    count += 1
            if y + 1 < height:
                if below[y, x]:
                    whole = False
                else:
                    slope_y += disparity[y + 1, x] - here
                    count += 1
            if count == 2:
                slope_y *= np.float32(0.5)
            i = y * width + x
            planes[i, 0] = slope_x
            planes[i, 1] = slope_y
            planes[i, 2] = here - slope_x * np.float32(x - cx) - slope_y * np.float32(y - cy)
            planes[i, 3] = np.float32(1.0) if whole else np.float32(0.5)


def fit_planes(
    disparity: Float32[np.ndarray, "h w"],
    right: UInt8[np.ndarray, "h w"],
    below: UInt8[np.ndarray, "h w"],
    *,
    cx: float,
    cy: float,
) -> Float32[np.ndarray, "n 4"]:
    """Return per pixel (a, b, c, reach): disparity a·x + b·y + c around it, x and y from (cx, cy).

    A plane's disparity is affine in the image, so a planar scene is represented exactly. `reach` is the distance in
    pixels up to which a pixel's plane may be seen: its own cell beside a cut, its neighbours' centres elsewhere.
    """
    planes = np.empty((disparity.size, 4), np.float32)
    _fit_planes(disparity, right, below, cx, cy, planes)
    return planes
