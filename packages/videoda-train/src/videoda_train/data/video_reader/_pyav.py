"""PyAV in one thread: in order from the first frame, or from a frame where starting is proven to be safe."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8

from videoda_train.data.failed_item import naming
from videoda_train.data.image_file import require_fewer_pixels
from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.data.video_reader._open import open_media
from videoda_train.data.video_reader._orientation import UPRIGHT, Turn, turn_of, turned
from videoda_train.data.video_reader._seek_points import IN_ORDER, SeekPoints
from videoda_train.errors import MediaError


@contextmanager
def open_stream(path: Path | str) -> Iterator[tuple[Any, Any]]:
    """Open a file and the video stream that is meant, to be decoded in this thread: no thread to hang after a fork.

    Raises:
        MediaError: the file has no video stream that can be decoded, or its header gives frames of too many pixels.
    """
    with open_media(path) as container:
        if not container.streams.video:
            raise MediaError(f"{path} has no video stream; it may hold audio only")
        stream = main_stream(container)
        codec = stream.codec_context
        if codec is None:
            raise MediaError(f"{path} has a video stream in a format that no decoder here knows")
        require_fewer_pixels(path, codec.width, codec.height)
        stream.thread_type = "NONE"
        yield container, stream


def main_stream(container: Any) -> Any:
    """Return the film: no cover and no thumbnail, one that is shown by default, the largest, the first of these."""
    return max(container.streams.video, key=_rank)


def _rank(stream: Any) -> tuple[bool, bool, bool, int]:
    disposition = int(getattr(stream.disposition, "value", stream.disposition))
    is_cover = bool(disposition & (_ATTACHED_PICTURE | _THUMBNAILS | _STILL_IMAGE))
    codec = stream.codec_context
    pixels = codec.width * codec.height if codec is not None else 0
    # A thumbnail need not say that it is one.
    return not is_cover, stream.frames != 1, bool(disposition & _DEFAULT), pixels


# FFmpeg's AV_DISPOSITION_…
_DEFAULT, _ATTACHED_PICTURE, _THUMBNAILS, _STILL_IMAGE = 0x1, 0x400, 0x800, 0x100000


def stored_turn(path: Path) -> Turn:
    """Return how a file's frames, as they are stored, are to be turned; the first one says it for all.

    Raises:
        MediaError: the file's film is not its first video stream, which is the one that other decoders read.
    """
    with open_stream(path) as (container, stream):
        if stream.index != container.streams.video[0].index:
            raise MediaError(
                f"the film in {path} is its stream {stream.index}, behind a preview or a cover; "
                "read it with backend='pyav'"
            )
    return next((turn_of(frame) for frame in decode_in_order(path)), UPRIGHT)


def decode_in_order(path: Path | str) -> Iterator[Any]:
    """Yield every frame (`av.VideoFrame`) from the first on; a corrupt tail ends the video.

    Raises:
        MediaError: the file has no video stream, or nothing of it decodes.
    """
    decoded = 0
    try:
        with open_stream(path) as (container, stream):
            for frame in container.decode(stream):
                require_fewer_pixels(path, frame.width, frame.height)
                decoded += 1
                yield frame
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        # A corrupt tail ends the video where it breaks; nothing decoded at all is an error.
        if decoded == 0:
            raise MediaError(f"{path} is not a video that can be decoded: {error}") from error


def count_frames(path: Path) -> int:
    """Count the frames that decode, in order. Headers and packet counts both overstate it for some real files."""
    return sum(1 for _ in decode_in_order(path))


def frame_rate(path: Path) -> float:
    """Return the average rate [frames/s] that a file's header states, 0 if none.

    Raises:
        MediaError: the file cannot be opened or has no video stream.
    """
    with naming(path):
        try:
            with open_stream(path) as (_, stream):
                return float(stream.average_rate or 0)
        except av.error.FFmpegError as error:
            raise MediaError(f"{path} is not a video that can be opened: {error}") from error


class RgbConverter:
    """Decoded frames to RGB arrays, upright: what `frame.to_ndarray(format="rgb24")` gives, turned as the file says."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: Any) -> UInt8[np.ndarray, "H W 3"]:
        # A reformatter of our own has no threads and is set up once.
        return turned(self._reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray(), turn_of(frame))


class PyAvReader(VideoReader):
    """Reads with PyAV. The file is opened at every call, and only what is asked for is turned into RGB.

    Without seek points every call decodes from frame 0 to the last frame asked for; with them, only the stretches
    between a seek point and the frames asked for.
    """

    def __init__(self, path: Path | str, *, num_frames: int | None = None, seek_points: SeekPoints = IN_ORDER):
        self.path = Path(path)
        self.fps = frame_rate(self.path)
        self._num_frames = count_frames(self.path) if num_frames is None else num_frames
        self._seek_points = seek_points
        if self._num_frames == 0:
            raise MediaError(f"{self.path} holds no frame that can be decoded")

    def __len__(self) -> int:
        return self._num_frames

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        if self._seek_points.frames:
            # These come where it is not the file that the points were found in: in order is right whatever it is.
            with suppress(av.error.FFmpegError, IndexError, _AstrayError):
                return self._read_by_seeking(wanted, size)
        return self._read_in_order(wanted, size)

    def _read_by_seeking(self, wanted: list[int], size: Size | None) -> dict[int, np.ndarray]:
        convert = RgbConverter()
        points = self._seek_points
        found: dict[int, np.ndarray] = {}
        with open_stream(self.path) as (container, stream):
            position = -1
            frames: Iterator[Any] = iter(())
            for number in wanted:
                point = points.last_before(number)
                if points.frames[point] > position:
                    position = points.frames[point]
                    frames = frames_from(container, stream, points.pts[point])
                for frame in frames:
                    if not points.agree(position, frame.pts):
                        raise _AstrayError
                    position += 1
                    if position > number:
                        found[number] = resized(convert(frame), size)
                        break
                else:
                    raise _AstrayError
        return found

    def _read_in_order(self, wanted: list[int], size: Size | None) -> dict[int, np.ndarray]:
        convert = RgbConverter()
        remaining = set(wanted)
        found: dict[int, np.ndarray] = {}
        for index, frame in enumerate(decode_in_order(self.path)):
            if index in remaining:
                found[index] = resized(convert(frame), size)
                remaining.discard(index)
                if not remaining:
                    break
        if remaining:
            raise MediaError(
                f"{self.path} breaks off after frame {max(found, default=-1)}; frame {min(remaining)} was asked"
            )
        return found


class _AstrayError(Exception):
    """A seek did not arrive where it was to."""


def frames_from(container: Any, stream: Any, pts: int) -> Iterator[Any]:
    """Seek to the key frame shown at `pts` [stream time base] and yield the frames from there on."""
    container.seek(pts, stream=stream)
    for frame in container.decode(stream):
        if frame.pts is None or frame.pts >= pts:
            yield frame
