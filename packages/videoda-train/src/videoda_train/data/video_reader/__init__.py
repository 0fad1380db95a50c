"""Video readers that return the right frames: PyAV by default, decord, OpenCV, folders of frames, image strips."""

from pathlib import Path
from typing import Literal

from videoda_train.data.failed_item import naming
from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.video_reader._decord import DecordReader
from videoda_train.data.video_reader._find_seek_points import find_seek_points
from videoda_train.data.video_reader._frame_folder import FrameFolderReader
from videoda_train.data.video_reader._image_strip import ImageStripReader
from videoda_train.data.video_reader._interface import VideoReader
from videoda_train.data.video_reader._opencv import OpenCvReader
from videoda_train.data.video_reader._pyav import PyAvReader
from videoda_train.data.video_reader._seek_points import IN_ORDER, SeekPoints
from videoda_train.data.video_reader._stream import stream_frames
from videoda_train.errors import ConfigError, MediaError

Backend = Literal["auto", "pyav", "decord", "opencv", "frames", "strip"]

__all__ = [
    "IN_ORDER",
    "Backend",
    "DecordReader",
    "FrameFolderReader",
    "ImageStripReader",
    "OpenCvReader",
    "PyAvReader",
    "SeekPoints",
    "VideoReader",
    "find_seek_points",
    "open_video",
    "stream_frames",
]


def open_video(
    path: Path | str,
    backend: Backend = "auto",
    *,
    num_frames: int | None = None,
    seek_points: SeekPoints = IN_ORDER,
    frame_width: int | None = None,
) -> VideoReader:
    """Open a video file, a folder of numbered frames or a strip of frames in one image.

    `auto` takes the frame-folder reader for a folder, the strip reader for an image file, and PyAV for any other file.
    PyAV is the reference that every other decoder is compared with, and the fastest one in order. Every backend returns
    the frames that decoding the file in order gives.

    Args:
        path: a video file, a folder of images, or an image that holds frames side by side.
        backend: `auto`, `pyav`, `decord`, `opencv`, `frames` or `strip`.
        num_frames: a file's true frame count where it is known from an earlier pass; saves counting.
        seek_points: where decoding may start, from `find_seek_points`; PyAV only. Default: at frame 0.
        frame_width: width of a strip's frames [px]; default: its height.

    Raises:
        MediaError: the file is missing, or the backend can decode no frame of it.
        ConfigError: the backend is unknown or not installed.
    """
    path = Path(path)
    with naming(path):
        return _open(path, backend, num_frames=num_frames, seek_points=seek_points, frame_width=frame_width)


def _open(
    path: Path, backend: Backend, *, num_frames: int | None, seek_points: SeekPoints, frame_width: int | None
) -> VideoReader:
    if not path.exists():
        raise MediaError(f"no video at {path}")
    if backend == "auto":
        backend = "frames" if path.is_dir() else "strip" if path.suffix.lower() in IMAGE_SUFFIXES else "pyav"
    if backend == "frames":
        return FrameFolderReader(path)
    if backend == "strip":
        return ImageStripReader(path, frame_width=frame_width)
    if backend == "pyav":
        return PyAvReader(path, num_frames=num_frames, seek_points=seek_points)
    if backend == "decord":
        return DecordReader(path, num_frames=num_frames)
    if backend == "opencv":
        return OpenCvReader(path, num_frames=num_frames)
    raise ConfigError(f"unknown video backend {backend!r}; allowed: auto, pyav, decord, opencv, frames, strip")
