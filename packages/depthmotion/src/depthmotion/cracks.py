"""Pixels that a splat misses between the points of one surface, and what no point reaches at all."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from depthmotion.splat import FAST


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def nearness_within_reach(i, label, x, y, px, py, planes, inverse, back):
    """Return the inverse depth at which point i's plane is seen at target pixel (x, y), or -1 out of its reach.

    All four coordinates count from the principal point.
    """
    r0 = inverse[label, 0, 0] * x + inverse[label, 0, 1] * y + inverse[label, 0, 2]
    r1 = inverse[label, 1, 0] * x + inverse[label, 1, 1] * y + inverse[label, 1, 2]
    r2 = inverse[label, 2, 0] * x + inverse[label, 2, 1] * y + inverse[label, 2, 2]
    a, b, c, reach = planes[i, 0], planes[i, 1], planes[i, 2], planes[i, 3]
    below = np.float32(1) + a * back[label, 0] + b * back[label, 1] + c * back[label, 2]
    if below <= np.float32(1e-6):
        return np.float32(-1)
    s = (a * r0 + b * r1 + c * r2) / below
    q2 = r2 - back[label, 2] * s
    if q2 <= np.float32(1e-6) or s <= 0:
        return np.float32(-1)
    dx = (r0 - back[label, 0] * s) / q2 - px
    dy = (r1 - back[label, 1] * s) / q2 - py
    if abs(dx) > reach or abs(dy) > reach:
        return np.float32(-1)
    return s


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def close_cracks(index, nearness, planes, px, py, labels, inverse, back, cx, cy, tolerance, offset):
    """Give holes, and pixels that show a far surface through a near one, to the neighbour whose cell covers them.

    Pixels from `offset` on belong to the plate and are not used to cover what the photo shows. Returns the holes left.
    """
    height, width = index.shape
    holes = np.empty(height * width, np.int32)
    count = 0
    taken = np.empty(height * width, np.int32)
    flags = np.zeros(width, np.uint8)
    for y in range(height):
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            near = max(nearness[up, x], nearness[down, x])
            flags[x] = near > nearness[y, x] + tolerance
        for x in range(1, width):
            flags[x] |= nearness[y, x - 1] > nearness[y, x] + tolerance
        for x in range(width - 1):
            flags[x] |= nearness[y, x + 1] > nearness[y, x] + tolerance
        for x in range(width):
            if flags[x] or index[y, x] < 0:
                holes[count] = y * width + x
                count += 1
    left = count
    while True:
        found = 0
        remaining = 0
        for h in range(left):
            y, x = holes[h] // width, holes[h] % width
            xc, yc = np.float32(x - cx), np.float32(y - cy)
            best = nearness[y, x]
            winner = np.int32(-1)
            for ny in range(max(y - 1, 0), min(y + 2, height)):
                for nx in range(max(x - 1, 0), min(x + 2, width)):
                    i = index[ny, nx]
                    if i < 0 or nearness[ny, nx] <= best or (i >= offset and index[y, x] >= 0):
                        continue
                    s = nearness_within_reach(i, labels[i], xc, yc, px[i], py[i], planes, inverse, back)
                    if s > best:
                        best = s
                        winner = i
            if winner >= 0:
                taken[found] = winner
                # Found pixels go to the front, the others keep their order behind.
                holes[h], holes[found] = holes[found], holes[h]
                found += 1
            else:
                remaining += 1
        for h in range(found):
            y, x = holes[h] // width, holes[h] % width
            i = taken[h]
            index[y, x] = i
            nearness[y, x] = nearness_within_reach(
                i, labels[i], np.float32(x - cx), np.float32(y - cy), px[i], py[i], planes, inverse, back
            )
        if found == 0:
            break
        kept = 0
        for h in range(found, left):
            y, x = holes[h] // width, holes[h] % width
            if index[y, x] < 0:
                holes[kept] = holes[h]
                kept += 1
        left = kept
        if left == 0:
            break
    total = 0
    for h in range(left):
        y, x = holes[h] // width, holes[h] % width
        if index[y, x] < 0:
            holes[total] = holes[h]
            total += 1
    return holes[:total].copy()


@njit(cache=True, nogil=True)
@no_type_check
def extend_background(index, nearness, holes):
    """Give every hole the farthest neighbouring point, ring by ring, coded as -2 - point."""
    height, width = index.shape
    left = holes.size
    taken = np.empty(left, np.int32)
    while left > 0:
        found = 0
        for h in range(left):
            y, x = holes[h] // width, holes[h] % width
            best = np.float32(np.inf)
            winner = np.int32(-1)
            for ny in range(max(y - 1, 0), min(y + 2, height)):
                for nx in range(max(x - 1, 0), min(x + 2, width)):
                    i = index[ny, nx]
                    if i != -1 and nearness[ny, nx] < best:
                        best = nearness[ny, nx]
                        winner = ny * width + nx
            if winner >= 0:
                taken[found] = winner
                holes[h], holes[found] = holes[found], holes[h]
                found += 1
        if found == 0:
            break
        for h in range(found):
            y, x = holes[h] // width, holes[h] % width
            ny, nx = taken[h] // width, taken[h] % width
            i = index[ny, nx]
            index[y, x] = -2 - i if i >= 0 else i
            nearness[y, x] = nearness[ny, nx]
        for h in range(found, left):
            holes[h - found] = holes[h]
        left -= found
