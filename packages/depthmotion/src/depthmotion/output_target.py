"""Where a command or a `save` writes: claimed before any work, then filled without harm to what is there."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from depthmotion.atomic_output import (
    Mark,
    check_room,
    is_inside,
    is_own,
    kind_of,
    partial_in,
    put_file,
    put_folder,
    remove,
    sweep_partials,
)
from depthmotion.errors import OutputError

RECORD = ".depthmotion.jsonl"
"""In a folder: a line per file that was written there, with its size and hash."""

_START = b'\n{"name": '

Overwrite = Literal["never", "own", "any"]
"""What of what is there may be replaced: nothing, files known as our own by the record, or any regular file."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A file or folder to come.

    `what` says what is in it, such as "frames". Files of a folder are always recorded in it; a file is recorded in its
    folder where `recorded` says so: commands do, functions do not.
    """

    path: Path
    what: str
    is_folder: bool = False
    overwrite: Overwrite = "never"
    recorded: bool = True

    def claim(self) -> None:
        """Look whether the target can be written.

        Raises:
            OutputError: what is there is not to be replaced, or is no regular file or folder.
        """
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return
        if self.is_folder:
            self._claim_folder(status)
        elif not stat.S_ISREG(status.st_mode):
            raise OutputError(
                f"{self.path} is {kind_of(status)}: a file is written there only under a new name. Give another one."
            )
        elif self.overwrite == "never":
            more = "--overwrite replaces what depthmotion wrote" if self.recorded else "overwrite=True replaces it"
            raise OutputError(f"{self.path} exists already: give another name ({more}).")
        elif self.overwrite == "own" and not is_own(self.path, self._own().get(self.path.name, {}).get(self.what, ())):
            raise OutputError(
                f"{self.path} is not known as written by depthmotion, or was changed since, so --overwrite does not "
                "replace it: give another name, or move it."
            )

    def _claim_folder(self, status: os.stat_result) -> None:
        if not self.path.is_dir():
            raise OutputError(f"{self.path} is {kind_of(status)}, not a folder: give another name.")
        if not any(self.path.iterdir()):
            return
        own = self._own()
        if self.overwrite == "never":
            more = (
                "--overwrite replaces what depthmotion wrote there" if self.recorded else "overwrite=True adds to them"
            )
            raise OutputError(f"{self.path} holds files already: give a new or empty folder ({more}).")
        if self.overwrite == "own" and not any(self.what in rows for rows in own.values()):
            raise OutputError(
                f"{self.path} holds files, and no {self.what} that depthmotion wrote, so there is nothing for "
                "--overwrite to replace: give a new or empty folder."
            )
        for name, rows in own.items() if self.overwrite == "own" else ():
            file = self.path / name
            if self.what in rows and is_inside(name) and os.path.lexists(file) and not is_own(file, rows[self.what]):
                raise OutputError(
                    f"{file} was changed since depthmotion wrote it, and is kept: move it, or give a folder."
                )

    def place(self, write: Callable[[Path], None]) -> None:
        """Let `write` make the file or folder under another name, then give it its own.

        Raises:
            OutputError: something has taken its place meanwhile; it is kept.
        """
        home = self.path if self.is_folder and self.path.is_dir() else self.path.parent
        home.mkdir(parents=True, exist_ok=True)
        sweep_partials(home)
        partial = partial_in(home, self.path.suffix)
        try:
            write(partial)
            self._put(partial)
        finally:
            remove(partial)

    def _put(self, partial: Path) -> None:
        own = {} if self.overwrite == "never" else self._own()
        known = {name: [mark for marks in rows.values() for mark in marks] for name, rows in own.items()}
        if not self.is_folder:
            if self.recorded:
                add_to_record(self.path.parent, {self.path.name: Mark.of(partial)}, what=self.what)
            put_file(partial, self.path, replace=known.get(self.path.name, ()), replace_any=self.overwrite == "any")
            return
        files = sorted(file for file in partial.rglob("*") if not file.is_dir())
        marks = {file.relative_to(partial).as_posix(): Mark.of(file) for file in files}
        if self.path.is_dir():
            check_room(marks, self.path, replace=known, replace_any=self.overwrite == "any")
        # Ahead of the files: killed in between, a line too many harms nothing, a file without one is foreign for ever.
        add_to_record(self.path if self.path.is_dir() else partial, marks, what=self.what)
        stale = [name for name, rows in own.items() if self.what in rows]
        put_folder(partial, self.path, replace=known, stale=stale, replace_any=self.overwrite == "any")

    def _own(self) -> dict[str, dict[str, list[Mark]]]:
        return read_record(self.path if self.is_folder else self.path.parent)


def claim_all(targets: Sequence[Target], *, inputs: Iterable[Path | None] = ()) -> None:
    """Claim the targets of a command before it does any work.

    Raises:
        OutputError: two of them are one place, one is an input, or one cannot be written.
    """
    places: dict[Path, Target] = {}
    for target in targets:
        other = places.setdefault(_real(target.path), target)
        if other is not target:
            raise OutputError(
                f"{target.path} would hold the {other.what} and the {target.what}, and one would overwrite the other: "
                "give each a place of its own."
            )
    for given in inputs:
        clash = None if given is None else places.get(_real(given))
        if clash is not None:
            raise OutputError(f"{clash.path} is an input, and the {clash.what} would replace it: give another name.")
    for target in targets:
        target.claim()


def read_record(folder: Path) -> dict[str, dict[str, list[Mark]]]:
    """Return the marks of the files that were written in a folder, by their names and by what they are.

    Raises:
        OutputError: the record is not a regular file.
    """
    file = folder / RECORD
    _check_record(file)
    return parse_record(file.read_bytes()) if file.exists() else {}


def parse_record(data: bytes) -> dict[str, dict[str, list[Mark]]]:
    """Return what the bytes of a record say; lines that killed calls left unfinished are skipped."""
    rows: dict[str, dict[str, list[Mark]]] = {}
    for line in data.decode("utf-8", errors="replace").split("\n"):
        try:
            row = json.loads(line)
            mark = Mark(int(row["size"]), str(row["sha256"]))
            rows.setdefault(str(row["name"]), {}).setdefault(str(row["what"]), []).append(mark)
        except (
            ValueError,
            KeyError,
            TypeError,
            OverflowError,
            RecursionError,
        ):
            continue
    return rows


def add_to_record(folder: Path, marks: dict[str, Mark], *, what: str) -> None:
    """Note files that are about to be put into a folder."""
    file = folder / RECORD
    _check_record(file)
    rows = [{"name": name, "what": what, "size": mark.size, "sha256": mark.sha256} for name, mark in marks.items()]
    text = "\n" + "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)  # after an unfinished line
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    with os.fdopen(descriptor, "ab") as stream:
        stream.write(text.encode())


def _check_record(file: Path) -> None:
    try:
        status = file.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise OutputError(f"{file} is {kind_of(status)}: depthmotion keeps its record there. Move it.")
    with file.open("rb") as stream:
        if stream.read(len(_START)) not in (b"", _START):
            raise OutputError(f"{file} was not written by depthmotion, which keeps its record there. Move it.")


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
