"""What is found out about a video once, before it is read many times."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av

from videoda_train.data.failed_item import naming
from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.video_reader import IN_ORDER, SeekPoints, find_seek_points, open_video
from videoda_train.data.video_reader._pyav import frame_rate, open_stream
from videoda_train.errors import MediaError


@dataclass(frozen=True)
class VideoFacts:
    """The true frame count, the frame rate [frames/s] (0: unknown), and where decoding may start."""

    num_frames: int
    fps: float
    seek_points: SeekPoints = IN_ORDER


def find_facts(path: Path | str) -> VideoFacts:
    """Decode a video, a folder of frames or a strip as often as it takes to know its facts.

    Raises:
        MediaError: the video is missing, does not decode, or is truncated.
    """
    path = Path(path)
    if not _is_video_file(path):
        reader = open_video(path)
        return VideoFacts(len(reader), reader.fps)
    fps = frame_rate(path)
    num_frames, seek_points = find_seek_points(path)
    if num_frames == 0:
        raise MediaError(f"{path} holds no frame that can be decoded")
    require_whole(path, num_frames)
    return VideoFacts(num_frames, fps, seek_points)


def require_whole(path: Path, num_frames: int) -> None:
    """Raise `MediaError` where a video file holds far fewer frames than its header promises (a broken download)."""
    if not _is_video_file(path):
        return
    with naming(path), open_stream(path) as (container, stream):
        promised = stream.frames
        if not promised:
            return
        discarded = 0
        # Where the file breaks off, so does the count of packets.
        with suppress(av.error.FFmpegError, ValueError):
            for packet in container.demux(stream):
                discarded += bool(packet.size and packet.is_discard)
    if num_frames < 0.9 * (promised - discarded) - 2:
        raise MediaError(
            f"{path} is truncated: {num_frames} of the {promised} frames its header promises can be decoded; "
            "copy it again, or drop its line"
        )


def _is_video_file(path: Path) -> bool:
    return not path.is_dir() and path.suffix.lower() not in IMAGE_SUFFIXES
