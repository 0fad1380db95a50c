"""Pixels that an edge crosses: the near surface's colour over what the frame shows behind it."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from depthmotion.cracks import place_of, reciprocal
from depthmotion.holes import PLATE
from depthmotion.matting import EDGE_STEPS, NO_EDGE


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def has_edge(edges):
    """Return whether a point's surface ends beside it."""
    return (edges[0] & edges[1] & edges[2] & edges[3]) != NO_EDGE


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def share_at(edges, dx, dy):
    """Return which share of a pixel, (dx, dy) from a point in the photo, the point's surface takes, exactly and there.

    Between pixels the photo is interpolated, and so is the share that it holds.
    """
    zero, half, one, scale = np.float32(0), np.float32(0.5), np.float32(1), np.float32(1 / EDGE_STEPS)
    share = held = one if abs(dx) <= one and abs(dy) <= one else zero
    for side, past in ((0, -dx), (1, dx), (2, -dy), (3, dy)):
        if edges[side] != NO_EDGE:
            full = half + np.float32(edges[side]) * scale
            share *= min(max(full - past, zero), one)
            own, outer = min(full, one), max(full - one, zero)
            held *= own + abs(past) * ((outer if past > zero else one) - own)
    return share, held


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def source_of(a, b, c, x, y, inverse, back):
    """Return where a ray meets the plane a·x + b·y + c: its place in the photo, from the centre."""
    r0 = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    r1 = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    r2 = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    s = (a * r0 + b * r1 + c * r2) / (np.float32(1) + a * back[0] + b * back[1] + c * back[2])
    scale = np.float32(1) / (r2 - back[2] * s)
    return (r0 - back[0] * s) * scale, (r1 - back[1] * s) * scale


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _read(picture, u, v, colour):
    """Interpolate a picture between its pixels, or at its border."""
    last_y, last_x = picture.shape[0] - 1, picture.shape[1] - 1
    u = min(max(u, np.float32(0)), np.float32(last_x))
    v = min(max(v, np.float32(0)), np.float32(last_y))
    x0, y0 = int(u), int(v)
    x1, y1 = min(x0 + 1, last_x), min(y0 + 1, last_y)
    across, down = u - np.float32(x0), v - np.float32(y0)
    for channel in range(3):
        top = picture[y0, x0, channel] * (np.float32(1) - across) + picture[y0, x1, channel] * across
        bottom = picture[y1, x0, channel] * (np.float32(1) - across) + picture[y1, x1, channel] * across
        colour[channel] = top * (np.float32(1) - down) + bottom * down


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _queue_steps(points, near, offsets, tolerance, steps, count, mark, queue):
    """Queue those of `steps` that have a step of depth beside them, and what is across it; returns their number."""
    queued = 0
    for h in range(count):
        cell = np.int64(steps[h])
        own = abs(near[cell])
        across = False
        for n in range(8):
            beside = cell + offsets[n]
            if abs(abs(near[beside]) - own) > tolerance and points[beside] != -1:
                across = True
                if mark[beside] == 0:
                    mark[beside] = 1
                    queue[queued] = beside
                    queued += 1
        if across and mark[cell] == 0:
            mark[cell] = 1
            queue[queued] = cell
            queued += 1
    return queued


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _is_covered_behind(front, u, v, disparity, covered, width, tolerance):
    """Return whether the photo's pixel at (u, v) is farther than the point `front` and painted over in the plate."""
    x = min(max(np.int32(u + np.float32(0.5)), 0), width - 1)
    y = min(max(np.int32(v + np.float32(0.5)), 0), disparity.size // width - 1)
    i = y * width + x
    return covered[i] and disparity[i] < disparity[front] - tolerance


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def find_silhouettes(
    index, nearness, planes, edges, disparity, labels, covered, inverse, back, cx, cy, tolerance, steps, count, marked,
    queue, cells, mixtures,
):  # fmt: skip
    """Find the pixels that edges run through, beside the `count` cells `steps` at the most; returns their number.

    `cells` gets their cells, `mixtures` (N, 6): the near surface's share, exactly and as the photo holds it; where the
    photo has that surface; and where it has what is behind it, from its centre, or nothing (NaN) if the frame shows
    that there anyway. The share is negative where the frame shows the near surface. `marked` has a border of 1 and is 0
    elsewhere, before and after.
    """
    stride = index.shape[1]
    points, near, mark = index.reshape(-1), nearness.reshape(-1), marked.reshape(-1)
    objects = inverse.shape[0]
    offsets = np.array([-1, 1, -stride, stride, -stride - 1, -stride + 1, stride - 1, stride + 1])
    queued = _queue_steps(points, near, offsets, tolerance, steps, count, mark, queue)
    width = stride - 2
    by_width, by_stride = reciprocal(width), reciprocal(stride)
    f_cx, f_cy = np.float32(cx), np.float32(cy)
    zero, one, nothing = np.float32(0), np.float32(1), np.float32(np.nan)
    found = 0
    for h in range(queued):
        cell = queue[h]
        mark[cell] = 0
        x, y = place_of(cell - stride - 1, stride, by_stride, f_cx, f_cy)  # inside of the border
        code = points[cell]
        own = abs(near[cell])
        share, held, u, v, front = zero, one, zero, zero, np.int32(0)
        farthest, hidden = own - tolerance, np.int64(-1)
        for n in range(8):
            beside = np.int64(cell) + offsets[n]
            other = abs(near[beside])
            if other < farthest and points[beside] != -1:
                farthest, hidden = other, beside
            if near[beside] <= own + tolerance:
                continue
            i = points[beside] & (PLATE - 1)
            if not has_edge(edges[i]):
                continue
            k = labels[i] if objects > 1 else 0
            qx, qy = source_of(planes[i, 0], planes[i, 1], planes[i, 2], x, y, inverse[k], back[k])
            px, py = place_of(i, width, by_width, f_cx, f_cy)
            taken, there = share_at(edges[i], qx - px, qy - py)
            if taken > share:
                share, held, u, v, front = taken, there, qx, qy, i
        over = share > zero
        if over:
            hidden = np.int64(cell)
        else:
            if code < 0 or code >= PLATE or hidden < 0 or not has_edge(edges[code]):
                continue
            k = labels[code] if objects > 1 else 0
            u, v = source_of(planes[code, 0], planes[code, 1], planes[code, 2], x, y, inverse[k], back[k])
            px, py = place_of(code, width, by_width, f_cx, f_cy)
            share, held = share_at(edges[code], u - px, v - py)
            if held == zero:  # beyond the point's neighbours: nothing is known of the edge there
                continue
        i = points[hidden]
        clean = over and (i < 0 or planes[i & (PLATE - 1), 3] == one)  # free of the near surface's colour
        painted = i >= 0 and covered[i & (PLATE - 1)]
        if painted and clean:
            painted = _is_covered_behind(front, u + f_cx, v + f_cy, disparity, covered, width, tolerance)
        if painted:  # the plate shows what is behind that surface in turn, there or where the edge was
            share = held = one
        if not over and share == one and held == one:
            continue
        qx = qy = nothing
        if not clean:
            a, b, c = zero, zero, zero
            if i < 0:
                i = -2 - i
                c = disparity[i]
            else:
                i &= PLATE - 1
                a, b, c = planes[i, 0], planes[i, 1], planes[i, 2]
            k = labels[i] if objects > 1 else 0
            qx, qy = source_of(a, b, c, x, y, inverse[k], back[k])
        cells[found] = cell
        mixture = mixtures[found]
        mixture[0], mixture[1] = share if over else -share, held
        mixture[2], mixture[3], mixture[4], mixture[5] = u, v, qx, qy
        found += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def blend_silhouettes(image, photo, plate, cx, cy, left, top, cells, mixtures, count):
    """Mix near and far colours in the pixels that `find_silhouettes` found.

    At the edge the photo is a mixture already, of the near surface and of what was behind it there: what is behind it
    now replaces that, in its share. `photo` is twice as fine; `plate` shows what was behind, from (left, top) on.
    """
    stride = image.shape[1] + 2
    f_cx, f_cy = np.float32(cx), np.float32(cy)
    plate_x, plate_y = np.float32(left) + f_cx, np.float32(top) + f_cy
    zero, half, one, two, highest = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2), np.float32(255)
    fore, was, now = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
    for h in range(count):
        pixel = image[cells[h] // stride - 1, cells[h] % stride - 1]
        share, held, u, v, qx, qy = mixtures[h]
        for channel in range(3):
            fore[channel] = now[channel] = pixel[channel]
        if share > zero:
            _read(photo, two * (u + f_cx), two * (v + f_cy), fore)
        if qx == qx:
            _read(plate, qx + plate_x, qy + plate_y, now)
        _read(plate, u + plate_x, v + plate_y, was)
        share = abs(share)
        gain = share / held
        for channel in range(3):
            value = share * was[channel] + (one - share) * now[channel] + gain * (fore[channel] - was[channel]) + half
            pixel[channel] = np.uint8(min(max(value, zero), highest))
