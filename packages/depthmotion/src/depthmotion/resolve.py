"""From visible points to exact source coordinates, texture coordinates, flow and depth."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from depthmotion.holes import PLATE
from depthmotion.splat import FAST
from depthmotion.texture import FINENESS, SUBPIXELS


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def gather_planes(row, planes, disparity, plane, special):
    """Fetch the planes (3, W) of one row of points; a surface that is continued into a hole faces the camera.

    Lists in `special` the pixels that the photo may not show: those read from the backdrop, and those whose colour has
    a share of something nearer in it. Returns their number.
    """
    a, b, c = plane[0], plane[1], plane[2]
    zero, point = np.float32(0), np.uint32(PLATE - 1)
    count = 0
    for x in range(row.size):
        coded = row[x]
        special[count] = x
        if coded >= 0:
            i = np.uint32(coded) & point
            a[x], b[x], c[x] = planes[i, 0], planes[i, 1], planes[i, 2]
            count += (np.uint32(coded) > point) | (planes[i, 3] < zero)
        else:
            a[x], b[x], c[x] = zero, zero, disparity[np.uint32(np.int32(-2) - coded)]
            count += 1
    return count


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
def photo_row(source, cx, cy, height, xy, fraction):
    """Write a row's places in the photo as OpenCV's fixed-point coordinates in the texture.

    `xy` holds two 16-bit numbers, y in the upper half; `fraction` two of 5 bits.
    """
    qx, qy = source[0], source[1]
    width = qx.size
    zero, half, steps = np.float32(0), np.float32(0.5), np.float32(FINENESS * SUBPIXELS)
    f_cx, f_cy = np.float32(cx), np.float32(cy)
    right, bottom = np.float32(width - 1), np.float32(height - 1)
    five, sixteen, low, word = np.int32(5), np.int32(16), np.int32(31), np.int32(0xFFFF)
    for x in range(width):
        sx = np.int32(min(max(qx[x] + f_cx, zero), right) * steps + half)
        sy = np.int32(min(max(qy[x] + f_cy, zero), bottom) * steps + half)
        xy[x] = ((sy >> five) << sixteen) | ((sx >> five) & word)
        fraction[x] = ((sy & low) << five) | (sx & low)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def backdrop_row(
    source, row, nearness, y, special, disparity, labels, covered, tolerance, cx, cy, height, margins, xy, fraction
):
    """Write the coordinates of the `special` pixels of row y that show what is behind or around the photo.

    A point is read from the plate where the nearer thing that has a share in its colour is elsewhere. Where the plate
    has painted over the very surface that is continued into a hole, the photo shows it; where that has ended in the
    photo and something farther is, its own last colour goes on.
    """
    width = np.int32(row.size)
    zero, half, steps = np.float32(0), np.float32(0.5), np.float32(SUBPIXELS)
    # Not unpacked: for each row that would take as long as a hundred pixels.
    f_cx, f_cy, left, top = np.float32(cx), np.float32(cy), np.float32(margins[2]), np.float32(margins[0])
    last_x, last_y, first = np.float32(width - 1), np.float32(height - 1), np.int32(FINENESS * SUBPIXELS * height)
    right_end, bottom_end = last_x + np.float32(margins[2] + margins[3]), last_y + np.float32(margins[0] + margins[1])
    five, sixteen, low = np.int32(5), np.int32(16), np.int32(31)
    for x in special:
        code = row[x]
        u, v = source[0, x] + f_cx, source[1, x] + f_cy
        if code < 0:
            if u >= zero and v >= zero and u <= last_x and v <= last_y:
                i = np.uint32(np.int32(v + half) * width + np.int32(u + half))
                point = np.int32(-2) - code
                if covered[i] and disparity[i] <= source[2, x] + tolerance and labels[i] == labels[point]:
                    continue
                if disparity[i] < source[2, x] - tolerance and not covered[i]:
                    xy[x] = ((point // width) * FINENESS) << sixteen | (point % width) * FINENESS
                    fraction[x] = 0
                    continue
        elif code < PLATE:
            if not _is_alone(nearness, y, x, tolerance):
                continue
            row[x] = code | np.int32(PLATE)
        sx = np.int32(min(max(u + left, zero), right_end) * steps + half)
        sy = np.int32(min(max(v + top, zero), bottom_end) * steps + half) + first
        xy[x] = ((sy >> five) << sixteen) | (sx >> five)
        fraction[x] = ((sy & low) << five) | (sx & low)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _is_alone(nearness, y, x, tolerance):
    """Return whether nothing nearer is beside a pixel."""
    limit = nearness[y + 1, x + 1] + tolerance
    alone = True
    for dy in range(3):
        for dx in range(3):
            alone &= nearness[y + dy, x + dx] <= limit
    return alone


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
    view_shift, cx, cy, margins, xy, fraction, flow, depth, valid,
):  # fmt: skip
    """Fill texture coordinates, validity, flow to another motion and depth in a view (H, W …) of one frame.

    `index` and `nearness` have a border of one pixel. An output whose first side is 0 is left out. `disparity`,
    `labels` and `covered` are flat. With `xy`, `index` changes where a point is read from the plate.
    """
    height, width = index.shape[0] - 2, index.shape[1] - 2
    objects = inverse.shape[0]
    scratch = np.empty((3, 3, width), np.float32)
    plane, source, own = scratch[0], scratch[1], scratch[2]
    own_flow, own_depth = np.empty((width, 2), np.float32), own[2]
    special, row_labels = np.empty(width, np.int32), np.zeros(width, np.uint8)
    xs = np.arange(width).astype(np.float32) - np.float32(cx)
    for y in range(height):
        row, near = index[y + 1, 1:-1], nearness[y + 1, 1:-1]
        yc = np.float32(y) - np.float32(cy)
        count = gather_planes(row, planes, disparity, plane, special)
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
            photo_row(source, cx, cy, height, xy[y], fraction[y])
            backdrop_row(
                source, row, nearness, y, special[:count], disparity, labels, covered, tolerance, cx, cy, height,
                margins, xy[y], fraction[y],
            )  # fmt: skip
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
