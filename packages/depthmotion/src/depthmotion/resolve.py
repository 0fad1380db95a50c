"""From visible points to exact source coordinates, texture coordinates, flow and depth."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from depthmotion.holes import PLATE
from depthmotion.splat import FAST


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def leave_edges(index, nearness, planes, tolerance, y):
    """Let points of row y be read from the plate where the nearer thing that has a share in their colour is elsewhere.

    Returns whether there are any.
    """
    row, near = index[y + 1], nearness[y + 1]
    found = False
    for x in range(1, row.size - 1):
        i = np.uint32(row[x])
        if i >= np.uint32(PLATE) or planes[i, 3] > np.float32(0):
            continue
        limit = near[x] + tolerance
        alone = True
        for dy in range(3):
            for dx in range(-1, 2):
                alone &= nearness[y + dy, x + dx] <= limit
        if alone:
            row[x] |= np.int32(PLATE)
            found = True
    return found


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def gather_planes(row, planes, disparity, plane):
    """Fetch the planes (3, W) of one row of points; a surface that is continued into a hole faces the camera.

    Returns whether something in the row is read from the backdrop, and whether something has a nearer colour in it.
    """
    a, b, c = plane[0], plane[1], plane[2]
    zero, point = np.float32(0), np.uint32(PLATE - 1)
    behind = mixed = False
    for x in range(row.size):
        coded = row[x]
        if np.uint32(coded) <= point:
            i = np.uint32(coded)
            a[x], b[x], c[x] = planes[i, 0], planes[i, 1], planes[i, 2]
            mixed |= planes[i, 3] < zero
        elif coded >= 0:
            i = np.uint32(coded) & point
            a[x], b[x], c[x] = planes[i, 0], planes[i, 1], planes[i, 2]
            behind = True
        else:
            a[x], b[x], c[x] = zero, zero, disparity[np.uint32(np.int32(-2) - coded)]
            behind = True
    return behind, mixed


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def gather_labels(row, labels, found):
    """Fetch the object label of every point of a row."""
    for x in range(row.size):
        found[x] = labels[row[x] & (PLATE - 1) if row[x] >= 0 else -2 - row[x]]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def intersect_row(plane, near, xs, yc, inverse, back, source):
    """Intersect the rays of one row of pixels with their planes: source x, y (from the centre) and disparity (3, W).

    A plane that a ray only grazes is met far from its point: it is trusted up to a factor of two of `near`, the point's
    own inverse depth in the frame, which is 0 for holes.
    """
    a, b, c = plane[0], plane[1], plane[2]
    qx, qy, disparity = source[0], source[1], source[2]
    one, two, half, zero = np.float32(1), np.float32(2), np.float32(0.5), np.float32(0)
    i00, i10, i20 = inverse[0, 0], inverse[1, 0], inverse[2, 0]
    c0 = inverse[0, 1] * yc + inverse[0, 2]
    c1 = inverse[1, 1] * yc + inverse[1, 2]
    c2 = inverse[2, 1] * yc + inverse[2, 2]
    b0, b1, b2 = back[0], back[1], back[2]
    for x in range(xs.size):
        xc = xs[x]
        r0, r1, r2 = i00 * xc + c0, i10 * xc + c1, i20 * xc + c2
        s = (a[x] * r0 + b[x] * r1 + c[x] * r2) / (one + a[x] * b0 + b[x] * b1 + c[x] * b2)
        n = near[x]
        s = min(max(s, half * n), two * n if n > zero else s)
        scale = one / (r2 - b2 * s)
        qx[x] = (r0 - b0 * s) * scale
        qy[x] = (r1 - b1 * s) * scale
        disparity[x] = s * scale


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def texture_row(source, cx, cy, height, xy, fraction):
    """Write one row of OpenCV fixed-point coordinates into the photo.

    `xy` holds two 16-bit numbers, y in the upper half; `fraction` two of 5 bits.
    """
    qx, qy = source[0], source[1]
    width = qx.size
    zero, steps, half = np.float32(0), np.float32(64), np.float32(0.5)
    f_cx, f_cy = np.float32(cx), np.float32(cy)
    right, bottom = np.float32(width - 1), np.float32(height - 1)
    five, sixteen, low, word = np.int32(5), np.int32(16), np.int32(31), np.int32(0xFFFF)
    for x in range(width):
        u = min(max(qx[x] + f_cx, zero), right)
        v = min(max(qy[x] + f_cy, zero), bottom)
        sx = np.int32(u * steps + half)
        sy = np.int32(v * steps + half)
        xy[x] = ((sy >> five) << sixteen) | ((sx >> five) & word)
        fraction[x] = ((sy & low) << five) | (sx & low)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def backdrop_row(source, row, disparity, labels, covered, tolerance, cx, cy, height, margins, xy, fraction):
    """Write the coordinates of a row's pixels that show what is behind or around the photo.

    Where the plate has painted over the very surface that is continued, the photo shows it; where that has ended in the
    photo and something farther is, its own last colour goes on.
    """
    width = row.size
    top, bottom, left, right = margins
    zero, steps, half = np.float32(0), np.float32(32), np.float32(0.5)
    last_x, last_y = np.float32(width - 1), np.float32(height - 1)
    right_end, bottom_end = last_x + np.float32(left + right), last_y + np.float32(top + bottom)
    f_cx, f_cy, first = np.float32(cx), np.float32(cy), np.int32(64 * height)
    for x in range(width):
        code = row[x]
        if np.uint32(code) < np.uint32(PLATE):
            continue
        u, v = source[0, x] + f_cx, source[1, x] + f_cy
        if code < 0 and u >= zero and v >= zero and u <= last_x and v <= last_y:
            i = np.uint32(np.int32(v + half) * width + np.int32(u + half))
            if (
                covered[i]
                and disparity[i] <= source[2, x] + tolerance
                and labels[i] == labels[np.uint32(np.int32(-2) - code)]
            ):
                continue
            if disparity[i] < source[2, x] - tolerance and not covered[i]:
                point = np.int32(-2) - code
                xy[x] = ((point // width) << np.int32(17)) | ((point % width) << np.int32(1))
                fraction[x] = 0
                continue
        u = min(max(u + np.float32(left), zero), right_end)
        v = min(max(v + np.float32(top), zero), bottom_end)
        sx, sy = np.int32(u * steps + half), np.int32(v * steps + half) + first
        xy[x] = ((sy >> np.int32(5)) << np.int32(16)) | (sx >> np.int32(5))
        fraction[x] = ((sy & np.int32(31)) << np.int32(5)) | (sx & np.int32(31))


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def flow_row(source, xs, yc, matrix, shift, flow):
    """Write one row of flow: where the motion takes the source points, minus where they are seen."""
    qx, qy, disparity = source[0], source[1], source[2]
    m00, m01, m02, t0 = matrix[0, 0], matrix[0, 1], matrix[0, 2], shift[0]
    m10, m11, m12, t1 = matrix[1, 0], matrix[1, 1], matrix[1, 2], shift[1]
    m20, m21, m22, t2 = matrix[2, 0], matrix[2, 1], matrix[2, 2], shift[2]
    one, least = np.float32(1), np.float32(1e-6)
    for x in range(xs.size):
        px, py, d = qx[x], qy[x], disparity[x]
        scale = one / max(m20 * px + m21 * py + m22 + t2 * d, least)
        flow[x, 0] = (m00 * px + m01 * py + m02 + t0 * d) * scale - xs[x]
        flow[x, 1] = (m10 * px + m11 * py + m12 + t1 * d) * scale - yc


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def depth_row(source, matrix, shift, depth):
    """Write one row of depth in the view whose motion is given."""
    qx, qy, disparity = source[0], source[1], source[2]
    m20, m21, m22, t2 = matrix[2, 0], matrix[2, 1], matrix[2, 2], shift[2]
    least = np.float32(1e-6)
    for x in range(qx.size):
        along = m20 * qx[x] + m21 * qy[x] + m22 + t2 * disparity[x]
        depth[x] = along / max(disparity[x], least)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def resolve_frame(
    index, nearness, planes, disparity, labels, covered, tolerance, inverse, back, to_matrix, to_shift, view_matrix,
    view_shift, cx, cy, margins, xy, fraction, flow, depth, valid, scratch, row_labels,
):  # fmt: skip
    """Fill texture coordinates, validity, flow to another motion and depth in a view (H, W …) of one frame.

    `index` and `nearness` have a border of one pixel. An output whose first side is 0 is left out. `disparity`,
    `labels` and `covered` are flat; `scratch` is float32 (3, 3, W). With `xy`, `index` changes where a point is read
    from the plate.
    """
    height, width = index.shape[0] - 2, index.shape[1] - 2
    objects = inverse.shape[0]
    plane, source, own = scratch[0], scratch[1], scratch[2]
    own_flow, own_depth = np.empty((width, 2), np.float32), own[2]
    xs = np.arange(width).astype(np.float32) - np.float32(cx)
    for y in range(height):
        row, near = index[y + 1, 1:-1], nearness[y + 1, 1:-1]
        yc = np.float32(y) - np.float32(cy)
        behind, mixed = gather_planes(row, planes, disparity, plane)
        intersect_row(plane, near, xs, yc, inverse[0], back[0], source)
        if objects > 1:
            gather_labels(row, labels, row_labels)
            for k in range(1, objects):
                if not np.any(row_labels == k):
                    continue
                intersect_row(plane, near, xs, yc, inverse[k], back[k], own)
                for x in range(width):
                    if row_labels[x] == k:
                        source[0, x], source[1, x], source[2, x] = own[0, x], own[1, x], own[2, x]
        if xy.shape[0]:
            texture_row(source, cx, cy, height, xy[y], fraction[y])
            if mixed:
                behind |= leave_edges(index, nearness, planes, tolerance, y)
            if behind:
                backdrop_row(
                    source, row, disparity, labels, covered, tolerance, cx, cy, height, margins, xy[y], fraction[y]
                )
        if valid.shape[0]:
            seen = valid[y]
            for x in range(width):
                seen[x] = row[x] >= 0
        if flow.shape[0]:
            flow_row(source, xs, yc, to_matrix[0], to_shift[0], flow[y])
        if depth.shape[0]:
            depth_row(source, view_matrix[0], view_shift[0], depth[y])
        for k in range(1, objects):
            if flow.shape[0]:
                flow_row(source, xs, yc, to_matrix[k], to_shift[k], own_flow)
            if depth.shape[0]:
                depth_row(source, view_matrix[k], view_shift[k], own_depth)
            for x in range(width):
                if row_labels[x] != k:
                    continue
                if flow.shape[0]:
                    flow[y, x, 0], flow[y, x, 1] = own_flow[x, 0], own_flow[x, 1]
                if depth.shape[0]:
                    depth[y, x] = own_depth[x]
