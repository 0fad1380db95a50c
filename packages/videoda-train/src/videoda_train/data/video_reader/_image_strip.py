"""A strip, frames side by side in one image, as a video."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.image_file import read_image
from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.errors import MediaError


class ImageStripReader(VideoReader):
    """Reads frames laid side by side, from left to right, in one image file."""

    fps = 0.0

    def __init__(self, path: Path | str, *, frame_width: int | None = None):
        self.path = Path(path)
        self._strip = read_image(self.path)
        height, width = self._strip.shape[:2]
        self._frame_width = height if frame_width is None else frame_width
        if self._frame_width < 1 or width % self._frame_width:
            raise MediaError(
                f"{self.path} is {width}×{height} px, not a whole number of frames {self._frame_width} px wide; "
                "give the width of a frame as frame_width"
            )

    def __len__(self) -> int:
        return self._strip.shape[1] // self._frame_width

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        width = self._frame_width
        return {index: resized(self._strip[:, index * width : (index + 1) * width], size) for index in wanted}
