"""Forward splat: which source point is nearest at every target pixel."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

FAST = {"contract", "reassoc", "nsz", "arcp"}


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def splat_photo(disparity, labels, cx, cy, matrix, shift, index, nearness):
    """Splat all pixels of a photo; `nearness` is the inverse depth of the nearest, `index` its pixel number."""
    height, width = disparity.shape
    columns = np.empty(width, np.int32)
    rows = np.empty(width, np.int32)
    near = np.empty(width, np.float32)
    f_cx, f_cy = np.float32(cx), np.float32(cy)
    right, bottom = np.float32(cx + 0.5), np.float32(cy + 0.5)
    offsets = np.arange(width).astype(np.float32) - f_cx
    single = matrix.shape[0] == 1
    for k in range(matrix.shape[0]):
        m00, m01, m02 = matrix[k, 0, 0], matrix[k, 0, 1], matrix[k, 0, 2]
        m10, m11, m12 = matrix[k, 1, 0], matrix[k, 1, 1], matrix[k, 1, 2]
        m20, m21, m22 = matrix[k, 2, 0], matrix[k, 2, 1], matrix[k, 2, 2]
        t0, t1, t2 = shift[k, 0], shift[k, 1], shift[k, 2]
        for y in range(height):
            yc = np.float32(y) - f_cy
            u0, v0, w0 = m01 * yc + m02, m11 * yc + m12, m21 * yc + m22
            for x in range(width):
                d = disparity[y, x]
                xc = offsets[x]
                w = m20 * xc + w0 + t2 * d
                ahead = w > np.float32(1e-6)
                scale = np.float32(1) / (w if ahead else np.float32(1))
                u = (m00 * xc + u0 + t0 * d) * scale + right
                v = (m10 * xc + v0 + t1 * d) * scale + bottom
                # Clamped so that the conversion to an integer is defined; -1 stays outside.
                u = min(max(u, np.float32(-1)), np.float32(width))
                v = min(max(v, np.float32(-1)), np.float32(height))
                columns[x] = np.int32(np.floor(u))
                rows[x] = np.int32(np.floor(v))
                near[x] = d * scale if ahead else np.float32(-1)
            for x in range(width):
                i, j, z = rows[x], columns[x], near[x]
                inside = i >= 0 and j >= 0 and i < height and j < width
                if inside and (single or labels[y, x] == k) and z > nearness[i, j]:
                    nearness[i, j] = z
                    index[i, j] = y * width + x


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def splat_points(xs, ys, disparity, labels, first, last, cx, cy, matrix, shift, offset, index, nearness):
    """Splat points first … last of a list into pixels that hold no photo pixel (index below `offset`)."""
    height, width = index.shape
    right, bottom = np.float32(cx + 0.5), np.float32(cy + 0.5)
    for p in range(first, last):
        k = labels[p]
        d = disparity[p]
        xc, yc = np.float32(xs[p]) - np.float32(cx), np.float32(ys[p]) - np.float32(cy)
        w = matrix[k, 2, 0] * xc + matrix[k, 2, 1] * yc + matrix[k, 2, 2] + shift[k, 2] * d
        if w <= np.float32(1e-6):
            continue
        scale = np.float32(1) / w
        u = (matrix[k, 0, 0] * xc + matrix[k, 0, 1] * yc + matrix[k, 0, 2] + shift[k, 0] * d) * scale + right
        v = (matrix[k, 1, 0] * xc + matrix[k, 1, 1] * yc + matrix[k, 1, 2] + shift[k, 1] * d) * scale + bottom
        if u >= 0 and v >= 0 and u < width and v < height:
            i, j = int(v), int(u)
            z = d * scale
            held = index[i, j]
            if (held < 0 or held >= offset) and z > nearness[i, j]:
                nearness[i, j] = z
                index[i, j] = offset + p
