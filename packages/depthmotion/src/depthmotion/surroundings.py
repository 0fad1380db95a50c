"""What is seen past the photo's border: its colours go on, averaged the wider the farther out."""

from __future__ import annotations

from typing import no_type_check

import cv2
import numpy as np
from jaxtyping import Float32, Int32, UInt8
from numba import njit

SOFTNESS = 0.65
"""Standard deviation of the mean, per distance from the border: nobody can know the details out there."""
LEVEL_WIDTH = 1.41
"""Standard deviation [px] of what is read from the finest level; it doubles with each."""
JOIN = 3
"""Pixels inside the border that are made too, since what is outside is interpolated with them."""


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _read_pyramid(pyramid, rows, columns, level_of, top, left, height, width, out):
    """Fill every second pixel around the photo with the weighted mean of the two levels that fit its distance."""
    zero, half = np.float32(0), np.float32(0.5)
    last_x, last_y = np.float32(width - 1), np.float32(height - 1)
    for j in range(out.shape[0]):
        y = np.float32(2 * j - top) + half
        out_y = max(-y, y - last_y)
        for i in range(out.shape[1]):
            x = np.float32(2 * i - left) + half
            out_x = max(-x, x - last_x)
            distance = max(out_x, out_y)
            if distance < -JOIN:
                continue
            if out_x > zero and out_y > zero:
                distance = np.sqrt(out_x * out_x + out_y * out_y)
            level = level_of[int(max(distance, zero) * np.float32(2))]
            finer = int(level)
            red, green, blue, total = zero, zero, zero, zero
            for step in range(2):
                share = level - np.float32(finer) if step else np.float32(finer + 1) - level
                n = finer + step
                u, v = np.float32(i) / np.float32(1 << n), np.float32(j) / np.float32(1 << n)
                x0, y0 = int(u), int(v)
                across, down = u - np.float32(x0), v - np.float32(y0)
                for dy in range(2):
                    across_row = share * (down if dy else np.float32(1) - down)
                    y1 = min(y0 + dy, rows[n] - 1)
                    for dx in range(2):
                        weight = across_row * (across if dx else np.float32(1) - across)
                        cell = pyramid[n, y1, min(x0 + dx, columns[n] - 1)]
                        red += weight * cell[0]
                        green += weight * cell[1]
                        blue += weight * cell[2]
                        total += weight * cell[3]
            scale = np.float32(1) / total if total > zero else zero
            out[j, i, 0] = np.uint8(red * scale + half)
            out[j, i, 1] = np.uint8(green * scale + half)
            out[j, i, 2] = np.uint8(blue * scale + half)


def _pyramid(
    image: UInt8[np.ndarray, "h w 3"], margins: Int32[np.ndarray, "4"], levels: int
) -> tuple[Float32[np.ndarray, "l h2 w2 4"], Int32[np.ndarray, " l"], Int32[np.ndarray, " l"]]:
    """Return weighted sums of every second, fourth … pixel's surroundings (RGB, 1; 0 outside), each level's size."""
    height, width = image.shape[:2]
    top, bottom, left, right = (int(margin) for margin in margins)
    rows = [-(-(height + top + bottom) // 2)]
    columns = [-(-(width + left + right) // 2)]
    for _ in range(levels - 1):
        rows.append(-(-rows[-1] // 2))
        columns.append(-(-columns[-1] // 2))
    pyramid = np.zeros((levels, rows[0], columns[0], 4), np.float32)
    padded = cv2.copyMakeBorder(
        image, top, 2 * rows[0] - height - top, left, 2 * columns[0] - width - left, cv2.BORDER_CONSTANT
    )
    inside = np.zeros((2 * rows[0], 2 * columns[0]), np.float32)
    inside[top : top + height, left : left + width] = 1
    pyramid[0, :, :, :3] = cv2.resize(padded, (columns[0], rows[0]), interpolation=cv2.INTER_AREA)
    pyramid[0, :, :, 3] = cv2.resize(inside, (columns[0], rows[0]), interpolation=cv2.INTER_AREA)
    for n in range(1, levels):
        finer = pyramid[n - 1, : rows[n - 1], : columns[n - 1]]
        pyramid[n, : rows[n], : columns[n]] = cv2.pyrDown(finer)
    return pyramid, np.array(rows, np.int32), np.array(columns, np.int32)


def continue_outwards(
    image: UInt8[np.ndarray, "h w 3"], *, margins: Int32[np.ndarray, "4"]
) -> UInt8[np.ndarray, "padded_h padded_w 3"]:
    """Return what surrounds the photo, `margins` (top, bottom, left, right) pixels wide; its own place is left open.

    Each pixel is a mean over the photo alone, as wide as its distance asks for (normalised convolution, Knutsson &
    Westin 1993): close to the border it joins the photo, farther out it tends to the mean of a wide part.
    """
    height, width = image.shape[:2]
    top, bottom, left, right = (int(margin) for margin in margins)
    farthest = int(np.ceil(np.hypot(max(top, bottom), max(left, right)))) + 2
    width_of = SOFTNESS * np.arange(0, farthest, 0.5) / LEVEL_WIDTH
    level_of = np.log2(np.maximum(width_of + 0.5, 1)).astype(np.float32)
    pyramid, rows, columns = _pyramid(image, margins, int(level_of[-1]) + 2)
    coarse = np.zeros((rows[0], columns[0], 3), np.uint8)
    _read_pyramid(pyramid, rows, columns, level_of, top, left, height, width, coarse)
    around = cv2.resize(coarse, (2 * int(columns[0]), 2 * int(rows[0])), interpolation=cv2.INTER_LINEAR)
    return around[: height + top + bottom, : width + left + right]
