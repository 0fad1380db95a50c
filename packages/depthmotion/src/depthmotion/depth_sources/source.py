"""What every source of depth can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from depthmotion.depthmap import DepthMap
from depthmotion.image_files import read_image

Photo = UInt8[np.ndarray, "h w 3"] | str | Path
"""An image, or the file that it is read from."""


def read_photo(photo: Photo, file: str | Path | None) -> tuple[UInt8[np.ndarray, "h w 3"], Path | None]:
    """Return an image and the file that it is from, if that is known."""
    if isinstance(photo, str | Path):
        return read_image(photo), Path(photo)
    return photo, None if file is None else Path(file)


class DepthSource(ABC):
    """Gives the depth of a photo."""

    @abstractmethod
    def __call__(self, image: Photo, *, file: str | Path | None = None) -> DepthMap:
        """Return the depth map of a photo, at its size.

        `image` is uint8 RGB (H, W, 3), or the file that it is read from. Where depth is found by the photo's name, an
        array alone is not enough: `file` is where it was read from.
        """

    def batch(self, images: Sequence[np.ndarray], *, files: Sequence[Path] | None = None) -> list[DepthMap]:
        """Return the depth maps of several images uint8 (H, W, 3) of any sizes."""
        places: Sequence[Path | None] = files if files is not None else [None] * len(images)
        return [self(image, file=file) for image, file in zip(images, places, strict=True)]
