"""The files that a clip was made from: a file of the same name may since be another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from depthmotion.atomic_output import Mark
from depthmotion.dataset.photo_list import Item
from depthmotion.depth_sources.folder import DEPTH_SUFFIXES
from depthmotion.instance_files import MASK_SUFFIXES
from depthmotion.matched_files import find_matching


@dataclass(frozen=True)
class InputMark:
    """Shows which file was read: its content, and its time of change, which says quickly that nothing changed."""

    content: Mark
    mtime_ns: int

    @classmethod
    def of(cls, file: Path) -> InputMark:
        """Return the mark of a file that is there."""
        return cls(Mark.of(file), file.stat().st_mtime_ns)

    def fits(self, file: Path) -> bool:
        """Return whether a file is the one that was read, or is no longer there to be told from it."""
        try:
            status = file.stat()
        except OSError:
            return True
        if status.st_size != self.content.size:
            return False
        return status.st_mtime_ns == self.mtime_ns or Mark.of(file) == self.content


def input_files(item: Item) -> dict[str, Path]:
    """Return the files that a clip is made from: the photo, and its mask and its depth where they are files."""
    folders: dict[str, tuple[Path | None, Sequence[str]]] = {"mask": (item.config.instances, MASK_SUFFIXES)}
    if item.config.depth.startswith("dir:"):
        folders["depth"] = (Path(item.config.depth.removeprefix("dir:")), DEPTH_SUFFIXES)
    files = {"photo": item.photo}
    for name, (folder, suffixes) in folders.items():
        found = None if folder is None else find_matching(folder, item.photo, suffixes)
        if found is not None:
            files[name] = found
    return files


def marks_of_inputs(item: Item) -> dict[str, InputMark]:
    """Return the marks of the files that a clip is about to be made from."""
    return {name: InputMark.of(file) for name, file in input_files(item).items() if file.is_file()}


def changed_input(item: Item, inputs: Mapping[str, InputMark]) -> Path | None:
    """Return a file that is another now than when a clip was made from it, or None."""
    files = input_files(item)
    return next((files[name] for name, mark in inputs.items() if name in files and not mark.fits(files[name])), None)
