"""Which key frames of a file are safe to start from: found by starting from each of them once."""

import zlib
from collections.abc import Sequence
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import av

from videoda_train.data.failed_item import naming
from videoda_train.data.video_reader._pyav import RgbConverter, decode_in_order, frames_from, open_stream
from videoda_train.data.video_reader._seek_points import IN_ORDER, SeekPoints


def find_seek_points(path: Path | str) -> tuple[int, SeekPoints]:
    """Count the frames that decode, and find the points from which decoding can start.

    The file is decoded twice: once in order, and once from each key frame up to the next. Points are returned only
    where all these stretches give the very frames of the pass in order, every frame comes from a packet of its own
    (packed B-frames do not) and times rise from frame to frame; else none are, and the file is to be read in order.

    Raises:
        MediaError: the file has no video stream, or nothing of it decodes.
    """
    with naming(path):
        return _find(Path(path))


def _find(path: Path) -> tuple[int, SeekPoints]:
    digest = _Digest()
    digests: list[int] = []
    times: list[int | None] = []
    keys: list[int] = []
    for number, frame in enumerate(decode_in_order(path)):
        digests.append(digest(frame))
        times.append(frame.pts)
        if frame.key_frame:
            keys.append(number)
    shown = [pts for pts in times if pts is not None]
    points = SeekPoints(tuple(keys), tuple(shown[key] for key in keys if key < len(shown)))
    safe = (
        len(keys) > 1
        and keys[0] == 0
        and len(shown) == len(times)
        and all(a < b for a, b in pairwise(shown))
        and _num_packets(path) == len(times)
        and _gives_the_same(path, points, shown, digests)
    )
    return len(digests), points if safe else IN_ORDER


class _Digest:
    def __init__(self) -> None:
        self._convert = RgbConverter()

    def __call__(self, frame: Any) -> int:
        return zlib.crc32(self._convert(frame).tobytes())


def _num_packets(path: Path) -> int:
    with open_stream(path) as (container, stream):
        return sum(1 for packet in container.demux(stream) if packet.size and not packet.is_discard)


def _gives_the_same(path: Path, points: SeekPoints, times: Sequence[int], digests: Sequence[int]) -> bool:
    digest = _Digest()
    try:
        with open_stream(path) as (container, stream):
            for (start, end), pts in zip(pairwise((*points.frames, len(times))), points.pts, strict=True):
                for number, frame in zip(count(start), frames_from(container, stream, pts), strict=False):
                    if frame.pts != times[number] or digest(frame) != digests[number]:
                        return False
                    if number + 1 == end:
                        break
                else:
                    return False
    except (av.error.FFmpegError, IndexError, ValueError):
        return False
    return True
