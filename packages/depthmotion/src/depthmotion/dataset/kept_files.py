"""What of a clip is there already: finished, to be replaced, or in the way."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from depthmotion.atomic_output import Mark, check_room, check_way, is_inside, is_own, kind_of, put_file, put_folder
from depthmotion.dataset.clip_inputs import changed_input
from depthmotion.dataset.manifest import Finished, content_hash, marks_of
from depthmotion.dataset.photo_list import Item
from depthmotion.errors import OutputError


def with_marks(item: Item, row: Finished | None) -> Finished | None:
    """Return a row with the marks of its files: an older row has none, but a hash to know the files by."""
    if row is None or row.files:
        return row
    targets = item.targets
    if not all(target.exists() for target in targets.values()) or content_hash(list(targets.values())) != row.hash:
        return row
    files = marks_of(dict(targets.items()))
    return replace(row, files=files, known={name: [mark] for name, mark in files.items()})


def is_finished(item: Item, row: Finished | None, fingerprint: str) -> bool:
    """Return whether a clip is there as the manifest says; with `verify`, byte for byte."""
    if row is None or row.settings != fingerprint or changed_input(item, row.inputs) is not None:
        return False
    if not all(target.exists() and not target.is_symlink() for target in item.targets.values()):
        return False
    if not item.config.verify:
        return True
    return bool(row.files) and all(_is_as_written(item, name, mark) for name, mark in row.files.items())


def what_is_in_the_way(item: Item, row: Finished | None, fingerprint: str) -> str | None:
    """Return why a clip that is not finished cannot be made where it belongs, or None if it can.

    Files of the clip that are as the manifest says may be replaced, those of other settings or inputs with `overwrite`.
    Everything else is foreign, also a file of ours that was changed.
    """
    known = row.known if row is not None else {}
    folders = item.config.folders(item.out_dir)
    for kind, target in item.targets.items():
        try:
            check_way(folders[kind], target.relative_to(folders[kind]).as_posix())
        except OutputError as error:
            return str(error)
        if not os.path.lexists(target):
            continue
        status = target.lstat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            return f"{target} is {kind_of(status)}: nothing is written through it. Move it."
        names = [name for name in known if name == kind or name.startswith(f"{kind}/")]
        if not names and (not is_folder or any(target.iterdir())):
            return f"{target} is there and was not made by depthmotion: move it, or give another folder."
        if names and is_folder != (names[0] != kind):
            return f"{target} is {kind_of(status)}, not as it was made: move it."
        for name in names:
            file = _place(target, kind, name)
            if os.path.lexists(file) and not (is_inside(name) and is_own(file, known[name])):
                return f"{file} is not as it was made: it is kept. Move or delete it to have the clip made again."
    if row is None or item.config.overwrite or not any(os.path.lexists(target) for target in item.targets.values()):
        return None
    changed = changed_input(item, row.inputs)
    if changed is not None:
        return f"{item.targets['frames']} was made from another {changed}: give another folder, or --overwrite."
    if row.settings != fingerprint:
        return (
            f"{item.targets['frames']} was made with other settings, or by another version: give another folder, or "
            "--overwrite."
        )
    return None


def put_clip(item: Item, partials: dict[str, Path], marks: dict[str, Mark], row: Finished | None) -> None:
    """Give a clip's finished files their names, in place of the clip's earlier ones.

    Raises:
        OutputError: something else has one of the names; it is kept.
    """
    known = {name: list(known) for name, known in (row.known if row is not None else {}).items()}
    for name, mark in marks.items():
        known.setdefault(name, []).append(mark)
    for kind, target in item.targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        if partials[kind].is_dir():
            own = {name.removeprefix(f"{kind}/"): known[name] for name in known if name.startswith(f"{kind}/")}
            if target.is_dir():
                names = [name.removeprefix(f"{kind}/") for name in marks if name.startswith(f"{kind}/")]
                check_room(names, target, replace=own)
            put_folder(partials[kind], target, replace=own, stale=list(own))
        else:
            put_file(partials[kind], target, replace=known.get(kind, ()))


def one_line(problems: Iterable[str]) -> str | None:
    """Return the first of several problems and how many more there are, or None if there is none."""
    found = [*problems]
    more = f" (So it is with {len(found) - 1} more.)" if len(found) > 1 else ""
    return found[0] + more if found else None


def _is_as_written(item: Item, name: str, mark: Mark) -> bool:
    kind = name.partition("/")[0]
    targets = {str(key): target for key, target in item.targets.items()}
    if kind not in targets:
        return True  # of a call that also wrote depth or masks
    file = _place(targets[kind], kind, name)
    return not file.is_symlink() and file.is_file() and file.stat().st_size == mark.size and Mark.of(file) == mark


def _place(target: Path, kind: str, name: str) -> Path:
    return target if name == kind else target / name.removeprefix(f"{kind}/")
