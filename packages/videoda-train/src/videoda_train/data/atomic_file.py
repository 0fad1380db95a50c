"""Files that appear whole or not at all."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from videoda_train.storage import is_refusal, storage_error


def write_bytes(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write` on a temporary file beside `path`, flush it to disk, then rename it to `path`.

    Raises:
        StorageError: the disk is full, read-only or not ours to write.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if is_refusal(error):
            raise storage_error(path, error) from error
        raise
    finally:
        with suppress(OSError):  # its own failure would hide the one that matters
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, lambda file: file.write(text.encode()))


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array as `.npy` atomically."""
    write_bytes(path, lambda file: np.save(file, array, allow_pickle=False))
