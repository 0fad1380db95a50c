"""From visible points to exact source coordinates, texture coordinates and flow."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from depthmotion.splat import FAST


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def resolve_row(index_row, y, planes, point_labels, matrix, inverse, back, cx, cy, source, buffers):
    """Intersect one row's pixel rays with their points' planes.

    `source` (3, W) receives source x, y (from the principal point) and disparity.
    """
    width = index_row.size
    a, b, c = buffers[0], buffers[1], buffers[2]
    for x in range(width):
        i = index_row[x]
        if i >= 0:
            a[x], b[x], c[x] = planes[i, 0], planes[i, 1], planes[i, 2]
        else:
            a[x], b[x], c[x] = np.float32(0), np.float32(0), planes[-2 - i, 4]
    yc = np.float32(y - cy)
    f_cx = np.float32(cx)
    for k in range(matrix.shape[0]):
        i00, i10, i20 = inverse[k, 0, 0], inverse[k, 1, 0], inverse[k, 2, 0]
        c0 = inverse[k, 0, 1] * yc + inverse[k, 0, 2]
        c1 = inverse[k, 1, 1] * yc + inverse[k, 1, 2]
        c2 = inverse[k, 2, 1] * yc + inverse[k, 2, 2]
        b0, b1, b2 = back[k, 0], back[k, 1], back[k, 2]
        if k == 0:
            for x in range(width):
                xc = np.float32(x) - f_cx
                r0, r1, r2 = i00 * xc + c0, i10 * xc + c1, i20 * xc + c2
                s = (a[x] * r0 + b[x] * r1 + c[x] * r2) / (np.float32(1) + a[x] * b0 + b[x] * b1 + c[x] * b2)
                scale = np.float32(1) / (r2 - b2 * s)
                source[0, x] = (r0 - b0 * s) * scale
                source[1, x] = (r1 - b1 * s) * scale
                source[2, x] = s * scale
        else:
            for x in range(width):
                i = index_row[x]
                if point_labels[i if i >= 0 else -2 - i] == k:
                    xc = np.float32(x) - f_cx
                    r0, r1, r2 = i00 * xc + c0, i10 * xc + c1, i20 * xc + c2
                    s = (a[x] * r0 + b[x] * r1 + c[x] * r2) / (np.float32(1) + a[x] * b0 + b[x] * b1 + c[x] * b2)
                    scale = np.float32(1) / (r2 - b2 * s)
                    source[0, x] = (r0 - b0 * s) * scale
                    source[1, x] = (r1 - b1 * s) * scale
                    source[2, x] = s * scale


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def texture_row(index_row, source, num_photo, cx, cy, margin, layer_height, height, xy, fraction):
    """Write one row of OpenCV fixed-point coordinates into the stacked texture; coordinates are kept in their layer."""
    width = index_row.size
    left, right = np.float32(-cx - margin + 1), np.float32(width - 1 - cx + margin - 1)
    top, bottom = np.float32(-cy - margin + 1), np.float32(height - 1 - cy + margin - 1)
    add_x = np.float32((cx + margin) * 64 + 0.5)
    add_y = np.float32((cy + margin) * 64 + 0.5)
    plate = np.int32(layer_height * 64)
    for x in range(width):
        i = index_row[x]
        i = i if i >= 0 else -2 - i
        sx = np.int32(min(max(source[0, x], left), right) * np.float32(64) + add_x)
        sy = np.int32(min(max(source[1, x], top), bottom) * np.float32(64) + add_y)
        sy += plate if i >= num_photo else np.int32(0)
        xy[x, 0] = sx >> 5
        xy[x, 1] = sy >> 5
        fraction[x] = ((sy & 31) << 5) | (sx & 31)


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def flow_row(index_row, y, source, point_labels, matrix, shift, cx, cy, flow):
    """Write one row of flow: where the motion (matrix, shift) takes the source points, minus where they are seen."""
    width = index_row.size
    yc = np.float32(y - cy)
    f_cx = np.float32(cx)
    for k in range(matrix.shape[0]):
        for x in range(width):
            if k > 0:
                i = index_row[x]
                if point_labels[i if i >= 0 else -2 - i] != k:
                    continue
            qx, qy, d = source[0, x], source[1, x], source[2, x]
            w = matrix[k, 2, 0] * qx + matrix[k, 2, 1] * qy + matrix[k, 2, 2] + shift[k, 2] * d
            scale = np.float32(1) / max(w, np.float32(1e-6))
            u = matrix[k, 0, 0] * qx + matrix[k, 0, 1] * qy + matrix[k, 0, 2] + shift[k, 0] * d
            v = matrix[k, 1, 0] * qx + matrix[k, 1, 1] * qy + matrix[k, 1, 2] + shift[k, 1] * d
            flow[x, 0] = u * scale - (np.float32(x) - f_cx)
            flow[x, 1] = v * scale - yc


@njit(cache=True, nogil=True, fastmath=FAST)
@no_type_check
def resolve_frame(
    index,
    planes,
    labels,
    matrix,
    inverse,
    back,
    cx,
    cy,
    num_photo,
    margin,
    layer_height,
    next_matrix,
    next_shift,
    with_flow,
    xy,
    fraction,
    flow,
    valid,
    coordinates,
    with_coordinates,
):
    """Fill texture coordinates, validity and, when asked, flow and source coordinates (H, W, 3) of one frame."""
    height, width = index.shape
    source = np.empty((3, width), np.float32)
    buffers = np.empty((3, width), np.float32)
    for y in range(height):
        row = index[y]
        resolve_row(row, y, planes, labels, matrix, inverse, back, cx, cy, source, buffers)
        texture_row(row, source, num_photo, cx, cy, margin, layer_height, height, xy[y], fraction[y])
        for x in range(width):
            valid[y, x] = row[x] >= 0 and row[x] < num_photo
        if with_flow:
            flow_row(row, y, source, labels, next_matrix, next_shift, cx, cy, flow[y])
        if with_coordinates:
            for x in range(width):
                coordinates[y, x, 0] = source[0, x]
                coordinates[y, x, 1] = source[1, x]
                coordinates[y, x, 2] = source[2, x]
