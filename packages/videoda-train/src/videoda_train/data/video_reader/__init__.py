"""Video readers that return the right frames: decord by default, PyAV as reference and fallback, frame folders."""

from pathlib import Path
from typing import Literal

from videoda_train.data.video_reader._decord import DecordReader
from videoda_train.data.video_reader._frame_folder import FrameFolderReader
from videoda_train.data.video_reader._interface import VideoReader
from videoda_train.data.video_reader._pyav import PyAvReader
from videoda_train.data.video_reader._stream import stream_frames
from videoda_train.errors import ConfigError, MediaError

Backend = Literal["auto", "decord", "pyav", "frames"]

__all__ = ["Backend", "DecordReader", "FrameFolderReader", "PyAvReader", "VideoReader", "open_video", "stream_frames"]


def open_video(path: Path | str, backend: Backend = "auto", *, num_frames: int | None = None) -> VideoReader:
    """Open a video file or a folder of numbered frames.

    `auto` takes the frame-folder reader for a folder; for a file decord, or PyAV where decord is not installed or
    cannot open the file. Every backend returns the frames that decoding the file in order gives.

    Args:
        path: a video file or a folder of images.
        backend: `auto`, `decord`, `pyav` or `frames`.
        num_frames: the true frame count where it is known from an earlier pass; saves counting.

    Raises:
        MediaError: the file is missing, or no backend can decode a frame of it.
    """
    path = Path(path)
    if not path.exists():
        raise MediaError(f"no video at {path}")
    if backend == "auto":
        return FrameFolderReader(path) if path.is_dir() else _open_file(path, num_frames)
    if backend == "frames":
        return FrameFolderReader(path)
    if backend == "pyav":
        return PyAvReader(path, num_frames=num_frames)
    if backend == "decord":
        return DecordReader(path, num_frames=num_frames)
    raise ConfigError(f"unknown video backend {backend!r}; allowed: auto, decord, pyav, frames")


def _open_file(path: Path, num_frames: int | None) -> VideoReader:
    try:
        return DecordReader(path, num_frames=num_frames)
    except (ImportError, MediaError):
        return PyAvReader(path, num_frames=num_frames)
