"""Files of known classes anywhere beneath a folder: by class folder, or by the class in the file name."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.prepare._published import DomainFacts
from videoda_train.errors import MissingDatasetError


def class_key(name: str) -> str:
    """Return a class name as it is compared: lower case, letters and digits (UCF101 has `v_HandStandPushups`)."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find_files(root: Path, facts: DomainFacts) -> list[list[Path]]:
    """Return each class's files in sorted order, class by class.

    A file belongs to the class its parent folder is named after; else to the one in its name, as UCF101's
    `v_CLASS_gNN_cNN` or Stanford40's `CLASS_NNN`. Files of other classes are left out.

    Raises:
        MissingDatasetError: the folder is missing, holds none of the files, holds archives yet to unpack, or the same
            file twice.
    """
    if not root.is_dir():
        raise MissingDatasetError(f"{facts.dataset}: no folder at {root.absolute()}; see 'videoda data list'")
    label_of = {class_key(folder): label for label, folder in enumerate(facts.folders)}
    found: list[dict[str, Path]] = [{} for _ in facts.folders]
    archives: list[Path] = []
    for folder, _, names in sorted(os.walk(root, followlinks=True)):
        by_folder = label_of.get(class_key(Path(folder).name))
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            if suffix in {".rar", ".zip"}:
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
    if not any(found):
        raise MissingDatasetError(_nothing(root, facts, archives))
    return [list(files.values()) for files in found]


def _label_in_name(stem: str, label_of: dict[str, int]) -> int | None:
    ucf101 = re.fullmatch(r"v_(\w+)_g\d+_c\d+", stem)
    name = ucf101[1] if ucf101 else stem.rpartition("_")[0]
    return label_of.get(class_key(name)) if name else None


def _nothing(root: Path, facts: DomainFacts, archives: Sequence[Path]) -> str:
    if archives:
        return (
            f"{facts.dataset}: {root} holds {len(archives)} archives ({archives[0].name}, …), no file of its classes; "
            f"unpack them first: cd {archives[0].parent} && for f in *{archives[0].suffix}; do "
            f'{"unrar x" if archives[0].suffix == ".rar" else "unzip"} "$f"; done'
        )
    return (
        f"{facts.dataset}: no {'/'.join(sorted(facts.suffixes))} file of its {len(facts.folders)} classes beneath "
        f"{root.absolute()}; see 'videoda data list' for the layout"
    )
