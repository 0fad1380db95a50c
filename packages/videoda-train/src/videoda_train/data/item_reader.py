"""The frames of one list line: a whole video or folder of frames, a stretch of a longer one, or a still."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.image_file import IMAGE_SUFFIXES, read_image
from videoda_train.data.list_file import ListItem
from videoda_train.data.video_facts import VideoFacts, find_facts
from videoda_train.data.video_reader import FrameFolderReader, VideoReader, open_video, stream_frames
from videoda_train.data.video_reader._interface import resized
from videoda_train.errors import MediaError


def open_item(item: ListItem, facts: VideoFacts | None = None) -> VideoReader:
    """Open what a list line names: frame 0 is the first of its stretch, and `len` the stretch's.

    Args:
        item: a video file, a folder of raw frames, a strip of frames, or a photo, which is a video of one frame.
        facts: what is known of the item; saves decoding a whole video file.

    Raises:
        MediaError: the file is missing or unreadable, or holds fewer frames than the line says.
    """
    stretch = item.stretch
    if is_photo(item.path):
        return PhotoReader(item.path)
    if stretch is None:
        if facts is None:
            return open_video(item.path)
        return open_video(item.path, num_frames=facts.num_frames, seek_points=facts.seek_points)
    reader = open_video(item.path)
    first = stretch.offset
    if isinstance(reader, FrameFolderReader):
        first += stretch.numbered_from - _first_number(reader, item)
    if first < 0 or first + stretch.num_frames > len(reader):
        raise MediaError(
            f"{item.path} has {len(reader)} frames, too few for {stretch.num_frames} from {stretch.offset} on; "
            f"extract its frames again, or drop the line"
        )
    return StretchReader(reader, first=first, num_frames=stretch.num_frames)


def stream_item(item: ListItem) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    """Yield the frames of what a list line names, in order and in bounded memory, as RGB at their own size.

    Raises:
        MediaError: it is missing or unreadable, or holds fewer frames than the line says.
    """
    if item.stretch is None:
        yield from stream_frames(item.path)
        return
    stretch = open_item(item)
    assert isinstance(stretch, StretchReader)
    yield from islice(stream_frames(item.path), stretch.first, stretch.first + len(stretch))


def is_photo(path: Path) -> bool:
    """Say whether a file is an image, and not a strip of three square frames or more side by side."""
    if path.suffix.lower() not in IMAGE_SUFFIXES or path.is_dir():
        return False
    height, width = read_image(path).shape[:2]
    return width < 3 * height or width % height != 0


def find_item_facts(item: ListItem) -> VideoFacts:
    """Return the facts of what a list line names, found by decoding it.

    Raises:
        MediaError: it is missing, does not decode, is truncated, or holds fewer frames than the line says.
    """
    if item.stretch is None and not is_photo(item.path):
        return find_facts(item.path)
    reader = open_item(item)
    return VideoFacts(len(reader), reader.fps)


class PhotoReader(VideoReader):
    """A photo as a video of one frame."""

    fps = 0.0

    def __init__(self, path: Path):
        self.path = path

    def __len__(self) -> int:
        return 1

    def _read(self, wanted: list[int], size: tuple[int, int] | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        return {0: resized(read_image(self.path), size)}


class StretchReader(VideoReader):
    """Frames `first … first + num_frames - 1` of another reader."""

    def __init__(self, reader: VideoReader, *, first: int, num_frames: int):
        self.fps = reader.fps
        self.path = reader.path
        self._reader = reader
        self.first = first
        self._num_frames = num_frames

    def __len__(self) -> int:
        return self._num_frames

    def _read(self, wanted: list[int], size: tuple[int, int] | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        frames = self._reader.frames([self.first + index for index in wanted], size)
        return dict(zip(wanted, frames, strict=True))


def _first_number(reader: FrameFolderReader, item: ListItem) -> int:
    """Return the number in the name of a folder's first file; all files up to the last must be there."""
    numbers = [re.search(r"(\d+)$", file.stem) for file in (reader.files[0], reader.files[-1])]
    first, last = (int(found[1]) if found else -1 for found in numbers)
    if first < 0 or last - first + 1 != len(reader):
        raise MediaError(
            f"{item.path} has {len(reader)} images from {reader.files[0].name} to {reader.files[-1].name}; "
            f"raw frames must be numbered without a gap"
        )
    return first
