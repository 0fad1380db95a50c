"""What every source of depth can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from depthmotion.depthmap import DepthMap


class DepthSource(ABC):
    """Gives the depth of a photo."""

    @abstractmethod
    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return the depth map of an image, at the image's size; `file` is where the image was read from."""

    def batch(self, images: Sequence[np.ndarray], *, files: Sequence[Path] | None = None) -> list[DepthMap]:
        """Return the depth maps of several images uint8 (H, W, 3) of any sizes."""
        places: Sequence[Path | None] = files if files is not None else [None] * len(images)
        return [self(image, file=file) for image, file in zip(images, places, strict=True)]
