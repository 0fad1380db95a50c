"""Videos that every reader gets right: H.264 without B-frames and with a key frame every 16, or folders of JPEGs."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np

from videoda_train.data.item_reader import stream_item
from videoda_train.data.list_file import ListItem, list_text
from videoda_train.data.list_work import ListSummary, named_videos, work_through
from videoda_train.data.made_files import made_whole, require_replaceable, write_ours
from videoda_train.data.resize import fit_short_side
from videoda_train.data.source_key import source_key
from videoda_train.data.video_reader._open import open_media
from videoda_train.data.video_reader._pyav import count_frames
from videoda_train.errors import ConfigError, MediaError

Form = Literal["h264", "frames"]


@dataclass(frozen=True)
class TranscodeConfig:
    """What videos become."""

    form: Form = "h264"
    """`h264`: CLASS/NAME.mp4; `frames`: CLASS/NAME/00000.jpg …"""
    short_side: int | None = 256
    """Short side [px], aspect kept, sides made even for H.264; None: the video's own size."""
    gop: int = 16
    """Frames from one key frame to the next."""
    crf: int = 18
    """H.264's quality, lower is better."""
    jpeg_quality: int = 95

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: naming the value and what is allowed.
        """
        for name, value, low, high in (
            ("short_side", self.short_side, 16, 8192),
            ("gop", self.gop, 1, 1000),
            ("crf", self.crf, 0, 51),
            ("jpeg_quality", self.jpeg_quality, 1, 100),
        ):
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} is {value}; allowed: {low} to {high}")


@dataclass(frozen=True)
class _Task:
    item: ListItem
    place: Path
    folder: Path
    config: TranscodeConfig

    @property
    def targets(self) -> Sequence[Path]:
        return [self.place]

    @property
    def made_from(self) -> str:
        return f"{source_key(self.item)} {self.config}"


def transcode_list(
    list_file: Path | str,
    *,
    out_dir: Path | str,
    config: TranscodeConfig,
    root: Path | str | None = None,
    workers: int = 1,
    resume: bool = False,
    limit_s: float | None = None,
    progress: bool = True,
) -> ListSummary:
    """Write every listed video anew, and `out_dir/list.txt` of those that could be.

    Args:
        list_file: `{path} {label}` per line.
        out_dir: where `CLASS/NAME.mp4` or `CLASS/NAME/` go.
        config: form, size and quality.
        root: folder of relative paths; default: the list file's own.
        workers: processes.
        resume: keep the videos that are there; without it a folder that holds some is refused.
        limit_s: longest time for one file [s]; a decoder that hangs is stopped then. Default: none.
        progress: show a progress bar.

    Raises:
        ConfigError: the folder holds videos of this list and `resume` is not given.
        ListFileError: the list cannot be read, or two of its videos would share a name.
    """
    list_file, out_dir = Path(list_file), Path(out_dir)
    videos = named_videos(list_file, root=root)
    suffix = ".mp4" if config.form == "h264" else ""
    tasks = [_Task(item, out_dir / f"{name}{suffix}", out_dir, config) for item, name in videos]
    new_list = out_dir / "list.txt"
    require_replaceable(new_list, None, overwrite=resume, option="--resume")
    summary = work_through(
        _one_video,
        tasks,
        resume=resume,
        list_file=list_file,
        out_dir=out_dir,
        workers=workers,
        description="transcode",
        progress=progress,
        limit_s=limit_s,
    )
    rows = [(str(task.place.relative_to(out_dir)), task.item.label) for task in tasks if task.place.exists()]
    write_ours(new_list, list_text(rows), overwrite=resume)
    return summary


def _one_video(task: _Task) -> None:
    """Write one video beside its place, then rename it."""
    write = _write_h264 if task.config.form == "h264" else _write_frames
    with made_whole(task.targets, made_from=task.made_from, inside=task.folder) as (made,):
        write(task, made)


def _rate(path: Path) -> Fraction:
    if path.is_dir():
        return Fraction(25)
    with open_media(path) as container:
        rate = container.streams.video[0].average_rate if container.streams.video else None
    return Fraction(rate) if rate else Fraction(25)


def _write_h264(task: _Task, temporary: Path) -> None:
    config = task.config
    options = {"crf": str(config.crf), "bf": "0", "g": str(config.gop), "sc_threshold": "0", "threads": "1"}
    count = 0
    frames = (fit_short_side(frame, config.short_side, multiple=2) for frame in stream_item(task.item))
    first = next(frames)
    with av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_rate(task.item.path), options=options)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in chain([first], frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
            count += 1
        container.mux(stream.encode())
    decoded = count_frames(temporary)
    if decoded != count:
        raise MediaError(f"{task.item.path}: {count} frames were written, {decoded} decode; is the disk full?")


def _write_frames(task: _Task, temporary: Path) -> None:
    temporary.mkdir()
    for index, frame in enumerate(stream_item(task.item)):
        frame = fit_short_side(frame, task.config.short_side)
        _, jpeg = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, task.config.jpeg_quality])
        (temporary / f"{index:05d}.jpg").write_bytes(jpeg.tobytes())
