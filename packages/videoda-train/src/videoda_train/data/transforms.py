"""Crop and flip of clips, drawn once and applied alike to RGB and flow."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Shaped, UInt8

from videoda_train.errors import ConfigError


@dataclass(frozen=True)
class CropFlip:
    """One crop window `(top, left, size)` in pixels and whether to mirror it left to right."""

    top: int
    left: int
    size: int
    flip: bool

    def rgb(self, clip: UInt8[np.ndarray, "T H W 3"]) -> UInt8[np.ndarray, "T S S 3"]:
        """Crop and mirror frames."""
        return self._apply(clip)

    def flow_codes(self, codes: UInt8[np.ndarray, "T H W 2"]) -> UInt8[np.ndarray, "T S S 2"]:
        """Crop and mirror `uint8` flow codes; a mirrored flow has u negated (code 255 - c)."""
        codes = self._apply(codes)
        if self.flip:
            np.subtract(255, codes[..., 0], out=codes[..., 0])
        return codes

    def _apply(self, clip: Shaped[np.ndarray, "T H W C"]) -> Shaped[np.ndarray, "T S S C"]:
        cropped = clip[:, self.top : self.top + self.size, self.left : self.left + self.size]
        if not self.flip:
            return cropped
        rows = cropped.reshape(-1, self.size, cropped.shape[-1])
        return cv2.flip(rows, 1).reshape(cropped.shape)  # a view with a negative step is slow to copy


def random_crop_flip(
    height: int, width: int, *, size: int, rng: np.random.Generator, flip_probability: float = 0.5
) -> CropFlip:
    """Draw a crop window uniformly and a flip with the given probability."""
    _require_fit(height, width, size)
    return CropFlip(
        top=int(rng.integers(height - size + 1)),
        left=int(rng.integers(width - size + 1)),
        size=size,
        flip=bool(rng.random() < flip_probability),
    )


def centre_crop(height: int, width: int, *, size: int) -> CropFlip:
    """Return the central window, unflipped."""
    _require_fit(height, width, size)
    return CropFlip(top=(height - size) // 2, left=(width - size) // 2, size=size, flip=False)


def _require_fit(height: int, width: int, size: int) -> None:
    if size > min(height, width):
        raise ConfigError(f"a crop of {size} px does not fit into {width}×{height} px; lower crop or raise resize")
