"""PyAV, always decoded in order from the first frame: the reference for every other reader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from jaxtyping import UInt8

from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.errors import MediaError


def count_frames(path: Path) -> int:
    """Count the frames that decode, in order. Headers and packet counts both overstate it for some real files."""
    return sum(1 for _ in decode_in_order(path))


def decode_in_order(path: Path) -> Iterator[Any]:
    """Yield every frame (`av.VideoFrame`) from the first on, in one thread; a corrupt tail ends the video.

    Raises:
        MediaError: the file has no video stream, or nothing of it decodes.
    """
    decoded = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError(f"{path} has no video stream")
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            for frame in container.decode(stream):
                decoded += 1
                yield frame
    except (av.error.FFmpegError, IndexError) as error:
        # A corrupt tail ends the video where it breaks; nothing decoded at all is an error.
        if decoded == 0:
            raise MediaError(f"{path} is not a video that can be decoded: {error}") from error


class PyAvReader(VideoReader):
    """Reads with PyAV, in order from frame 0 at every call."""

    def __init__(self, path: Path | str, *, num_frames: int | None = None):
        self.path = Path(path)
        try:
            with av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise MediaError(f"{self.path} has no video stream")
                rate = container.streams.video[0].average_rate
        except av.error.FFmpegError as error:
            raise MediaError(f"{self.path} is not a video that can be opened: {error}") from error
        self.fps = float(rate) if rate else 0.0
        self._num_frames = count_frames(self.path) if num_frames is None else num_frames
        if self._num_frames == 0:
            raise MediaError(f"{self.path} holds no frame that can be decoded")

    def __len__(self) -> int:
        return self._num_frames

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        remaining = set(wanted)
        found: dict[int, np.ndarray] = {}
        for index, frame in enumerate(decode_in_order(self.path)):
            if index in remaining:
                found[index] = resized(frame.to_ndarray(format="rgb24"), size)
                remaining.discard(index)
                if not remaining:
                    break
        if remaining:
            raise MediaError(
                f"{self.path} breaks off after frame {max(found, default=-1)}; frame {min(remaining)} was asked"
            )
        return found
