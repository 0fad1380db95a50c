"""Where the files of one evaluation go, and which of those that are there may be replaced."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from videoda_train.data.atomic_file import write_text
from videoda_train.errors import RunError

FILES = ("results.json", "predictions.csv", "confusion_matrix.png")
_RECORD = "evaluation.json"


def evaluation_folder(run_dir: Path, name: str, *, list_sha256: str) -> Path:
    """Return a list's folder in a run, `RUN/eval/NAME`; where another list has that name, `NAME-HASH`.

    A list is the same while it names the same videos with the same labels, whatever its file is called.
    """
    plain = run_dir / "eval" / name
    if not plain.exists() or _read(plain).get("list_sha256") == list_sha256:
        return plain
    return plain.with_name(f"{name}-{list_sha256[:8]}")


def claim(folder: Path, list_file: Path, *, list_sha256: str) -> None:
    """Write down whose folder it is, so that another list of the same name takes another."""
    record = _read(folder)
    if record.get("list_sha256") != list_sha256:
        _write(folder, {**record, "list": str(list_file), "list_sha256": list_sha256})


def require_replaceable(folder: Path, *, overwrite: bool) -> None:
    """Refuse to write where there are results that are not to be replaced: any but ours, unchanged since.

    Args:
        folder: where an evaluation is to be written.
        overwrite: replace our own; without it none.

    Raises:
        RunError: naming the file.
    """
    written = _read(folder).get("files", {})
    for name in FILES:
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise RunError(f"{path} is a link or no file, and nothing is written through it; give another --out")
        if not path.exists():
            continue
        if written.get(name) != _sha256(path):
            raise RunError(
                f"{path} is there already and was not written by 'videoda eval', or was changed since; move it away, "
                "or give another --out"
            )
        if not overwrite:
            raise RunError(f"{path} is there already; add --overwrite to replace it, or give another --out")


def finish(folder: Path, names: Iterable[str]) -> None:
    """Write down which files were written, and remove our own that this evaluation did not write."""
    record, names = _read(folder), list(names)
    for name, digest in record.get("files", {}).items():
        path = folder / name
        if name in FILES and name not in names and path.is_file() and not path.is_symlink() and _sha256(path) == digest:
            path.unlink()
    _write(folder, {**record, "files": {name: _sha256(folder / name) for name in names}})


def _read(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / _RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("files", {}), dict) else {}


def _write(folder: Path, record: dict[str, Any]) -> None:
    write_text(folder / _RECORD, json.dumps(record, indent=1))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
