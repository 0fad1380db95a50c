"""From which frames of a video decoding can start."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SeekPoints:
    """Frame numbers, ascending from 0, where decoding can start, and when each frame is shown [stream time base]."""

    frames: Sequence[int] = ()
    pts: Sequence[int] = ()

    def last_before(self, frame: int) -> int:
        """Return the index of the last point at or before a frame."""
        return bisect_right(self.frames, frame) - 1

    def agree(self, frame: int, pts: int | None) -> bool:
        """Say whether a frame that comes with this number and time contradicts no point."""
        index = self.last_before(frame)
        return self.frames[index] != frame or self.pts[index] == pts


IN_ORDER = SeekPoints()
"""No point: the video is read in order."""
