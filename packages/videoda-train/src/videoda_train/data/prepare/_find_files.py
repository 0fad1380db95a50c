"""Files of known classes anywhere beneath a folder: by class folder, or by the class in the file name."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.prepare._published import DomainFacts
from videoda_train.data.prepare._unpack import ARCHIVE_SUFFIXES, unpack, unpacked_folder
from videoda_train.errors import MissingDatasetError
from videoda_train.progress import ProgressBar


def class_key(name: str) -> str:
    """Return a class name as it is compared: lower case, letters and digits (UCF101 has `v_HandStandPushups`)."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find_files(root: Path, facts: DomainFacts) -> list[list[Path]]:
    """Return each class's files in sorted order, class by class.

    A file belongs to the class its parent folder is named after; else to the one in its name, as UCF101's
    `v_CLASS_gNN_cNN` or Stanford40's `CLASS_NNN`. Files of other classes are left out. Archives of classes without
    files are unpacked first, beside themselves: those named after such a class, and where there is nothing else, all.

    Args:
        root: a folder, or the archive that the dataset is shipped as.
        facts: the classes and their files' suffixes.

    Raises:
        MissingDatasetError: there is nothing at `root`, none of the files, the same file twice, a folder that cannot
            be read, or an archive that cannot be unpacked.
    """
    if root.suffix.lower() in ARCHIVE_SUFFIXES and root.is_file():
        root = unpack(root)
    if not root.is_dir():
        raise MissingDatasetError(f"{facts.dataset}: no folder at {root.absolute()}; see 'videoda data list'")
    found, archives = _index(root, facts)
    while waiting := _needed(archives, found, facts):
        for archive in ProgressBar(waiting, desc=f"unpack {facts.dataset}", unit="archive"):
            unpack(archive)
        found, archives = _index(root, facts)
    if not any(found):
        raise MissingDatasetError(
            f"{facts.dataset}: no {'/'.join(sorted(facts.suffixes))} file of its {len(facts.folders)} classes beneath "
            f"{root.absolute()}; see 'videoda data list' for the layout"
        )
    return [list(files.values()) for files in found]


def _needed(archives: Sequence[Path], found: Sequence[dict[str, Path]], facts: DomainFacts) -> list[Path]:
    packed = [archive for archive in archives if not unpacked_folder(archive).is_dir()]
    empty = {class_key(folder) for folder, files in zip(facts.folders, found, strict=True) if not files}
    of_classes = [archive for archive in packed if class_key(archive.stem) in empty]
    return of_classes or ([] if any(found) else packed)


def _index(root: Path, facts: DomainFacts) -> tuple[list[dict[str, Path]], list[Path]]:
    """Return each class's files by name, and all archives."""
    label_of = {class_key(folder): label for label, folder in enumerate(facts.folders)}
    found: list[dict[str, Path]] = [{} for _ in facts.folders]
    archives: list[Path] = []

    def unreadable(error: OSError) -> None:
        raise MissingDatasetError(
            f"{facts.dataset}: cannot read the folder {error.filename}: {error.strerror}"
        ) from error

    for folder, _, names in sorted(os.walk(root, onerror=unreadable, followlinks=True)):
        by_folder = label_of.get(class_key(Path(folder).name))
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            if suffix in ARCHIVE_SUFFIXES:
                archives.append(Path(folder, name))
            if suffix not in facts.suffixes or name.startswith("."):
                continue
            label = by_folder if by_folder is not None else _label_in_name(Path(name).stem, label_of)
            if label is None:
                continue
            if name in found[label]:
                raise MissingDatasetError(
                    f"{facts.dataset}: {name} is in {found[label][name].parent} and in {folder}; "
                    "give the folder of one copy only"
                )
            found[label][name] = Path(folder, name)
    return found, archives


def _label_in_name(stem: str, label_of: dict[str, int]) -> int | None:
    ucf101 = re.fullmatch(r"v_(\w+)_g\d+_c\d+", stem)
    name = ucf101[1] if ucf101 else stem.rpartition("_")[0]
    return label_of.get(class_key(name)) if name else None
