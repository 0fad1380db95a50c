"""A folder of numbered images as a video."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.image_file import IMAGE_SUFFIXES, read_image
from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.errors import MediaError


class FrameFolderReader(VideoReader):
    """Reads a folder of images in the order of their names (`00000.jpg`, `img_00001.jpg`, …)."""

    fps = 0.0

    def __init__(self, path: Path | str):
        self.path = Path(path)
        try:
            self.files = sorted(file for file in self.path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
        except OSError as error:
            raise MediaError(f"cannot read the folder {self.path}: {error.strerror}") from error
        if not self.files:
            raise MediaError(f"{self.path} holds no frames; expected images such as 00000.jpg")

    def __len__(self) -> int:
        return len(self.files)

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        return {index: resized(read_image(self.files[index]), size) for index in wanted}
