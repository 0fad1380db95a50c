"""Pixels that no point of the photo reaches: which surface is continued there."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

PLATE = 1 << 30
"""Added to a point whose colour is read from the plate."""
NEXT_TO_HOLE = 3
"""Pixels beside a hole that are read from the plate: their texture in the photo touches what was in front."""


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def find_holes(index, flags, queue, ends, column_ends):
    """Queue (as y · 2¹⁶ + x, row by row) the pixels of (H + 2, W + 2) that show nothing; returns their number.

    `ends` gets, for each, the row of the next shown pixel above and the column of the one to the left, packed likewise;
    0 for none. Scratch: `flags`, see `close_hairlines`; `column_ends`, int32 (W + 2).
    """
    width = index.shape[1] - 2
    zero = np.int32(0)
    blocks = flags.view(np.uint64)
    count = left = 0
    column_ends[:] = 0
    for y in range(1, index.shape[0] - 1):
        row, above = index[y], index[y - 1]
        here = row[1:]
        for x in range(width):
            flags[x] = here[x] < zero
        for block in range(blocks.size):
            if blocks[block] == 0:
                continue
            for x in range(8 * block + 1, min(8 * block + 8, width) + 1):
                if row[x] >= zero:
                    continue
                if row[x - 1] >= zero or x == 1:
                    left = x - 1
                if above[x] >= zero:
                    column_ends[x] = y - 1
                queue[count] = y << 16 | x
                ends[count] = column_ends[x] << 16 | left
                count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _farther(a, b, points, near, labels, tolerance):
    """Return which of two cells shows what lies behind: the farther one, or the unmoved one of two alike."""
    if abs(near[a] - near[b]) <= tolerance and labels[points[a] & ~PLATE] != labels[points[b] & ~PLATE]:
        return a if labels[points[a] & ~PLATE] < labels[points[b] & ~PLATE] else b
    return a if near[a] < near[b] else b


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _read_from_plate(cell, step, points, near, covered, tolerance):
    """Let what lies behind a hole's edge, at `cell`, and goes on by `step`, be read from the plate."""
    start = near[cell]
    for _ in range(NEXT_TO_HOLE):
        i = points[cell]
        if i < 0 or i >= PLATE or covered[i] or abs(near[cell] - start) > tolerance:
            return
        points[cell] = i | PLATE
        cell += step


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def continue_surfaces(index, nearness, covered, labels, tolerance, queue, count, ends, column_ends):
    """Give each of the `count` holes that `find_holes` queued the point that it continues, coded as -2 - point.

    Of the shown pixels that enclose a hole in its row, or in its column if they are closer together there, that is the
    farther one: what was hidden lies behind. A hole that reaches the frame's border continues the nearest pixel. Its
    nearness becomes that pixel's, negative.
    """
    stride = np.int64(index.shape[1])
    points, near = index.reshape(-1), nearness.reshape(-1)
    column_ends[:] = 0
    open_ends = 0
    right = np.int64(0)
    for k in range(count - 1, -1, -1):
        y, x = np.int64(queue[k] >> 16), np.int64(queue[k] & 0xFFFF)
        above, left = np.int64(ends[k] >> 16), np.int64(ends[k] & 0xFFFF)
        c = y * stride + x
        if points[c + 1] >= 0:
            right = x + 1
        elif x == stride - 2:
            right = 0
        if points[c + stride] >= 0:
            column_ends[x] = y + 1
        below = np.int64(column_ends[x])
        across = right - left if left > 0 and right > 0 else 2**30
        down = below - above if above > 0 and below > 0 else 2**30
        chosen = np.int64(0)
        if min(across, down) < 2**30:
            if across <= down:
                first, last, step = c - x + left, c - x + right, np.int64(1)
            else:
                first, last, step = above * stride + x, below * stride + x, stride
            chosen = _farther(first, last, points, near, labels, tolerance)
            if abs(near[first] - near[last]) > tolerance:
                _read_from_plate(chosen, step if chosen == last else -step, points, near, covered, tolerance)
        else:
            nearest = 2**30
            if left > 0:
                nearest, chosen = x - left, c - x + left
            if right > 0 and right - x < nearest:
                nearest, chosen = right - x, c - x + right
            if above > 0 and y - above < nearest:
                nearest, chosen = y - above, above * stride + x
            if below > 0 and below - y < nearest:
                chosen = below * stride + x
        if chosen > 0:
            points[c] = -2 - (points[chosen] & ~PLATE)
            near[c] = -near[chosen]
        else:
            open_ends += 1
            points[c] = min(points[c + 1], -1)
            if points[c] == -1:
                points[c] = min(points[c + stride], -1)
    if open_ends == 0:
        return
    for k in range(count):
        c = np.int64(queue[k] >> 16) * stride + (queue[k] & 0xFFFF)
        if points[c] == -1:
            beside = min(points[c - 1], points[c - stride])
            points[c] = beside if beside < -1 else -2
