"""Where the files of one evaluation go, and which of those that are there may be replaced."""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from videoda_train.data.atomic_file import write_bytes, write_text
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
    record = _read(folder)
    written, coming = record.get("files", {}), record.get("coming", {})
    for name in FILES:
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise RunError(f"{path} is a link or no file, and nothing is written through it; give another --out")
        if not path.exists():
            continue
        digest = _sha256(path)
        if digest != coming.get(name) and digest != written.get(name):
            raise RunError(
                f"{path} is there already and was not written by 'videoda eval', or was changed since; move it away, "
                "or give another --out"
            )
        if not overwrite and digest == written.get(name):
            raise RunError(f"{path} is there already; add --overwrite to replace it, or give another --out")


def write_files(folder: Path, contents: dict[str, bytes]) -> None:
    """Write an evaluation's files, and remove our own of an earlier one that this one does not have.

    What is coming is noted first: where a full disk or a kill ends it in between, the next one finds its own.
    """
    record = _read(folder)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    _write(folder, {**record, "coming": digests})
    for name, content in contents.items():
        write_bytes(folder / name, partial(_put, content))
    for name, digest in record.get("files", {}).items():
        path = folder / name
        is_file = name in FILES and name not in contents and path.is_file() and not path.is_symlink()
        if is_file and _sha256(path) == digest:
            path.unlink()
    _write(folder, {**{key: value for key, value in record.items() if key != "coming"}, "files": digests})


def _put(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _read(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / _RECORD).read_text())
    except (OSError, ValueError):
        return {}
    known = isinstance(record, dict) and all(isinstance(record.get(key, {}), dict) for key in ("files", "coming"))
    return record if known else {}


def _write(folder: Path, record: dict[str, Any]) -> None:
    write_text(folder / _RECORD, json.dumps(record, indent=1))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
