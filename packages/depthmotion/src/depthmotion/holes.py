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
def find_holes(index, queue):
    """Queue (as y · stride + x, row by row) the pixels of (H + 2, W + 2) that show nothing; returns their number."""
    stride = index.shape[1]
    count = 0
    for y in range(1, index.shape[0] - 1):
        row = index[y]
        lowest = np.int32(0)
        for x in range(1, stride - 1):
            lowest = min(lowest, row[x])
        if lowest == 0:
            continue
        first = y * stride
        for x in range(1, stride - 1):
            if row[x] < 0:
                queue[count] = first + x
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
def continue_surfaces(index, nearness, covered, labels, tolerance, queue, count, ends):
    """Give each of the `count` queued holes the point that it continues, coded as -2 - point.

    Of the shown pixels that enclose a hole in its row, or in its column if they are closer together there, that is the
    farther one: what was hidden lies behind. A hole that reaches the frame's border continues the nearest pixel. Its
    nearness becomes that pixel's, negative.
    `ends` is int32 (2, cells), zero on the frame's border: scratch.
    """
    stride = index.shape[1]
    points, near = index.reshape(-1), nearness.reshape(-1)
    above, below = ends[0], ends[1]
    for k in range(count):
        c = queue[k]
        above[c] = c - stride if points[c - stride] >= 0 else above[c - stride]
    open_ends = 0
    a = b = np.int64(0)
    start = np.int64(-1)
    for k in range(count - 1, -1, -1):
        c = np.int64(queue[k])
        if start < 0:  # the last hole of a run
            first_of_run = k
            while first_of_run > 0 and queue[first_of_run - 1] == queue[first_of_run] - 1:
                first_of_run -= 1
            start = np.int64(queue[first_of_run])
            a = start - 1 if points[start - 1] >= 0 else 0
            b = c + 1 if points[c + 1] >= 0 else 0
        u = np.int64(above[c])
        v = c + stride if points[c + stride] >= 0 else np.int64(below[c + stride])
        below[c] = v
        if c == start:
            start = np.int64(-1)
        across = b - a if a > 0 and b > 0 else 2**30
        down = (v - u) // stride if u > 0 and v > 0 else 2**30
        chosen = np.int64(0)
        if min(across, down) < 2**30:
            first, last, step = (a, b, 1) if across <= down else (u, v, stride)
            chosen = _farther(first, last, points, near, labels, tolerance)
            if abs(near[first] - near[last]) > tolerance:
                _read_from_plate(chosen, step if chosen == last else -step, points, near, covered, tolerance)
        else:
            nearest = 2**30
            for end, distance in ((a, c - a), (b, b - c), (u, (c - u) // stride), (v, (v - c) // stride)):
                if end > 0 and distance < nearest:
                    nearest, chosen = distance, end
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
        c = queue[k]
        if points[c] == -1:
            beside = min(points[c - 1], points[c - stride])
            points[c] = beside if beside < -1 else -2
