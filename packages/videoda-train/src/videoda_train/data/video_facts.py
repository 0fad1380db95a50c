"""What one decoding pass finds out about a video file."""

from dataclasses import dataclass
from pathlib import Path

import av

from videoda_train.errors import MediaError


@dataclass(frozen=True)
class VideoFacts:
    """What one decoding pass found: the true frame count and the frame rate."""

    num_frames: int
    fps: float


def require_whole(path: Path, num_frames: int) -> None:
    """Raise `MediaError` where a video file holds far fewer frames than its header promises (a broken download)."""
    if path.is_dir():
        return
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        promised = stream.frames
        if not promised:
            return
        discarded = sum(packet.is_discard for packet in container.demux(stream) if packet.size)
    if num_frames < 0.9 * (promised - discarded) - 2:
        raise MediaError(
            f"{path} is truncated: {num_frames} of the {promised} frames its header promises can be decoded; "
            "copy it again, or drop its line"
        )
