"""`videoda data check`: every file of a list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from videoda_train.data.check_table import CheckRow, CheckTable, make_row
from videoda_train.data.each_item import for_each
from videoda_train.data.failed_item import Failed
from videoda_train.data.item_reader import open_item
from videoda_train.data.list_file import ListItem, read_list
from videoda_train.data.list_notes import list_notes
from videoda_train.data.video_check import ADVICE, VideoCheck, check_video
from videoda_train.errors import MediaError


@dataclass(frozen=True)
class CheckReport:
    """The rows of a checked list, in its order, and what is odd about the list itself."""

    list_file: Path
    rows: Sequence[CheckRow]
    notes: Sequence[str]

    @property
    def clean(self) -> bool:
        """Whether nothing is to be transcoded, dropped or mended in the list."""
        return not self.notes and all(row.check.verdict == "ok" for row in self.rows)

    def advised(self, advice: str) -> list[CheckRow]:
        """Return the rows to `transcode` or to `drop`."""
        return [row for row in self.rows if ADVICE[row.check.verdict] == advice]

    def lines(self, *, most: int = 20) -> list[str]:
        """Return the summary: counts, then each file to transcode or drop with its list line, at most `most` each."""
        counts = Counter(row.check.verdict for row in self.rows)
        frames = sum(row.check.frames for row in self.rows)
        lines = [
            f"{len(self.rows)} files, {frames} frames: "
            + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        ]
        variable = sum(row.check.variable_rate for row in self.rows)
        if variable:
            lines.append(f"{variable} with a variable frame rate (frames are counted, not timed)")
        for advice in ("transcode", "drop"):
            rows = self.advised(advice)
            if rows:
                lines.append(f"{advice} {len(rows)}:")
                lines += [
                    f"  {self.list_file}:{row.line}: {row.path}: {row.check.verdict}: {row.check.detail}"
                    for row in rows[:most]
                ]
                if len(rows) > most:
                    lines.append(f"  … and {len(rows) - most} more, in the CSV")
        return lines + list(self.notes)


def check_list(
    list_file: Path | str,
    *,
    out: Path | str,
    root: Path | str | None = None,
    min_frames: int = 2,
    workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    limit_s: float | None = None,
    progress: bool = True,
) -> CheckReport:
    """Check every file of a list and write one CSV row each.

    Args:
        list_file: `{path} {label}` per line.
        out: the CSV, in list order; it appears at the end.
        root: folder of relative paths; default: the list file's own.
        min_frames: videos with fewer are called short.
        workers: processes.
        resume: keep the rows of an earlier check, interrupted or not, whose files have not changed.
        overwrite: replace the CSV of an earlier check.
        limit_s: longest time for one file [s]; a decoder that hangs is stopped then. Default: none.
        progress: show a progress bar.

    Raises:
        ListFileError: the list cannot be read.
        ConfigError: `out` is there and is not to be replaced.
    """
    list_file, out = Path(list_file), Path(out)
    items = read_list(list_file, root=root)
    table = CheckTable(out, resume=resume, overwrite=overwrite)
    rows: dict[int, CheckRow] = {}
    waiting: list[tuple[int, ListItem]] = []
    for index, item in enumerate(items):
        finished = table.finished(item)
        if finished is None:
            waiting.append((index, item))
        else:
            rows[index] = finished
    check = partial(_check_item, min_frames=min_frames)
    for position, found in for_each(
        check, [item for _, item in waiting], workers=workers, description="check", limit_s=limit_s, progress=progress
    ):
        index, item = waiting[position]
        rows[index] = make_row(item, _verdict(item, found))
        table.append(rows[index])
    ordered = [rows[index] for index in range(len(items))]
    table.finish(ordered)
    return CheckReport(list_file, ordered, list_notes(items, list_file=list_file))


def _verdict(item: ListItem, found: VideoCheck | Failed) -> VideoCheck:
    if isinstance(found, Failed):
        return VideoCheck("unreadable", detail=f"{item.path}: {found.reason}")
    return found


def _check_item(item: ListItem, *, min_frames: int) -> VideoCheck:
    found = check_video(item.path, min_frames=min_frames)
    if item.stretch is None or not found.frames:
        return found
    try:
        open_item(item)
    except MediaError as error:
        return replace(found, verdict="short", detail=str(error))
    return found
