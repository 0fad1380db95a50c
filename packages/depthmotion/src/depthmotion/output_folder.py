"""A folder that gets files one by one, beside whatever is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from depthmotion.atomic_output import Mark, check_way, is_own, kind_of, partial_in, put_file, remove, sweep_partials
from depthmotion.errors import OutputError
from depthmotion.output_target import add_to_record, read_record


class OutputFolder:
    """Adds files to a folder and records them there; with `overwrite`, replaces files that the record knows."""

    def __init__(self, path: Path, *, what: str, overwrite: bool, inputs: Collection[Path] = ()) -> None:
        """Read the folder's record; `inputs` are files that must not be replaced by what is made of them.

        Raises:
            OutputError: the place is no folder.
        """
        if os.path.lexists(path) and not path.is_dir():
            raise OutputError(f"{path} is {kind_of(path.lstat())}, not a folder: give another name.")
        self.path = path
        self._what = what
        self._overwrite = overwrite
        self._inputs = {os.path.realpath(file) for file in inputs}
        self._own = {name: rows.get(what, []) for name, rows in read_record(path).items()}
        sweep_partials(path)

    def claim(self, name: str) -> None:
        """Look whether a file can be written under a name below the folder.

        Raises:
            OutputError: it is there already and not to be replaced, or a link is on the way.
        """
        file = self.path / name
        check_way(self.path, name)
        if not os.path.lexists(file):
            return
        if os.path.realpath(file) in self._inputs:
            raise OutputError(f"{file} is an input, and its {self._what} would replace it: give another folder.")
        if not self._overwrite:
            raise OutputError(
                f"{file} exists already: give another folder (--overwrite replaces what depthmotion wrote)."
            )
        if not is_own(file, self._own.get(name, ())):
            raise OutputError(
                f"{file} is not known as written by depthmotion, or was changed since, so --overwrite does not "
                "replace it: give another folder, or move it."
            )

    def place(self, files: dict[str, Callable[[Path], None]], *, dropped: Collection[str] = ()) -> None:
        """Let each function make a file under another name, then give all of them theirs; remove own `dropped` ones.

        Raises:
            OutputError: something is in the way; it is kept.
        """
        partials: dict[str, Path] = {}
        try:
            for name, write in files.items():
                self.path.mkdir(parents=True, exist_ok=True)
                partials[name] = partial_in(self.path, Path(name).suffix)
                write(partials[name])
            for name in (*files, *dropped):
                self.claim(name)
            add_to_record(self.path, {name: Mark.of(partial) for name, partial in partials.items()}, what=self._what)
            for name, partial in partials.items():
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                put_file(partial, self.path / name, replace=self._own.get(name, ()))
            for name in dropped:
                (self.path / name).unlink(missing_ok=True)
        finally:
            for partial in partials.values():
                remove(partial)
