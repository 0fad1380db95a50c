"""All frames of a video, one after the other, in bounded memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.failed_item import naming
from videoda_train.data.video_reader._frame_folder import FrameFolderReader
from videoda_train.data.video_reader._pyav import RgbConverter, decode_in_order
from videoda_train.errors import MediaError


def stream_frames(path: Path | str) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    """Yield every frame of a video file (PyAV, in order) or a folder of frames, as RGB at its own size.

    Raises:
        MediaError: the file is missing, or nothing of it decodes.
    """
    with naming(path):
        yield from _stream(Path(path))


def _stream(path: Path) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    if not path.exists():
        raise MediaError(f"no video at {path}")
    if path.is_dir():
        folder = FrameFolderReader(path)
        for index in range(len(folder)):
            yield folder.frames([index])[0]
        return
    empty = True
    convert = RgbConverter()
    for frame in decode_in_order(path):
        empty = False
        yield convert(frame)
    if empty:
        raise MediaError(f"{path} holds no frame that can be decoded")
