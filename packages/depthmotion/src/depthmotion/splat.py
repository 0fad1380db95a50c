"""Forward splat: which source point is nearest at every target pixel.

Frames have a border of one pixel here, (H + 2, W + 2), and are flat: what leaves the frame falls into cell 0.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

FAST = {"contract", "reassoc", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def project_run(xs, ys, disparity, matrix, shift, right, bottom, width, height, cell, near):
    """Write target cell and inverse depth of a run of points under one motion; (right, bottom) is the frame's centre.

    Positions count from the principal point. `cell` is 0 for what is not in the frame.
    """
    m00, m01, m02, t0 = matrix[0, 0], matrix[0, 1], matrix[0, 2], shift[0]
    m10, m11, m12, t1 = matrix[1, 0], matrix[1, 1], matrix[1, 2], shift[1]
    m20, m21, m22, t2 = matrix[2, 0], matrix[2, 1], matrix[2, 2], shift[2]
    zero, one, least = np.float32(0), np.float32(1), np.float32(1e-6)
    wide, high = np.float32(width), np.float32(height)
    stride = np.int32(width + 2)
    for p in range(xs.size):
        x, y, d = xs[p], ys[p], disparity[p]
        w = m20 * x + m21 * y + m22 + t2 * d
        ahead = w > least
        scale = one / (w if ahead else one)
        u = (m00 * x + m01 * y + m02 + t0 * d) * scale + right
        v = (m10 * x + m11 * y + m12 + t1 * d) * scale + bottom
        inside = ahead & (u >= zero) & (v >= zero) & (u < wide) & (v < high)
        # Selected before the conversion to an integer, which is undefined far outside.
        column, row = np.int32(u if inside else zero), np.int32(v if inside else zero)
        cell[p] = (row + 1) * stride + column + 1 if inside else 0
        near[p] = d * scale


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def splat_photo(disparity, labels, cx, cy, matrix, shift, index, nearness):
    """Splat all pixels of a photo; `nearness` is the inverse depth of the nearest, `index` its pixel number."""
    height, width = disparity.shape
    cell, near = np.empty(width, np.uint32), np.empty(width, np.float32)
    right, bottom = np.float32(cx + 0.5), np.float32(cy + 0.5)
    xs = np.arange(width).astype(np.float32) - np.float32(cx)
    ys = np.empty(width, np.float32)
    nearness[0] = np.float32(np.inf)  # nothing is nearer: cell 0 keeps no point
    objects = matrix.shape[0]
    for y in range(height):
        ys[:] = np.float32(y) - np.float32(cy)
        first = np.int32(y * width)
        row = labels[y]
        for k in range(objects):
            project_run(xs, ys, disparity[y], matrix[k], shift[k], right, bottom, width, height, cell, near)
            if objects > 1:
                for x in range(width):
                    if row[x] != k:
                        cell[x] = 0
            for x in range(width):
                c, z = cell[x], near[x]
                if z > nearness[c]:
                    nearness[c] = z
                    index[c] = first + np.int32(x)
    nearness[0] = np.float32(0)
