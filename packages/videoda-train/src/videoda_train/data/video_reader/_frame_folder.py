"""A folder of numbered images as a video."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.image_file import IMAGE_SUFFIXES, read_image
from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.errors import MediaError


class FrameFolderReader(VideoReader):
    """Reads a folder of images in the order of their numbers (`1.jpg … 24.jpg`, `img_00001.jpg`, …).

    The images of a video share one pattern of names; optical flow beside them (`flow_x_00001.jpg`) and images without a
    number are no frames of it. Where no image has a number, all are read in the order of their names.

    Raises:
        MediaError: the folder cannot be read, holds no image, or holds those of several patterns.
    """

    fps = 0.0

    def __init__(self, path: Path | str):
        self.path = Path(path)
        try:
            found = [
                file
                for file in self.path.iterdir()
                if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
            ]
        except OSError as error:
            raise MediaError(f"cannot read the folder {self.path}: {error.strerror}") from error
        if not found:
            raise MediaError(f"{self.path} holds no frames; expected images such as 00000.jpg")
        self.files = sorted(_of_one_pattern(self.path, found), key=_order)

    @property
    def num_missing(self) -> int:
        """How many numbers have no file, between the first and the last, where names have one number each."""
        numbers = [_numbers(file) for file in self.files]
        if any(len(found) != 1 for found in numbers):
            return 0
        return numbers[-1][0] - numbers[0][0] + 1 - len({found[0] for found in numbers})

    def __len__(self) -> int:
        return len(self.files)

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        return {index: resized(read_image(self.files[index]), size) for index in wanted}


def _of_one_pattern(folder: Path, files: Sequence[Path]) -> Sequence[Path]:
    groups: dict[str, list[Path]] = {}
    for file in files:
        if _numbers(file):
            groups.setdefault(re.sub(r"[0-9]+", "#", file.stem), []).append(file)
    if not groups:
        return files
    frames = {pattern: group for pattern, group in groups.items() if not pattern.lower().startswith("flow")} or groups
    if len(frames) > 1:
        named = ", ".join(f"{len(group)} {pattern}" for pattern, group in sorted(frames.items())[:4])
        raise MediaError(f"{folder} holds images of {len(frames)} patterns of names ({named}); leave one video's in it")
    return next(iter(frames.values()))


def _numbers(file: Path) -> list[int]:
    # Not \d and int() of what it finds: digits of other scripts, and numbers too long to be converted.
    return [int(digits) for digits in re.findall(r"[0-9]{1,18}", file.stem)]


def _order(file: Path) -> tuple[list[int], str]:
    return _numbers(file), file.name
