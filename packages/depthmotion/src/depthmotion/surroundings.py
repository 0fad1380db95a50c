"""What is seen past the photo's border: the photo mirrored, and the more blurred the farther out."""

from __future__ import annotations

from typing import no_type_check

import cv2
import numpy as np
from jaxtyping import UInt8
from numba import njit

SOFTNESS = 1.0
"""Blur per distance from the border: nobody can know the details there, and wrong ones are worse than none."""


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _read_pyramid(image, pyramid, sides, softness, margin, out):
    """Read every pixel within `margin` of the border between the two levels that fit its distance."""
    height, width = image.shape[:2]
    one, half = np.float32(1), np.float32(0.5)
    levels = np.log2(one + np.float32(softness) * np.arange(margin + 1).astype(np.float32)).astype(np.float32)
    colour = np.empty(3, np.float32)
    for y in range(height):
        for x in range(width):
            distance = min(min(y, height - 1 - y), min(x, width - 1 - x))
            if distance > margin:
                continue
            sharper = int(levels[distance])
            part = levels[distance] - np.float32(sharper)
            colour[:] = np.float32(0)
            for step in range(2):
                level = sharper + step
                share = part if step else one - part
                if share == 0:
                    continue
                if level == 0:
                    for channel in range(3):
                        colour[channel] += share * image[y, x, channel]
                    continue
                rows, columns = sides[level, 0], sides[level, 1]
                u = (np.float32(x) + half) * np.float32(columns) / np.float32(width) - half
                v = (np.float32(y) + half) * np.float32(rows) / np.float32(height) - half
                u = min(max(u, np.float32(0)), np.float32(columns - 1))
                v = min(max(v, np.float32(0)), np.float32(rows - 1))
                left, top = int(u), int(v)
                right, bottom = min(left + 1, columns - 1), min(top + 1, rows - 1)
                across, down = u - np.float32(left), v - np.float32(top)
                for channel in range(3):
                    above = (one - across) * pyramid[level, top, left, channel]
                    above += across * pyramid[level, top, right, channel]
                    under = (one - across) * pyramid[level, bottom, left, channel]
                    under += across * pyramid[level, bottom, right, channel]
                    colour[channel] += share * ((one - down) * above + down * under)
            for channel in range(3):
                out[y, x, channel] = np.uint8(colour[channel] + half)


def soften_inwards(image: UInt8[np.ndarray, "h w 3"], *, margin: int) -> UInt8[np.ndarray, "h w 3"]:
    """Return the photo blurred in proportion to the distance from its border, up to `margin` pixels inside.

    Mirrored at the border, this is what lies around the photo; it joins the photo sharply.
    """
    height, width = image.shape[:2]
    coarsest = int(np.ceil(np.log2(1 + SOFTNESS * margin)))
    sides = np.array([(-(-height // 2**level), -(-width // 2**level)) for level in range(coarsest + 1)])
    pyramid = np.empty((coarsest + 1, *sides[min(1, coarsest)], 3), np.uint8)
    for level in range(1, coarsest + 1):
        rows, columns = sides[level]
        finer = image if level == 1 else pyramid[level - 1, : sides[level - 1, 0], : sides[level - 1, 1]]
        pyramid[level, :rows, :columns] = cv2.resize(finer, (columns, rows), interpolation=cv2.INTER_AREA)
    softened = image.copy()
    _read_pyramid(np.ascontiguousarray(image), pyramid, sides, SOFTNESS, margin, softened)
    return softened
