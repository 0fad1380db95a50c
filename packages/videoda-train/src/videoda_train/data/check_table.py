"""The CSV of `videoda data check`: rows appended as files are checked, rewritten in list order at the end."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from videoda_train.data.atomic_file import write_text
from videoda_train.data.list_file import ListItem
from videoda_train.data.video_check import VideoCheck


@dataclass(frozen=True)
class FileState:
    """What tells a changed file from the one that was checked: size [bytes] and time of change [ns]."""

    size: int
    modified_ns: int


@dataclass(frozen=True)
class CheckRow:
    """One line of the list, its file's state and the verdict."""

    line: int
    path: str
    label: int
    state: FileState
    check: VideoCheck


def file_state(path: Path) -> FileState:
    """Return the state of a file or folder; zeros where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return FileState(0, 0)
    return FileState(stat.st_size, stat.st_mtime_ns)


def make_row(item: ListItem, check: VideoCheck) -> CheckRow:
    """Return the row of a list line."""
    return CheckRow(item.line, item.name, item.label, file_state(item.path), check)


_COLUMNS = [
    *("line", "path", "label"),
    *(f.name for f in fields(VideoCheck)),
    *(f.name for f in fields(FileState)),
]


class CheckTable:
    """A CSV that is complete up to its last line at any moment."""

    def __init__(self, path: Path, *, resume: bool):
        self.path = path
        done = _read_rows(path) if resume and path.exists() else []
        self._done = {row.path: row for row in done}
        write_text(path, _text(done))

    def finished(self, item: ListItem) -> CheckRow | None:
        """Return the row of a list line that was checked before, if its file has not changed since."""
        row = self._done.get(item.name)
        if row is None or file_state(item.path) != row.state or row.check.verdict == "missing":
            return None
        return CheckRow(item.line, item.name, item.label, row.state, row.check)

    def append(self, row: CheckRow) -> None:
        """Add one row, on disk before this returns."""
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, _COLUMNS).writerow(_values(row))

    def finish(self, rows: Sequence[CheckRow]) -> None:
        """Replace the file by exactly these rows."""
        write_text(self.path, _text(rows))


def _values(row: CheckRow) -> dict[str, Any]:
    found = asdict(row.check) | {"fps": round(row.check.fps, 4), "variable_rate": int(row.check.variable_rate)}
    return {"line": row.line, "path": row.path, "label": row.label} | found | asdict(row.state)


def _text(rows: Sequence[CheckRow]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, _COLUMNS)
    writer.writeheader()
    writer.writerows(map(_values, rows))
    return buffer.getvalue()


def _read_rows(path: Path) -> list[CheckRow]:
    """Read the rows that were written in full; an interrupted last one is checked again."""
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for values in csv.DictReader(file):
            try:
                rows.append(_row(values))
            except (KeyError, TypeError, ValueError):
                continue
    return rows


def _row(values: dict[str, str]) -> CheckRow:
    kinds: dict[Any, Callable[[str], Any]] = {int: int, float: float, bool: lambda text: bool(int(text))}
    check = VideoCheck(**{f.name: kinds.get(f.type, str)(values[f.name]) for f in fields(VideoCheck)})
    state = FileState(int(values["size"]), int(values["modified_ns"]))
    return CheckRow(int(values["line"]), values["path"], int(values["label"]), state, check)
