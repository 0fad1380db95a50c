"""The pictures that frames are read from, one below the other: photo and plate, twice as fine, and surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import cv2
import numpy as np
from jaxtyping import Int16, Int32, UInt8, UInt16
from numba import njit

from depthmotion.errors import ImageError
from depthmotion.plate import Plate

FINENESS = 2
SUBPIXELS = 32
"""Steps per texture pixel in OpenCV's fixed-point maps."""
MAX_TEXTURE_SIDE = 32766
"""OpenCV's remap addresses pixels with 16 bits."""
TAPS = 8


@dataclass(frozen=True)
class Texture:
    """RGB picture: from row 0 the photo and from row 2·H its plate, both (2·H, 2·W), even pixels their own.

    From row 4·H the surroundings, the photo's size and `margins` (top, bottom, left, right) more.
    """

    image: UInt8[np.ndarray, "rows columns 3"]
    margins: Int32[np.ndarray, "4"]

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
    t0, t1, t2, t3, t4, t5, t6, t7 = taps
    for j in range(out.size):
        middle = np.int32(40) * (np.int32(t3[j]) + np.int32(t4[j])) - np.int32(11) * (np.int32(t2[j]) + np.int32(t5[j]))
        outer = np.int32(4) * (np.int32(t1[j]) + np.int32(t6[j])) - (np.int32(t0[j]) + np.int32(t7[j]))
        value = (middle + outer + np.int32(32)) >> np.int32(6)
        out[j] = np.uint8(min(max(value, np.int32(0)), np.int32(255)))


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def double(image, first, last, fine):
    """Write columns first … last (per row, int32 (H,)) of a picture at twice its resolution into `fine`."""
    height, width = image.shape[:2]
    padded = np.empty((width + TAPS) * 3, np.uint8)
    between = np.empty(width * 3, np.uint8)
    for y in range(height):
        start, stop = first[y], last[y]
        if stop <= start:
            continue
        row, out = image[y], fine[2 * y]
        for k in range(start, stop + TAPS):
            x = k - 3
            x = x if 0 <= x < width else _mirrored(x, width)
            padded[3 * k] = row[x, 0]
            padded[3 * k + 1] = row[x, 1]
            padded[3 * k + 2] = row[x, 2]
        p = padded[3 * start :]
        _half_samples((p, p[3:], p[6:], p[9:], p[12:], p[15:], p[18:], p[21:]), between[3 * start : 3 * stop])
        for x in range(start, stop):
            for channel in range(3):
                out[2 * x, channel] = row[x, channel]
                out[2 * x + 1, channel] = between[3 * x + channel]
    flat = fine.reshape(fine.shape[0], fine.shape[1] * 3)
    for y in range(height):
        start, stop = width, 0
        for k in range(y - 3, y + 5):
            source = _mirrored(k, height)
            if last[source] > first[source]:
                start, stop = min(start, first[source]), max(stop, last[source])
        if stop <= start:
            continue
        a, b = 6 * start, 6 * stop
        taps = (
            flat[2 * _mirrored(y - 3, height), a:b],
            flat[2 * _mirrored(y - 2, height), a:b],
            flat[2 * _mirrored(y - 1, height), a:b],
            flat[2 * y, a:b],
            flat[2 * _mirrored(y + 1, height), a:b],
            flat[2 * _mirrored(y + 2, height), a:b],
            flat[2 * _mirrored(y + 3, height), a:b],
            flat[2 * _mirrored(y + 4, height), a:b],
        )
        _half_samples(taps, flat[2 * y + 1, a:b])


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _painted_columns(x, y, first, last):
    """Set per row the columns that a change of the points (x, y) alters at twice the resolution."""
    first[:] = np.int32(2**30)
    last[:] = 0
    for k in range(x.size):
        first[y[k]] = min(first[y[k]], x[k])
        last[y[k]] = max(last[y[k]], x[k] + 1)


def make_texture(
    image: UInt8[np.ndarray, "h w 3"],
    plate: Plate,
    *,
    around: UInt8[np.ndarray, "around_h around_w 3"],
    margins: Int32[np.ndarray, "4"],
) -> Texture:
    """Stack a photo, its plate, and what is around the photo."""
    height, width = image.shape[:2]
    photo_rows, columns = FINENESS * height, max(FINENESS * width, around.shape[1])
    rows = 2 * photo_rows + around.shape[0]
    if max(rows, columns) > MAX_TEXTURE_SIDE:
        raise ImageError(
            f"an image of {width}×{height} pixels is too large to warp (the limit is about 5500 on a side): "
            "give a smaller size."
        )
    fine = np.empty((rows, columns, 3), np.uint8)
    first, last = np.zeros(height, np.int32), np.full(height, width, np.int32)
    photo, below = fine[:photo_rows], fine[photo_rows : 2 * photo_rows]
    double(image, first, last, photo)
    below[:] = photo
    _painted_columns(plate.x, plate.y, first, last)
    np.clip(first - TAPS // 2, 0, None, out=first)
    np.clip(last + TAPS // 2, None, width, out=last)
    double(plate.image, first, last, below)
    fine[2 * photo_rows :, : around.shape[1]] = around
    return Texture(fine, margins)
