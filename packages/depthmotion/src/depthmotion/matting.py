"""Which share of a near surface is in the pixels along its edges, and the colours that it hides there."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from numba import njit

FAR_SIDE, NEAR_SIDE = 1, 2
"""Bits of a pixel's `fringe`: it has an edge to something nearer, to something farther."""
USUAL_SHARE = 0.875
"""Mean share of the near surface in its last pixel, if its edge may be anywhere between two pixels' centres."""
EDGE_STEPS = 128
"""Steps per pixel of an edge's distance."""
NO_EDGE = 255
_LEAST_DOUBT, _DOUBT = 300.0, 100.0
"""Squared contrast [grey levels²] that counts as much as the usual share: at least, and per variance of the colours."""


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def estimate_shares(photo, disparity, fringe, order, threshold, shares, cleaned):
    """Estimate the near surface's share in the fringe pixels `order`, and write what lies behind it into `cleaned`.

    A pixel's colour is taken as a mixture of what the surfaces on both sides look like one and two pixels off.
    """
    height, width = disparity.shape
    near, far = np.empty(3, np.float32), np.empty(3, np.float32)
    one = np.float32(1)
    for k in range(order.size):
        y, x = order[k] // width, order[k] % width
        high = low = disparity[y, x]
        for ny in range(max(y - 1, 0), min(y + 2, height)):
            for nx in range(max(x - 1, 0), min(x + 2, width)):
                high, low = max(high, disparity[ny, nx]), min(low, disparity[ny, nx])
        usual = np.float32(USUAL_SHARE)
        if disparity[y, x] <= np.float32(0.5) * (high + low):
            usual = one - usual
        shares[y, x] = usual
        if high - low <= threshold:
            continue
        near_weight, near_variance = _mean_colour(photo, disparity, fringe, y, x, high, threshold, near)
        far_weight, far_variance = _mean_colour(photo, disparity, fringe, y, x, low, threshold, far)
        if near_weight == 0 or far_weight == 0:
            continue
        along = contrast = np.float32(0)
        for channel in range(3):
            step = near[channel] - far[channel]
            along += (photo[y, x, channel] - far[channel]) * step
            contrast += step * step
        doubt = np.float32(_LEAST_DOUBT) + np.float32(_DOUBT) * (near_variance + far_variance)
        share = min(max((along + doubt * usual) / (contrast + doubt), np.float32(0)), one)
        shares[y, x] = share
        if usual > np.float32(0.5):
            continue
        for channel in range(3):
            behind = far[channel]
            if share < np.float32(0.5):
                behind = (photo[y, x, channel] - share * near[channel]) / (one - share)
            cleaned[y, x, channel] = np.uint8(min(max(behind + np.float32(0.5), np.float32(0)), np.float32(255)))


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _mean_colour(photo, disparity, fringe, y, x, level, threshold, mean):
    """Write the mean colour of what is unmixed, at one depth, around a pixel; returns its weight and its variance."""
    height, width = disparity.shape
    total = squares = np.float32(0)
    mean[:] = 0
    for ny in range(max(y - 2, 0), min(y + 3, height)):
        for nx in range(max(x - 2, 0), min(x + 3, width)):
            if fringe[ny, nx] or abs(disparity[ny, nx] - level) >= threshold:
                continue
            weight = np.float32(1) / np.float32(max((ny - y) * (ny - y) + (nx - x) * (nx - x), 1))
            total += weight
            for channel in range(3):
                value = np.float32(photo[ny, nx, channel])
                mean[channel] += weight * value
                squares += weight * value * value
    if total == 0:
        return total, squares
    variance = squares / total
    for channel in range(3):
        mean[channel] /= total
        variance -= mean[channel] * mean[channel]
    return total, max(variance, np.float32(0))


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _place_edges(disparity, labels, right, below, order, shares, edges):
    width = disparity.shape[1]
    for k in range(order.size):
        y, x = order[k] // width, order[k] % width
        for direction in range(2):
            if not (right[y, x] if direction == 0 else below[y, x]):
                continue
            ny, nx = (y, x + 1) if direction == 0 else (y + 1, x)
            first, second = disparity[y, x], disparity[ny, nx]
            distance = min(max(shares[y, x] + shares[ny, nx] - np.float32(0.5), np.float32(0)), np.float32(1))
            step = np.uint8(distance * np.float32(EDGE_STEPS) + np.float32(0.5))
            if first > second or (first == second and labels[y, x] > 0):
                edges[y, x, 2 * direction + 1] = step
            else:
                edges[ny, nx, 2 * direction] = step


def place_edges(
    disparity: Float32[np.ndarray, "h w"],
    labels: UInt8[np.ndarray, "h w"],
    right: UInt8[np.ndarray, "h w"],
    below: UInt8[np.ndarray, "h w"],
    order: Int32[np.ndarray, " q"],
    shares: Float32[np.ndarray, "h w"],
) -> UInt8[np.ndarray, "n 4"]:
    """Return how far from each pixel's centre its surface ends to the left, right, top and bottom.

    In steps of 1/128 px, up to one pixel; `NO_EDGE` where no cut is or the pixel is the farther one. Along a cut, what
    the two pixels hold of the near surface lies between half a pixel before the one's centre and the edge.
    """
    edges = np.full((*disparity.shape, 4), NO_EDGE, np.uint8)
    _place_edges(disparity, labels, right, below, order, shares, edges)
    return edges.reshape(-1, 4)
