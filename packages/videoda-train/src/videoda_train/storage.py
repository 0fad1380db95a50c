"""A disk that refuses: what cannot be written, why, how much is free there, and how to go on."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from videoda_train.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}


def is_refusal(error: OSError) -> bool:
    """Whether an error tells of a disk that is full, over its quota, read-only or not ours to write."""
    return error.errno in _FULL | _CLOSED


def storage_error(path: Path, error: OSError, *, kept: str = "what is finished is kept") -> StorageError:
    """Return the error of a file or folder that cannot be written.

    Args:
        path: what was to be written.
        error: what the system said.
        kept: what is not lost.
    """
    cure = "make it writable" if error.errno in _CLOSED else "make room there"
    reason = f"{error.strerror or error}{_free(path)}"
    return StorageError(f"cannot write {path}: {reason}; {kept}: {cure} and continue with --resume")


@contextmanager
def refusals_named(*folders: Path) -> Iterator[None]:
    """Name the folder where a block's files cannot be written; `folders` are those it writes into, the main one first.

    Raises:
        StorageError: in place of the system's error about a file in one of them, or about a full or read-only disk.
    """
    try:
        yield
    except OSError as error:
        named = [Path(os.fsdecode(name)) for name in (error.filename2, error.filename) if isinstance(name, str | bytes)]
        roots = [folder.absolute() for folder in folders]
        inside = [path for path in named if any(path.absolute().is_relative_to(root) for root in roots)]
        only_written = error.errno in _FULL or error.errno == errno.EROFS
        if not is_refusal(error) or not (inside or only_written):
            raise
        raise storage_error(inside[0] if inside else folders[0], error) from error


def _free(path: Path) -> str:
    existing = next((place for place in (path, *path.absolute().parents) if place.is_dir()), None)
    if existing is None:
        return ""
    try:
        return f" ({shutil.disk_usage(existing).free / 2**20:.1f} MiB free)"
    except OSError:
        return ""
