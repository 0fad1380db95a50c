"""Which pixels of one frame another frame shows too."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float32
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _mark_visible(flow, nearness, shown, tolerance, visible):
    height, width = nearness.shape
    for y in range(height):
        for x in range(width):
            u, v = np.float32(x) + flow[y, x, 0], np.float32(y) + flow[y, x, 1]
            if not (
                u >= np.float32(-0.5)
                and v >= np.float32(-0.5)
                and u < np.float32(width - 0.5)
                and v < np.float32(height - 0.5)
            ):
                visible[y, x] = False
                continue
            left, top = max(int(np.floor(u)), 0), max(int(np.floor(v)), 0)
            right, bottom = min(int(np.floor(u)) + 1, width - 1), min(int(np.floor(v)) + 1, height - 1)
            farthest = min(min(shown[top, left], shown[top, right]), min(shown[bottom, left], shown[bottom, right]))
            visible[y, x] = nearness[y, x] >= farthest - tolerance


def visible_in(
    flow: Float32[np.ndarray, "h w 2"],
    nearness: Float32[np.ndarray, "h w"],
    shown: Float32[np.ndarray, "h w"],
    *,
    tolerance: float,
) -> Bool[np.ndarray, "h w"]:
    """Return where a pixel, moved by `flow`, is inside the other frame and not behind what that frame shows there.

    `nearness` is the inverse depth that the pixel's point has in the other frame, `shown` that frame's own. A point
    is hidden if all four pixels around it show something nearer by more than `tolerance`.
    """
    visible = np.empty(nearness.shape, np.bool_)
    _mark_visible(flow, nearness, shown, np.float32(tolerance), visible)
    return visible
