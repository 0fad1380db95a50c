"""What a prepared file was made from: the key that keeps the data of different videos apart, whatever their names."""

import hashlib
import os
from pathlib import Path

from videoda_train.data.list_file import ListItem

KEY_DIGITS = 16


def source_key(item: ListItem) -> str:
    """Return a key of what a list line names, in 16 hexadecimal digits.

    It changes with the resolved path, with the size or time of change of the file (of every file, for a folder of
    frames), and with the stretch. Files are not read.
    """
    described = repr((file_key_parts(item.path), item.stretch))
    return hashlib.blake2b(described.encode("utf-8", "surrogateescape"), digest_size=KEY_DIGITS // 2).hexdigest()


def file_key_parts(path: Path) -> tuple[object, ...]:
    """Return the resolved path, and size [bytes] and time of change [ns] of the file or of all files in the folder."""
    resolved = path.resolve()
    try:
        if not resolved.is_dir():
            return (os.fspath(resolved), *_state(resolved.stat()))
        with os.scandir(resolved) as entries:
            inside = sorted((entry.name, *_state(entry.stat())) for entry in entries)
    except OSError:
        return (os.fspath(resolved), "unreadable")
    return (os.fspath(resolved), *inside)


def _state(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_size, stat.st_mtime_ns
