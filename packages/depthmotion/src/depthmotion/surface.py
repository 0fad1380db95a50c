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
    # A jump is a cut unless a neighbouring step goes at least half as far the same way: then it is a steep slope, as of
    # a face seen from its side, and slopes stay whole.
    half = np.float32(0.5) * abs(here)
    if here < np.float32(0):
        before, after = -before, -after
    return (abs(here) > threshold) & (before < half) & (after < half)


is_cut = njit(cache=True, inline="always")(_is_cut)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def find_cuts(disparity, labels, threshold):
    """Return cut flags to the right neighbour and to the one below, both uint8 (H, W)."""
    height, width = disparity.shape
    right = np.zeros((height, width), np.uint8)
    below = np.zeros((height, width), np.uint8)
    steps = np.zeros(width + 1, np.float32)  # steps[x] leads from x - 1 to x
    before, here, after = steps[:-2], steps[1:-1], steps[2:]
    for y in range(height):
        row, label, flags = disparity[y], labels[y], right[y]
        for x in range(width - 1):
            here[x] = row[x + 1] - row[x]
        for x in range(width - 1):
            flags[x] = is_cut(before[x], here[x], after[x], threshold) | (label[x] != label[x + 1])
    for y in range(height - 1):
        last, row, following = disparity[max(y - 1, 0)], disparity[y], disparity[y + 1]
        second = disparity[min(y + 2, height - 1)]
        label, label_below, flags = labels[y], labels[y + 1], below[y]
        for x in range(width):
            cut = is_cut(row[x] - last[x], following[x] - row[x], second[x] - following[x], threshold)
            flags[x] = cut | (label[x] != label_below[x])
    return right, below


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _fit_planes(disparity, right, below, cx, cy, planes):
    height, width = disparity.shape
    one, half = np.float32(1), np.float32(0.5)
    offsets = np.arange(width).astype(np.float32) - np.float32(cx)
    steps = np.zeros(width + 1, np.float32)  # steps[x] leads from x - 1 to x; 0 where the surface is cut
    whole = np.zeros(width + 1, np.float32)
    step_left, step_right, whole_left, whole_right = steps[:-1], steps[1:], whole[:-1], whole[1:]
    for y in range(height):
        row, above, under = disparity[y], disparity[max(y - 1, 0)], disparity[min(y + 1, height - 1)]
        cut_right, cut_above, cut_under = right[y], below[max(y - 1, 0)], below[y]
        inner_above, inner_under = np.float32(y > 0), np.float32(y + 1 < height)
        yc = np.float32(y - cy)
        out = planes[y]
        for x in range(width - 1):
            whole_right[x] = one - np.float32(cut_right[x])
            step_right[x] = (row[x + 1] - row[x]) * whole_right[x]
        for x in range(width):
            whole_above = inner_above * (one - np.float32(cut_above[x]))
            whole_under = inner_under * (one - np.float32(cut_under[x]))
            slope_x = (step_left[x] + step_right[x]) / max(whole_left[x] + whole_right[x], one)
            slope_y = (row[x] - above[x]) * whole_above + (under[x] - row[x]) * whole_under
            slope_y /= max(whole_above + whole_under, one)
            out[4 * x] = slope_x
            out[4 * x + 1] = slope_y
            out[4 * x + 2] = row[x] - slope_x * offsets[x] - slope_y * yc
            # Past the border there is no cell.
            out[4 * x + 3] = half + half * whole_left[x] * whole_right[x] * whole_above * whole_under


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _end_at_corners(right, below, planes):
    """Shorten the reach of points whose neighbour at a corner is cut off from both pixels between them."""
    height, width = right.shape
    for y in range(height):
        for x in range(width):
            # Nothing is cut past the border: the index -1 finds a 0 there.
            to_right, to_left = right[y, x], right[y, x - 1]
            if not (to_right | to_left):
                continue
            for dy, cut in ((1, below[y, x]), (-1, below[y - 1, x])):
                if cut and to_right:
                    planes[y + dy, x + 1, 3] = np.float32(0.5)
                if cut and to_left:
                    planes[y + dy, x - 1, 3] = np.float32(0.5)


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
    height, width = disparity.shape
    planes = np.empty((height * width, 4), np.float32)
    _fit_planes(disparity, right, below, cx, cy, planes.reshape(height, 4 * width))
    _end_at_corners(right, below, planes.reshape(height, width, 4))
    return planes
