"""`videoda data median`: the temporal median of every video of a list, `OUT/CLASS/VIDEO.jpg`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from videoda_train.data.item_reader import stream_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.list_work import ListSummary, named_videos, work_through
from videoda_train.data.made_files import made_whole
from videoda_train.data.source_key import source_key
from videoda_train.data.temporal_median import temporal_median


@dataclass(frozen=True)
class _Task:
    item: ListItem
    file: Path
    folder: Path
    made_from: str

    @property
    def targets(self) -> Sequence[Path]:
        return [self.file]


def median_list(
    list_file: Path | str,
    *,
    out_dir: Path | str,
    root: Path | str | None = None,
    workers: int = 1,
    resume: bool = False,
    limit_s: float | None = None,
    progress: bool = True,
) -> ListSummary:
    """Write the median of all frames of each video as a JPEG (quality 95).

    Args:
        list_file: `{path} {label}` per line.
        out_dir: where `CLASS/VIDEO.jpg` go.
        root: folder of relative paths; default: the list file's own.
        workers: processes.
        resume: keep the medians that are there; without it a folder that holds some is refused.
        limit_s: longest time for one file [s]; a decoder that hangs is stopped then. Default: none.
        progress: show a progress bar.

    Raises:
        ConfigError: the folder holds medians of this list and `resume` is not given, or something else by their names.
        ListFileError: the list cannot be read, or two of its videos would share a name.
    """
    list_file, out_dir = Path(list_file), Path(out_dir)
    videos = named_videos(list_file, root=root)
    files = {out_dir / f"{name}.jpg": item for item, name in videos}
    return make_medians(
        files,
        list_file=list_file,
        out_dir=out_dir,
        workers=workers,
        resume=resume,
        limit_s=limit_s,
        progress=progress,
    )


def make_medians(
    files: Mapping[Path, ListItem],
    *,
    list_file: Path,
    out_dir: Path,
    workers: int,
    resume: bool,
    limit_s: float | None,
    progress: bool,
) -> ListSummary:
    """Write the median of all frames of each video, at its place in `out_dir`; as `median_list` otherwise."""
    tasks = [_Task(item, file, out_dir, source_key(item)) for file, item in files.items()]
    return work_through(
        _one_video,
        tasks,
        resume=resume,
        list_file=list_file,
        out_dir=out_dir,
        workers=workers,
        description="median",
        progress=progress,
        limit_s=limit_s,
    )


def _one_video(task: _Task) -> None:
    """Write one median."""
    median = temporal_median(stream_item(task.item))
    _, jpeg = cv2.imencode(".jpg", median[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    with made_whole(task.targets, made_from=task.made_from, inside=task.folder) as (made,):
        made.write_bytes(jpeg.tobytes())
