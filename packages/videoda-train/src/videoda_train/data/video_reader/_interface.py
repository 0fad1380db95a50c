"""What every video reader offers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Integer, UInt8

from videoda_train.data.failed_item import naming
from videoda_train.errors import ConfigError

Size = tuple[int, int]


class VideoReader(ABC):
    """A video as a sequence of RGB frames.

    `len(reader)` is the number of frames that decode, which is not always the number the header states.
    """

    fps: float
    path: Path

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        """Return the frames at the sorted, distinct indices `wanted`."""

    def frames(
        self, indices: Sequence[int] | Integer[np.ndarray, " T"], size: Size | None = None
    ) -> UInt8[np.ndarray, "T H W 3"]:
        """Return the frames at `indices`, in that order, repeats allowed.

        Args:
            indices: frame numbers in `0 … len(self) - 1`.
            size: `(height, width)` to resize to, aspect not kept; default: the video's own.

        Raises:
            ConfigError: an index is out of range, or there is none.
            MediaError: the video breaks off before a wanted frame.
        """
        order = [int(i) for i in indices]
        if not order:
            raise ConfigError("no frame index given; ask for at least one frame")
        if min(order) < 0 or max(order) >= len(self):
            raise ConfigError(f"frame indices {min(order)} to {max(order)} asked; allowed: 0 to {len(self) - 1}")
        with naming(self.path):
            decoded = self._read(sorted(set(order)), size)
            return np.stack([decoded[i] for i in order])


def resized(image: UInt8[np.ndarray, "H W 3"], size: Size | None) -> UInt8[np.ndarray, "H2 W2 3"]:
    """Return an image at `(height, width)`, by area averaging; unchanged without a size."""
    return image if size is None else cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
