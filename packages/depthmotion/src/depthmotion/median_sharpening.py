"""Depth sharpening as published: near a jump of disparity, the median of what is off the jump."""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Float32
from numba import njit

WINDOW = 5
ROUNDS = 2


def sharpen_by_median(
    disparity: Float32[np.ndarray, "h w"], *, jump: float, rounds: int = ROUNDS
) -> Float32[np.ndarray, "h w"]:
    """Return disparity where each 5×5 window that touches a jump gives its centre the median of its pixels off it.

    A pixel is on a jump if it differs by more than `jump` from one of its four neighbours. Of an even number of pixels
    the median is the upper middle one, never a mean of two surfaces; a window that is all jump changes nothing. (The
    rule of Shih et al., "3D Photography using Context-aware Layered Depth Inpainting", as depthstillation uses it.)
    """
    values = np.ascontiguousarray(disparity)
    for _ in range(rounds):
        values = _median_off_jumps(values, np.float32(jump))
    return values


@njit(cache=True, nogil=True)
@no_type_check
def _median_off_jumps(values, jump):
    height, width = values.shape
    on = np.zeros((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            if x + 1 < width and abs(values[y, x + 1] - values[y, x]) > jump:
                on[y, x] = on[y, x + 1] = True
            if y + 1 < height and abs(values[y + 1, x] - values[y, x]) > jump:
                on[y, x] = on[y + 1, x] = True
    result = values.copy()
    reach = WINDOW // 2
    kept = np.empty(WINDOW * WINDOW, np.float32)
    for y in range(height):
        for x in range(width):
            top, bottom = max(y - reach, 0), min(y + reach + 1, height)
            left, right = max(x - reach, 0), min(x + reach + 1, width)
            count = 0
            for row in range(top, bottom):
                for column in range(left, right):
                    if not on[row, column]:
                        kept[count] = values[row, column]
                        count += 1
            if 0 < count < (bottom - top) * (right - left):
                result[y, x] = np.sort(kept[:count])[count // 2]
    return result
