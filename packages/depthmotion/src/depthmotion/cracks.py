"""Pixels that a splat misses between the points of one surface."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from depthmotion.splat import FAST


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def reciprocal(divisor):
    """Return what `place_of` divides by."""
    return np.uint64((1 << 44) // divisor + 1)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def place_of(i, width, by, cx, cy):
    """Return x and y from (cx, cy) of number i in rows of `width`, which `by` is the reciprocal of.

    Without a division; i · width < 2⁴⁴, as for all pixels of an image with H · W² < 2⁴⁴.
    """
    row = np.int32((np.uint64(i) * by) >> np.uint64(44))
    return np.float32(np.int32(i) - row * width) - cx, np.float32(row) - cy


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def nearness_within_reach(a, b, c, reach, px, py, r0, r1, r2, b0, b1, b2):
    """Return the inverse depth at which a point's plane is seen along a ray, or -1 out of the point's reach.

    The plane is a·x + b·y + c around (px, py), the ray M⁻¹·(x, y, 1), (b0, b1, b2) the motion's M⁻¹·b.
    """
    # Both sides of every comparison are multiplied by `below` and `ahead`, and none is a branch of its own: which of
    # them fails cannot be foreseen.
    below = np.float32(1) + a * b0 + b * b1 + c * b2
    s = a * r0 + b * r1 + c * r2
    ahead = r2 * below - b2 * s
    limit = reach * ahead
    least = np.float32(1e-6)
    hit = (below > least) & (s > 0) & (ahead > least * below)
    hit &= (abs(r0 * below - b0 * s - px * ahead) <= limit) & (abs(r1 * below - b1 * s - py * ahead) <= limit)
    return s / below if hit else np.float32(-1)


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def _are_beside(first, second, near_first, near_second, ahead, aside, tolerance):
    step = second - first
    in_photo = (step == ahead) | (step == ahead - aside) | (step == ahead + aside)
    return in_photo & (first >= 0) & (abs(near_second - near_first) <= tolerance)


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def close_hairlines(index, nearness, tolerance, flags):
    """Give each hole between two points that are neighbours in the photo, on one surface, to the first of them.

    Most cracks are this narrow where a view comes closer; the others are for `close_cracks`. `flags` is scratch: uint8
    (W rounded up to a multiple of 8), zero past W.
    """
    width = index.shape[1] - 2
    hole, wide = np.int32(-1), np.uint64(0x0101010101010101)
    blocks = flags.view(np.uint64)
    for y in range(1, index.shape[0] - 1):
        above, row, under = index[y - 1], index[y], index[y + 1]
        near_above, near, near_under = nearness[y - 1], nearness[y], nearness[y + 1]
        here = row[1:]
        for x in range(width):
            flags[x] = here[x] == hole
        for block in range(blocks.size):
            # No hairline: no hole, or eight that go on upwards.
            if blocks[block] == 0 or (blocks[block] == wide and above[8 * block + 1] < 0):
                continue
            for x in range(8 * block, min(8 * block + 8, width)):
                if not flags[x]:
                    continue
                c = np.uint32(x + 1)
                if _are_beside(row[c - 1], row[c + 1], near[c - 1], near[c + 1], 1, width, tolerance):
                    row[c], near[c] = row[c - 1], near[c - 1]
                elif _are_beside(above[c], under[c], near_above[c], near_under[c], width, 1, tolerance):
                    row[c], near[c] = above[c], near_above[c]


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def find_candidates(nearness, tolerance, flags, queue):
    """Queue the holes beside something and the pixels beside something nearer by `tolerance`; returns their number.

    `flags` is uint8 (W rounded up to a multiple of 8), zero.
    """
    height, width = nearness.shape[0] - 2, nearness.shape[1] - 2
    column = np.empty(width + 2, np.float32)
    left, middle, right = column[:-2], column[1:-1], column[2:]
    blocks = flags.view(np.uint64)
    count = 0
    zero = np.float32(0)
    for y in range(height):
        above, row, under = nearness[y], nearness[y + 1], nearness[y + 2]
        inner = row[1:-1]
        for x in range(width + 2):
            column[x] = max(max(above[x], under[x]), row[x])
        for x in range(width):
            least = inner[x] + tolerance if inner[x] > zero else zero
            flags[x] = max(max(left[x], right[x]), middle[x]) > least
        for block in range(blocks.size):
            if blocks[block] == 0:
                continue
            for x in range(8 * block, min(8 * block + 8, width)):
                if flags[x]:
                    queue[count] = (y + 1) << 16 | (x + 1)
                    count += 1
    return count


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
@no_type_check
def close_cracks(
    index, nearness, planes, labels, inverse, back, cx, cy, tolerance, flags, marked, queue, winners, values,
    steps,
):  # fmt: skip
    """Give holes, and pixels that show a far surface through a near one, to the neighbour whose cell covers them.

    `index` and `nearness` have a border of one pixel (H + 2, W + 2), `marked` too: 1 on the border, else 0, before and
    after. `queue` (packed y · 2¹⁶ + x), `winners` and `values` are scratch, one entry per pixel. The cells beside which
    something nearer was found are queued in `steps`, two entries per pixel; returns their number.
    """
    stride = index.shape[1]
    width = stride - 2
    points, near, mark = index.reshape(-1), nearness.reshape(-1), marked.reshape(-1)
    left_x, top_y = np.float32(cx + 1), np.float32(cy + 1)
    f_cx, f_cy = np.float32(cx), np.float32(cy)
    objects = inverse.shape[0]
    by_width = reciprocal(width)
    offsets = np.array([-1, 1, -stride, stride, -stride - 1, -stride + 1, stride - 1, stride + 1])
    left = find_candidates(nearness, tolerance, flags, queue)
    for h in range(left):
        steps[h] = (queue[h] >> 16) * stride + (queue[h] & 0xFFFF)
    num_steps = left
    first_round = True
    while left > 0:
        found = 0
        for h in range(left):
            y, x = np.uint32(queue[h]) >> np.uint32(16), np.uint32(queue[h]) & np.uint32(0xFFFF)
            cell = np.uint64(y * stride + x)
            mark[cell] = 0
            xc, yc = np.float32(x) - left_x, np.float32(y) - top_y
            k = -1
            r0 = r1 = r2 = b0 = b1 = b2 = np.float32(0)
            shown = points[cell] >= 0
            best = near[cell] + tolerance if shown else np.float32(0)
            winner = np.int32(-1)
            for n in range(8):
                beside = np.uint64(np.int64(cell) + offsets[n])
                # Once a plane covers the pixel, only a nearer surface is of interest, not its own neighbours' planes.
                if near[beside] <= (best if winner < 0 else best + tolerance):
                    continue
                i = np.uint32(points[beside])
                px, py = place_of(i, width, by_width, f_cx, f_cy)
                label = labels[i] if objects > 1 else 0
                if label != k:
                    k = label
                    r0 = inverse[k, 0, 0] * xc + inverse[k, 0, 1] * yc + inverse[k, 0, 2]
                    r1 = inverse[k, 1, 0] * xc + inverse[k, 1, 1] * yc + inverse[k, 1, 2]
                    r2 = inverse[k, 2, 0] * xc + inverse[k, 2, 1] * yc + inverse[k, 2, 2]
                    b0, b1, b2 = back[k, 0], back[k, 1], back[k, 2]
                a, b, c, reach = planes[i, 0], planes[i, 1], planes[i, 2], abs(planes[i, 3])
                if shown and reach == np.float32(1):
                    # One surface with all its neighbours in the photo, none of which it hides.
                    step = abs(points[cell] - np.int32(i))
                    if step == 1 or abs(step - width) <= 1:
                        continue
                s = nearness_within_reach(a, b, c, reach, px, py, r0, r1, r2, b0, b1, b2)
                if s > best:
                    best = s
                    winner = np.int32(i)
            if winner >= 0:
                queue[found] = queue[h]
                winners[found] = winner
                values[found] = best
                found += 1
        for h in range(found):
            cell = (queue[h] >> 16) * stride + (queue[h] & 0xFFFF)
            points[cell] = winners[h]
            near[cell] = values[h]
            if not first_round:
                steps[num_steps] = cell
                num_steps += 1
        first_round = False
        left = _queue_holes_beside(points, stride, queue, found, mark, winners)
    return num_steps


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _queue_holes_beside(points, stride, queue, count, mark, spare):
    """Replace the first `count` pixels of a queue by the unmarked holes around them, marked; returns their number."""
    found = 0
    for h in range(count):
        cell = (queue[h] >> 16) * stride + (queue[h] & 0xFFFF)
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                beside = np.uint64(cell + dy * stride + dx)
                if points[beside] == -1 and mark[beside] == 0:
                    mark[beside] = 1
                    spare[found] = queue[h] + (dy << 16) + dx
                    found += 1
    queue[:found] = spare[:found]
    return found
