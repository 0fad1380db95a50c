"""The temporal median of a video: its background, exact, in bounded memory."""

import tempfile
from collections.abc import Iterable

import numpy as np
from jaxtyping import UInt8

from videoda_train.errors import MediaError

_STRIP_BYTES = 32 * 2**20


def temporal_median(
    frames: Iterable[UInt8[np.ndarray, "H W 3"]], *, strip_bytes: int = _STRIP_BYTES
) -> UInt8[np.ndarray, "H W 3"]:
    """Return the median over time per pixel and channel; of an even number the mean of the middle two, truncated.

    Frames are spooled to a temporary file of their raw size and read back in strips of rows: memory stays near one
    frame plus `strip_bytes`, however long the video.

    Raises:
        MediaError: there is no frame, or their sizes differ.
    """
    with tempfile.TemporaryFile() as spool:
        count, shape = 0, (0, 0, 0)
        for count, frame in enumerate(frames, 1):
            if count == 1:
                shape = frame.shape
            elif frame.shape != shape:
                raise MediaError(f"frame {count - 1} is {frame.shape[1]}×{frame.shape[0]} px, not as the first")
            spool.write(np.ascontiguousarray(frame).data)
        if count == 0:
            raise MediaError("no frames to take the median of")
        spool.flush()
        stored = np.memmap(spool, np.uint8, mode="r", shape=(count, *shape))
        rows = max(1, strip_bytes // (count * shape[1] * shape[2]))
        strips = [_median(np.array(stored[:, top : top + rows])) for top in range(0, shape[0], rows)]
        del stored
    return np.concatenate(strips)


def _median(strip: UInt8[np.ndarray, "T R W 3"]) -> UInt8[np.ndarray, "R W 3"]:
    low, high = (len(strip) - 1) // 2, len(strip) // 2
    strip.partition((low, high), axis=0)
    return ((strip[low].astype(np.uint16) + strip[high]) // 2).astype(np.uint8)
