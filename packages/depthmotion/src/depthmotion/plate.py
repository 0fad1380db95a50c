"""The background plate: what lies behind near things, close to their edges, made once per photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32, UInt8
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
    mixed: Bool[np.ndarray, "h w"]
    edges: UInt8[np.ndarray, "n 4"]


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _grow(disparity, labels, right, below, threshold, level, behind, behind_label, fringe, radius):
    """Flood from the near side of every cut into the near surface; returns the pixels in order of distance."""
    height, width = disparity.shape
    order = np.empty(height * width, np.int32)
    count = 0
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
                fringe[by, bx] |= FAR_SIDE
                fringe[fy, fx] |= NEAR_SIDE
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
    return order[:count].copy()


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _mark_corners(disparity, threshold, near_side, fringe):
    """Count the far pixels that touch a near one only at a corner to the far side: they are mixed as well."""
    height, width = disparity.shape
    for k in near_side:
        y, x = k // width, k % width
        far = disparity[y, x] - threshold
        for ny in (y - 1, y + 1):
            for nx in (x - 1, x + 1):
                if 0 <= ny < height and 0 <= nx < width and disparity[ny, nx] < far:
                    fringe[ny, nx] |= FAR_SIDE


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _paint(seen, disparity, threshold, order, level, behind, fringe, image):
    """Colour the points from the background outwards: a distance-weighted mean of what is known behind.

    The farther from the edge, the wider the mean. `seen` is the photo, its mixed pixels cleaned.
    """
    height, width = disparity.shape
    falloff = np.zeros((5, 5), np.float32)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            falloff[dy + 2, dx + 2] = np.float32(1) / np.float32(max(dy * dy + dx * dx, 1))
    for k in range(order.size):
        y, x = order[k] // width, order[k] % width
        own = level[y, x]
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
                other = level[ny, nx]
                weight = falloff[dy + 2, dx + 2]
                nearer = disparity[ny, nx] - behind[y, x]
                if nearer <= threshold:  # seen in the photo
                    if nearer < -threshold:
                        weight *= np.float32(0.1)
                    elif fringe[ny, nx] & FAR_SIDE and other > 0:
                        weight *= np.float32(0.02)
                    source = seen
                elif 0 < other < own:
                    source = image
                else:
                    continue
                total += weight
                red += weight * source[ny, nx, 0]
                green += weight * source[ny, nx, 1]
                blue += weight * source[ny, nx, 2]
        if total > 0:
            half = np.float32(0.5)
            image[y, x, 0] = np.uint8(red / total + half)
            image[y, x, 1] = np.uint8(green / total + half)
            image[y, x, 2] = np.uint8(blue / total + half)


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
    covered = _grow(disparity, labels, right, below, threshold, level, behind, behind_label, fringe, radius)
    _mark_corners(disparity, np.float32(threshold), np.flatnonzero(fringe & NEAR_SIDE), fringe)
    beside_edge = np.flatnonzero(fringe).astype(np.int32)
    shares = np.zeros_like(disparity)
    estimate_shares(image, disparity, fringe, beside_edge, np.float32(threshold), shares, cleaned)
    edges = place_edges(disparity, labels, right, below, beside_edge, shares)
    mixed = np.zeros(disparity.shape, np.bool_)
    far_side = beside_edge[fringe.reshape(-1)[beside_edge] & FAR_SIDE > 0]
    mixed.reshape(-1)[far_side] = (cleaned.reshape(-1, 3)[far_side] != image.reshape(-1, 3)[far_side]).any(axis=1)
    # A background that has something behind it in turn is cleaned, too, rather than painted over.
    level[(fringe & FAR_SIDE > 0) & (level != 1)] = 0
    covered = covered[level.reshape(-1)[covered] > 0]
    painted = cleaned.copy()
    _paint(cleaned, disparity, threshold, covered, level, behind, fringe, painted)
    return Plate(painted, level > 0, mixed, edges)
