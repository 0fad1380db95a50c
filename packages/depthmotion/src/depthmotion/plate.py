"""The background plate: what lies behind near things, close to their edges, made once per photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8
from numba import njit

from depthmotion.matting import FAR_SIDE, NEAR_SIDE, estimate_shares, place_edges

WIDENING = 4
"""Pixels behind an edge after which the mean of the known colours gets wider by a pixel."""


@dataclass(frozen=True)
class Plate:
    """The photo with what lies behind near things painted over them, close to their edges, where they are `covered`.

    The background's own pixels beside an edge are there without the near thing's share of their colour: those that have
    one are `mixed`. `edges`: where each pixel's surface ends, see `place_edges`.
    """

    image: UInt8[np.ndarray, "h w 3"]
    covered: Bool[np.ndarray, "h w"]
    mixed: Int32[np.ndarray, " q"]
    edges: UInt8[np.ndarray, "n 4"]


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _grow(disparity, labels, right, below, threshold, level, behind, behind_label, fringe, radius):
    """Flood from the near side of every cut into the near surface; returns the pixels in order of distance.

    Also those beside a cut, which get their bits of `fringe`.
    """
    height, width = disparity.shape
    order, beside_cut = np.empty(height * width, np.int32), np.empty(height * width, np.int32)
    count = num_beside = 0
    weight = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            if not (right[y, x] | below[y, x]):
                continue
            for direction in range(2):
                if not (right[y, x] if direction == 0 else below[y, x]):
                    continue
                ny, nx = (y, x + 1) if direction == 0 else (y + 1, x)
                d0, d1 = disparity[y, x], disparity[ny, nx]
                if d0 > d1 or (d0 == d1 and labels[y, x] > 0):
                    fy, fx, by, bx = y, x, ny, nx
                else:
                    fy, fx, by, bx = ny, nx, y, x
                for py, px, side in ((by, bx, FAR_SIDE), (fy, fx, NEAR_SIDE)):
                    if fringe[py, px] == 0:
                        beside_cut[num_beside] = py * width + px
                        num_beside += 1
                    fringe[py, px] |= side
                if level[fy, fx] == 0:
                    level[fy, fx] = 1
                    order[count] = fy * width + fx
                    count += 1
                    behind_label[fy, fx] = labels[by, bx]
                total = weight[fy, fx]
                behind[fy, fx] = (behind[fy, fx] * total + disparity[by, bx]) / (total + np.float32(1))
                weight[fy, fx] = total + np.float32(1)
    start = 0
    for distance in range(1, radius):
        stop = count
        for k in range(start, stop):
            y, x = order[k] // width, order[k] % width
            far = behind[y, x]
            for direction in range(4):
                ny = y + (direction == 0) - (direction == 1)
                nx = x + (direction == 2) - (direction == 3)
                if ny < 0 or nx < 0 or ny >= height or nx >= width:
                    continue
                if level[ny, nx] == 0:
                    moving = labels[ny, nx] > 0 and labels[ny, nx] != behind_label[y, x]
                    if not moving and disparity[ny, nx] <= far + np.float32(0.5) * threshold:
                        continue
                    level[ny, nx] = distance + 1
                    order[count] = ny * width + nx
                    count += 1
                    behind[ny, nx] = far
                    behind_label[ny, nx] = behind_label[y, x]
                    weight[ny, nx] = 1
                elif level[ny, nx] == distance + 1:
                    total = weight[ny, nx]
                    behind[ny, nx] = (behind[ny, nx] * total + far) / (total + np.float32(1))
                    weight[ny, nx] = total + np.float32(1)
        start = stop
        if start == count:
            break
    return order[:count].copy(), beside_cut[:num_beside].copy()


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _with_corners(disparity, threshold, beside_cut, fringe):
    """Count the far pixels that touch a near one only at a corner to the far side: they are mixed as well.

    Returns all pixels beside an edge.
    """
    height, width = disparity.shape
    beside_edge = np.empty(5 * beside_cut.size, np.int32)
    count = beside_cut.size
    beside_edge[:count] = beside_cut
    for k in beside_cut:
        if not fringe[k // width, k % width] & NEAR_SIDE:
            continue
        y, x = k // width, k % width
        far = disparity[y, x] - threshold
        for ny in (y - 1, y + 1):
            for nx in (x - 1, x + 1):
                if 0 <= ny < height and 0 <= nx < width and disparity[ny, nx] < far:
                    if fringe[ny, nx] == 0:
                        beside_edge[count] = ny * width + nx
                        count += 1
                    fringe[ny, nx] |= FAR_SIDE
    return beside_edge[:count].copy()


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _clean_far_side(photo, cleaned, fringe, level, beside_edge):
    """Return the far pixels that `cleaned` shows in another colour; none of them is painted over, unless beside a cut.

    A background that has something behind it in turn is cleaned, too, rather than painted over.
    """
    width = level.shape[1]
    mixed = np.empty(beside_edge.size, np.int32)
    count = 0
    for k in beside_edge:
        y, x = k // width, k % width
        if not fringe[y, x] & FAR_SIDE:
            continue
        if level[y, x] != 1:
            level[y, x] = 0
        before, after = photo[y, x], cleaned[y, x]
        if before[0] != after[0] or before[1] != after[1] or before[2] != after[2]:
            mixed[count] = k
            count += 1
    return mixed[:count].copy()


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _paint(disparity, threshold, order, level, behind, fringe, cleaned, painted):
    """Colour the points from the background outwards: a distance-weighted mean of what is known behind.

    The farther from the edge, the wider the mean. `cleaned` and `painted` (N, 3) begin as the photo without what near
    things have in its mixed pixels.
    """
    height, width = disparity.shape
    falloff = np.zeros(25, np.float32)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            falloff[5 * dy + dx + 12] = np.float32(1) / np.float32(max(dy * dy + dx * dx, 1))
    disparities, levels, sides = disparity.reshape(-1), level.reshape(-1), fringe.reshape(-1)
    for k in range(order.size):
        point = np.uint64(order[k])
        y, x = np.int64(point // np.uint64(width)), np.int64(point % np.uint64(width))
        own, far = levels[point], behind[y, x]
        if own == 0:
            continue
        step = 1 + own // WIDENING
        total = np.float32(0)
        red = np.float32(0)
        green = np.float32(0)
        blue = np.float32(0)
        for dy in range(-2, 3):
            ny = y + dy * step
            if ny < 0 or ny >= height:
                continue
            for dx in range(-2, 3):
                nx = x + dx * step
                if nx < 0 or nx >= width:
                    continue
                beside = np.uint64(ny * width + nx)
                other = levels[beside]
                weight = falloff[np.uint64(5 * dy + dx + 12)]
                nearer = disparities[beside] - far
                if nearer <= threshold:  # seen in the photo
                    if nearer < -threshold:
                        weight *= np.float32(0.1)
                    elif sides[beside] & FAR_SIDE and other > 0:
                        weight *= np.float32(0.02)
                    total += weight
                    red += weight * cleaned[beside, 0]
                    green += weight * cleaned[beside, 1]
                    blue += weight * cleaned[beside, 2]
                elif 0 < other < own:
                    total += weight
                    red += weight * painted[beside, 0]
                    green += weight * painted[beside, 1]
                    blue += weight * painted[beside, 2]
        if total > 0:
            half, scale = np.float32(0.5), np.float32(1) / total
            painted[point, 0] = np.uint8(red * scale + half)
            painted[point, 1] = np.uint8(green * scale + half)
            painted[point, 2] = np.uint8(blue * scale + half)


def make_plate(
    image: UInt8[np.ndarray, "h w 3"],
    disparity: Float32[np.ndarray, "h w"],
    labels: UInt8[np.ndarray, "h w"],
    right: UInt8[np.ndarray, "h w"],
    below: UInt8[np.ndarray, "h w"],
    *,
    threshold: float,
    radius: int,
) -> Plate:
    """Continue the background behind near things, up to `radius` pixels from each cut."""
    level = np.zeros(disparity.shape, np.int16)
    behind = np.zeros_like(disparity)
    behind_label = np.zeros_like(labels)
    fringe = np.zeros_like(labels)
    cleaned = image.copy()
    covered, beside_cut = _grow(disparity, labels, right, below, threshold, level, behind, behind_label, fringe, radius)
    beside_edge = _with_corners(disparity, np.float32(threshold), beside_cut, fringe)
    shares = np.zeros_like(disparity)
    estimate_shares(image, disparity, fringe, beside_edge, np.float32(threshold), shares, cleaned)
    edges = place_edges(disparity, labels, right, below, beside_edge, shares)
    mixed = _clean_far_side(image, cleaned, fringe, level, beside_edge)
    painted = cleaned.copy()
    _paint(
        disparity, np.float32(threshold), covered, level, behind, fringe, cleaned.reshape(-1, 3), painted.reshape(-1, 3)
    )
    return Plate(painted, level > 0, mixed, edges)
