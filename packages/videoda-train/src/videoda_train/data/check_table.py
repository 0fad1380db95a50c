"""The CSV of `videoda data check`: rows are kept in a hidden file beside it, and put in list order at the end."""

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from videoda_train.data.atomic_file import open_to_append, require_writable, write_text
from videoda_train.data.list_file import ListItem
from videoda_train.data.made_files import require_replaceable, write_ours
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
    label: int | None
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
    """The rows of a check. A hidden file holds those that are done until all are; then the CSV appears.

    Args:
        path: the CSV.
        resume: keep the rows of an earlier check, finished or not.
        overwrite: replace the CSV of an earlier check.

    Raises:
        ConfigError: there is a file that no check made, or that has changed since, or one that is not to be replaced.
    """

    def __init__(self, path: Path, *, resume: bool, overwrite: bool = False):
        self.path = path
        self._rows = path.with_name(f".{path.name}.rows")
        require_replaceable(path, None, overwrite=overwrite or resume, option="--resume or --overwrite")
        require_writable(self._rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        done = [row for file in (path, self._rows) if resume and file.exists() for row in _read_rows(file)]
        self._done = {row.path: row for row in done}
        write_text(self._rows, _text(done))

    def finished(self, item: ListItem) -> CheckRow | None:
        """Return the row of a list line that was checked before, if its file has not changed since."""
        row = self._done.get(item.name)
        if row is None or file_state(item.path) != row.state or row.check.verdict == "missing":
            return None
        return CheckRow(item.line, item.name, item.label, row.state, row.check)

    def append(self, row: CheckRow) -> None:
        """Add one row, on disk before this returns."""
        buffer = io.StringIO(newline="")
        csv.DictWriter(buffer, _COLUMNS).writerow(_values(row))
        with open_to_append(self._rows) as file:
            file.write(buffer.getvalue().encode("utf-8", "surrogateescape"))

    def finish(self, rows: Sequence[CheckRow]) -> None:
        """Write the CSV of exactly these rows."""
        write_ours(self.path, _text(rows), overwrite=True)
        self._rows.unlink()


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
    return rows_from_text(path.read_text(encoding="utf-8", errors="replace"))


def rows_from_text(text: str) -> list[CheckRow]:
    """Return the rows that were written in full; an interrupted last one is checked again."""
    rows = []
    try:
        for values in csv.DictReader(io.StringIO(text, newline="")):
            with suppress(KeyError, TypeError, ValueError):
                rows.append(_row(values))
    except csv.Error:  # no CSV from here on
        pass
    return rows


def _row(values: dict[str, str]) -> CheckRow:
    kinds: dict[Any, Callable[[str], Any]] = {int: int, float: float, bool: lambda text: bool(int(text))}
    check = VideoCheck(**{f.name: kinds.get(f.type, str)(values[f.name]) for f in fields(VideoCheck)})
    state = FileState(int(values["size"]), int(values["modified_ns"]))
    return CheckRow(
        int(values["line"]), values["path"], int(values["label"]) if values["label"] else None, state, check
    )
