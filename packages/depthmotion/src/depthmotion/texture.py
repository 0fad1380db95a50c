"""The pictures that frames are read from: photo and plate, one above the other, twice as fine."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int16, UInt8, UInt16

from depthmotion.errors import ImageError

FINENESS = 2
SUBPIXELS = 32
"""Steps per texture pixel in OpenCV's fixed-point maps."""
MAX_TEXTURE_SIDE = 32766
"""OpenCV's remap addresses pixels with 16 bits."""
# Half-sample interpolation, windowed sinc of 8 taps (the one of HEVC's motion compensation).
HALF_SAMPLE = np.array([-1, 4, -11, 40, 40, -11, 4, -1], dtype=np.float32) / 64
REACH = 4


@dataclass(frozen=True)
class Texture:
    """RGB picture (2 · layers · (H + 2 margin), 2 · (W + 2 margin), 3); even pixels are the photo's own."""

    image: UInt8[np.ndarray, "rows columns 3"]
    margin: int
    layer_height: int

    def read(self, xy: Int16[np.ndarray, "h w 2"], fraction: UInt16[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
        """Return the colours at OpenCV fixed-point coordinates."""
        return np.asarray(
            cv2.remap(self.image, xy, fraction, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
        )


def _doubled(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    height, width = image.shape[:2]
    fine = np.empty((2 * height, 2 * width, 3), np.uint8)
    across = cv2.filter2D(image, -1, HALF_SAMPLE[None], anchor=(3, 0), borderType=cv2.BORDER_REFLECT_101)
    fine[::2, ::2] = image
    fine[::2, 1::2] = across
    fine[1::2] = cv2.filter2D(
        np.ascontiguousarray(fine[::2]), -1, HALF_SAMPLE[:, None], anchor=(0, 3), borderType=cv2.BORDER_REFLECT_101
    )
    return fine


def make_texture(layers: list[UInt8[np.ndarray, "h w 3"]], *, margin: int) -> Texture:
    """Stack pictures of one size, each with a mirrored margin, at twice their resolution."""
    height, width = layers[0].shape[:2]
    border = margin + REACH
    layer_height = height + 2 * border
    rows, columns = FINENESS * layer_height * len(layers), FINENESS * (width + 2 * border)
    if max(rows, columns) > MAX_TEXTURE_SIDE:
        raise ImageError(
            f"an image of {width}×{height} pixels is too large to warp (the limit is about 8000 on a side): "
            "give a smaller size."
        )
    mode = cv2.BORDER_REFLECT_101 if min(height, width) > 1 else cv2.BORDER_REPLICATE
    fine = [
        _doubled(np.asarray(cv2.copyMakeBorder(layer, border, border, border, border, mode), dtype=np.uint8))
        for layer in layers
    ]
    return Texture(np.concatenate(fine) if len(fine) > 1 else fine[0], border, layer_height)
