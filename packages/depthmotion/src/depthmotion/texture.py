"""The pictures that frames are read from, one below the other: the photo, twice as fine, and its backdrop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import cv2
import numpy as np
from jaxtyping import Int16, Int32, UInt8, UInt16
from numba import njit

from depthmotion.errors import ImageError

FINENESS = 2
SUBPIXELS = 32
"""Steps per texture pixel in OpenCV's fixed-point maps."""
MAX_TEXTURE_SIDE = 32766
"""OpenCV's remap addresses pixels with 16 bits."""
TAPS = 8


@dataclass(frozen=True)
class Texture:
    """RGB picture: the photo (2·H, 2·W), even pixels its own, and from row 2·H what is behind and around it.

    That is the photo's `size` (height, width) and `margins` (top, bottom, left, right) more.
    """

    image: UInt8[np.ndarray, "rows columns 3"]
    margins: Int32[np.ndarray, "4"]
    size: tuple[int, int]

    @property
    def photo(self) -> UInt8[np.ndarray, "fine_h fine_w 3"]:
        """The photo, twice as fine."""
        height, width = self.size
        return self.image[: FINENESS * height, : FINENESS * width]

    @property
    def backdrop(self) -> UInt8[np.ndarray, "backdrop_h backdrop_w 3"]:
        """What is behind and around the photo, from `margins` past its corner."""
        height, width = self.size
        return self.image[FINENESS * height :, : width + int(self.margins[2] + self.margins[3])]

    def read(self, xy: Int16[np.ndarray, "h w 2"], fraction: UInt16[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
        """Return the colours at OpenCV fixed-point coordinates."""
        return np.asarray(
            cv2.remap(self.image, xy, fraction, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
        )


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _mirrored(i, size):
    last = size - 1
    while i < 0 or i > last:
        i = -i if i < 0 else 2 * last - i
        if last == 0:
            i = 0
    return i


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _half_samples(taps, out):
    """Interpolate half-way between samples, windowed sinc of 8 taps (the one of HEVC's motion compensation)."""
    # 16 bits hold every sum: between -6120 and 22472.
    t0, t1, t2, t3, t4, t5, t6, t7 = taps
    for j in range(out.size):
        inner, second = np.int16(np.int16(t3[j]) + np.int16(t4[j])), np.int16(np.int16(t2[j]) + np.int16(t5[j]))
        third, outer = np.int16(np.int16(t1[j]) + np.int16(t6[j])), np.int16(np.int16(t0[j]) + np.int16(t7[j]))
        middle = np.int16(np.int16(np.int16(40) * inner) - np.int16(np.int16(11) * second))
        value = np.int16(np.int16(middle + np.int16(np.int16(4) * third)) - np.int16(outer - np.int16(32)))
        out[j] = np.uint8(min(max(np.int16(value >> np.int16(6)), np.int16(0)), np.int16(255)))


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def double(image, fine):
    """Write a picture at twice its resolution into the first columns of `fine`."""
    height, width = image.shape[:2]
    padded = np.empty((width + TAPS) * 3, np.uint8)
    between = np.empty(width * 3, np.uint8)
    for y in range(height):
        row, out = image[y], fine[2 * y]
        for k in range(width + TAPS):
            x = k - 3
            x = x if 0 <= x < width else _mirrored(x, width)
            padded[3 * k] = row[x, 0]
            padded[3 * k + 1] = row[x, 1]
            padded[3 * k + 2] = row[x, 2]
        p = padded
        _half_samples((p, p[3:], p[6:], p[9:], p[12:], p[15:], p[18:], p[21:]), between)
        for x in range(width):
            for channel in range(3):
                out[2 * x, channel] = row[x, channel]
                out[2 * x + 1, channel] = between[3 * x + channel]
    flat = fine.reshape(fine.shape[0], fine.shape[1] * 3)[:, : 6 * width]
    for y in range(height):
        taps = (
            flat[2 * _mirrored(y - 3, height)],
            flat[2 * _mirrored(y - 2, height)],
            flat[2 * _mirrored(y - 1, height)],
            flat[2 * y],
            flat[2 * _mirrored(y + 1, height)],
            flat[2 * _mirrored(y + 2, height)],
            flat[2 * _mirrored(y + 3, height)],
            flat[2 * _mirrored(y + 4, height)],
        )
        _half_samples(taps, flat[2 * y + 1])


def make_texture(
    image: UInt8[np.ndarray, "h w 3"],
    backdrop: UInt8[np.ndarray, "backdrop_h backdrop_w 3"],
    *,
    margins: Int32[np.ndarray, "4"],
) -> Texture:
    """Stack a photo and what is behind and around it."""
    height, width = image.shape[:2]
    rows, columns = FINENESS * height + backdrop.shape[0], max(FINENESS * width, backdrop.shape[1])
    if max(rows, columns) > MAX_TEXTURE_SIDE:
        raise ImageError(
            f"an image of {width}×{height} pixels is too large to warp (the limit is about 9000 on a side): "
            "give a smaller size."
        )
    fine = np.empty((rows, columns, 3), np.uint8)
    double(image, fine[: FINENESS * height])
    fine[FINENESS * height :, : backdrop.shape[1]] = backdrop
    return Texture(fine, margins, (height, width))
