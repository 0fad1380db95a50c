"""Lists from EADs and HMDB51 as their owners ship them: a folder per class."""

from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.atomic_file import write_text
from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.list_file import write_list
from videoda_train.errors import MissingDatasetError
from videoda_train.recipes.config import DataConfig


def write_e2h_lists(*, eads: Path, hmdb51: Path, classes: Sequence[str], out_dir: Path) -> DataConfig:
    """Write `source.txt`, `target.txt` and `classes.txt` of all photos and videos of the classes, in sorted order.

    Args:
        eads: `EAD_image_dataset`, with `CLASS/*.jpg`.
        hmdb51: the unpacked HMDB51, with `CLASS/*.avi`.
        classes: class (folder) names in label order.
        out_dir: where to write the lists; paths in them are absolute.

    Raises:
        MissingDatasetError: naming the class folders that are missing or empty.
    """
    source = _find(eads, classes, suffixes=IMAGE_SUFFIXES)
    target = _find(hmdb51, classes, suffixes=frozenset({".avi"}))
    out_dir.mkdir(parents=True, exist_ok=True)
    write_list(out_dir / "source.txt", source)
    write_list(out_dir / "target.txt", target)
    write_text(out_dir / "classes.txt", "".join(f"{name}\n" for name in classes))
    return DataConfig(
        source_list=out_dir / "source.txt", target_list=out_dir / "target.txt", classes=out_dir / "classes.txt"
    )


def _find(root: Path, classes: Sequence[str], *, suffixes: frozenset[str]) -> list[tuple[str, int]]:
    rows: list[tuple[str, int]] = []
    empty: list[str] = []
    for label, name in enumerate(classes):
        folder = root / name
        files = sorted(f for f in folder.iterdir() if f.suffix.lower() in suffixes) if folder.is_dir() else []
        if not files:
            empty.append(str(folder))
        rows += [(str(file.resolve()), label) for file in files]
    if empty:
        raise MissingDatasetError(
            f"no {'/'.join(sorted(suffixes))} files in {len(empty)} of {len(classes)} class folders: {', '.join(empty)}"
        )
    return rows
