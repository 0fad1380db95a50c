"""decord, read strictly in order.

At random positions, and with steps, decord 0.6.0 silently returns wrong frames for real files (packed B-frames in AVI,
edit lists in MP4). Stepping through every frame from the first gives the right ones; after the last real frame it
repeats that frame up to the header's count, so the count comes from PyAV. For some widths (72 px) it hands out padded
rows as a fourth channel, and it does the same when asked to resize: such files are refused here, and resizing is ours.
"""

from pathlib import Path
from types import ModuleType

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.video_reader._interface import Size, VideoReader, resized
from videoda_train.data.video_reader._pyav import count_frames, stored_turn
from videoda_train.errors import ConfigError, MediaError


class DecordReader(VideoReader):
    """Reads with decord (or decord2, which has its name), one thread, in order from frame 0 at every call."""

    def __init__(self, path: Path | str, *, num_frames: int | None = None):
        self.path = Path(path)
        decord = _decord()
        try:
            reader = decord.VideoReader(str(self.path), num_threads=1)
        except (decord.DECORDError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise MediaError(f"{self.path} is not a video that decord can open: {reason}") from error
        self.fps = float(reader.get_avg_fps())
        if reader.next().shape[2] != 3:
            raise MediaError(
                f"{self.path} has a width that decord returns with padded rows; read it with backend='pyav'"
            )
        a, b, c, d = stored_turn(self.path)
        if a * d - b * c < 0:
            raise MediaError(f"{self.path} is to be shown mirrored, which decord does not; read it with backend='pyav'")
        self._num_frames = count_frames(self.path) if num_frames is None else num_frames
        if self._num_frames == 0:
            raise MediaError(f"{self.path} holds no frame that can be decoded")

    def __len__(self) -> int:
        return self._num_frames

    def _read(self, wanted: list[int], size: Size | None) -> dict[int, UInt8[np.ndarray, "H W 3"]]:
        decord = _decord()
        reader = decord.VideoReader(str(self.path), num_threads=1)
        keep = set(wanted)
        found: dict[int, np.ndarray] = {}
        try:
            for index in range(wanted[-1] + 1):
                frame = reader.next()
                if index in keep:
                    found[index] = resized(frame.asnumpy(), size)
        except (StopIteration, decord.DECORDError, RuntimeError) as error:
            missing = next(i for i in wanted if i not in found)
            raise MediaError(f"{self.path} breaks off before frame {missing}, which was asked") from error
        return found


def _decord() -> ModuleType:
    """Import decord where it is used: its threads do not survive a fork."""
    try:
        import decord
    except ImportError as error:
        raise ConfigError(
            "backend 'decord' needs the package decord, or decord2 where decord has no wheel: pip install one of them, "
            "or read with backend='pyav'"
        ) from error
    decord.logging.set_level(decord.logging.FATAL)
    return decord
