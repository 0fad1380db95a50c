"""The background plate: what lies behind near things, close to their edges, made once per photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from numba import njit


@dataclass(frozen=True)
class Plate:
    """Points behind the photo: pixel (x, y), disparity and object label, nearest to an edge first; their picture.

    The first `within[r]` points lie at most r pixels inside the near thing.
    """

    x: Int32[np.ndarray, " n"]
    y: Int32[np.ndarray, " n"]
    disparity: Float32[np.ndarray, " n"]
    labels: UInt8[np.ndarray, " n"]
    image: UInt8[np.ndarray, "h w 3"]
    within: Int32[np.ndarray, " radius"]


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _grow(disparity, labels, right, below, threshold, level, behind, behind_label, fringe, within):
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
                fringe[by, bx] = 1
                if level[fy, fx] == 0:
                    level[fy, fx] = 1
                    order[count] = fy * width + fx
                    count += 1
                    behind_label[fy, fx] = labels[by, bx]
                total = weight[fy, fx]
                behind[fy, fx] = (behind[fy, fx] * total + disparity[by, bx]) / (total + np.float32(1))
                weight[fy, fx] = total + np.float32(1)
    start = 0
    within[1:] = count
    for distance in range(1, within.size - 1):
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
        within[distance + 1 :] = count
        if start == count:
            break
    return order[:count].copy()


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _paint(image, disparity, threshold, order, level, behind, fringe):
    """Colour the points from the background outwards: a distance-weighted mean of what is known behind."""
    height, width = disparity.shape
    falloff = np.zeros((5, 5), np.float32)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            falloff[dy + 2, dx + 2] = np.float32(1) / np.float32(max(dy * dy + dx * dx, 1))
    for k in range(order.size):
        y, x = order[k] // width, order[k] % width
        total = np.float32(0)
        red = np.float32(0)
        green = np.float32(0)
        blue = np.float32(0)
        for dy in range(-2, 3):
            ny = y + dy
            if ny < 0 or ny >= height:
                continue
            for dx in range(-2, 3):
                nx = x + dx
                if nx < 0 or nx >= width:
                    continue
                other = level[ny, nx]
                if other == 0:
                    if disparity[ny, nx] > behind[y, x] + threshold:
                        continue
                elif other >= level[y, x]:
                    continue
                weight = falloff[dy + 2, dx + 2]
                if fringe[ny, nx]:  # its colour is mixed with the near thing's
                    weight *= np.float32(0.02)
                total += weight
                red += weight * image[ny, nx, 0]
                green += weight * image[ny, nx, 1]
                blue += weight * image[ny, nx, 2]
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
    fringe = np.zeros(disparity.shape, np.uint8)
    behind = np.zeros_like(disparity)
    behind_label = np.zeros_like(labels)
    within = np.zeros(max(radius, 1) + 1, np.int32)
    painted = image.copy()
    order = _grow(disparity, labels, right, below, threshold, level, behind, behind_label, fringe, within)
    _paint(painted, disparity, threshold, order, level, behind, fringe)
    y, x = np.divmod(order, np.int32(disparity.shape[1]))
    return Plate(x, y, behind[y, x], behind_label[y, x], painted, within)
