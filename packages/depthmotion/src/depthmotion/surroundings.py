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
def _read_pyramid(pyramid, start, rows, columns, level_of, top, left, height, width, out):
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
                        cell = pyramid[start[n] + y1 * columns[n] + min(x0 + dx, columns[n] - 1)]
                        red += weight * cell[0]
                        green += weight * cell[1]
                        blue += weight * cell[2]
                        total += weight * cell[3]
            scale = np.float32(255) / total if total > zero else zero
            out[j, i, 0] = np.uint8(red * scale + half)
            out[j, i, 1] = np.uint8(green * scale + half)
            out[j, i, 2] = np.uint8(blue * scale + half)


def _pyramid(
    image: UInt8[np.ndarray, "h w 3"], margins: Int32[np.ndarray, "4"], levels: int
) -> tuple[Float32[np.ndarray, "n 4"], Int32[np.ndarray, " l"], Int32[np.ndarray, " l"], Int32[np.ndarray, " l"]]:
    """Return weighted sums of every second, fourth … pixel's surroundings (RGB, 255; 0 outside), level after level.

    Also each level's first entry, rows and columns.
    """
    height, width = image.shape[:2]
    top, bottom, left, right = (int(margin) for margin in margins)
    rows, columns = -(-(height + top + bottom) // 2), -(-(width + left + right) // 2)
    after = 2 * rows - height - top, 2 * columns - width - left
    opaque = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    padded = cv2.copyMakeBorder(opaque, top, after[0], left, after[1], cv2.BORDER_CONSTANT)
    level: np.ndarray = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
    made = [level]
    for _ in range(levels - 1):
        made.append(cv2.pyrDown(made[-1]))
    shapes = np.array([part.shape[:2] for part in made], np.int32)
    start = np.cumsum([0, *(part[..., 0].size for part in made[:-1])]).astype(np.int32)
    return np.concatenate([part.reshape(-1, 4) for part in made]), start, shapes[:, 0].copy(), shapes[:, 1].copy()


def continue_outwards(
    image: UInt8[np.ndarray, "h w 3"], inside: UInt8[np.ndarray, "h w 3"], *, margins: Int32[np.ndarray, "4"]
) -> UInt8[np.ndarray, "padded_h padded_w 3"]:
    """Return a picture, `inside`, with the photo's surroundings, `margins` (top, bottom, left, right) pixels wide.

    Each pixel is a mean over the photo alone, as wide as its distance asks for (normalised convolution, Knutsson &
    Westin 1993): close to the border it joins the photo, farther out it tends to the mean of a wide part.
    """
    height, width = image.shape[:2]
    top, bottom, left, right = (int(margin) for margin in margins)
    farthest = int(np.ceil(np.hypot(max(top, bottom), max(left, right)))) + 2
    width_of = SOFTNESS * np.arange(0, farthest, 0.5) / LEVEL_WIDTH
    level_of = np.log2(np.maximum(width_of + 0.5, 1)).astype(np.float32)
    pyramid, start, rows, columns = _pyramid(image, margins, int(level_of[-1]) + 2)
    coarse = np.zeros((rows[0], columns[0], 3), np.uint8)
    _read_pyramid(pyramid, start, rows, columns, level_of, top, left, height, width, coarse)
    around = cv2.resize(coarse, (2 * int(columns[0]), 2 * int(rows[0])), interpolation=cv2.INTER_LINEAR)
    around = around[: height + top + bottom, : width + left + right]
    around[top : top + height, left : left + width] = inside
    return around
