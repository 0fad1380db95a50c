"""Files that appear whole or not at all, and never in place of, or through, what is not a file."""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from videoda_train.errors import ConfigError
from videoda_train.storage import is_refusal, storage_error


def require_writable(path: Path, *, inside: Path | None = None) -> None:
    """Refuse a place where a file is not to be written: what is there may lead anywhere, or is not a file.

    Args:
        path: the file or folder that is to be written.
        inside: the folder that the user chose, which may itself be a link; default: the one that `path` is in.

    Raises:
        ConfigError: `path` is a link, a pipe, a device or a socket, or a folder between `inside` and it is no folder.
    """
    base = path.parent if inside is None else inside
    below = path.relative_to(base).parts
    for depth in range(1, len(below) + 1):
        place = base.joinpath(*below[:depth])
        try:
            mode = place.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        is_last = depth == len(below)
        if not (stat.S_ISDIR(mode) or (is_last and stat.S_ISREG(mode))):
            raise ConfigError(
                f"{place} is {_kind(mode)}, and nothing is written {'through' if stat.S_ISLNK(mode) else 'to'} one; "
                "move it away, or give another place for the output"
            )


def write_bytes(path: Path, write: Callable[[BinaryIO], object], *, inside: Path | None = None) -> None:
    """Call `write` on a temporary file beside `path`, flush it to disk, then rename it to `path`.

    What a killed process of this machine left of the same file is removed.

    Args:
        path: the file; one that is there is replaced.
        write: is given the temporary file.
        inside: the folder that the user chose; those below it must not be links. Default: the file's own folder.

    Raises:
        ConfigError: `path` is there and no regular file, or a folder on the way is a link.
        StorageError: the disk is full, read-only or not ours to write.
    """
    require_writable(path, inside=inside)
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; a file is to be written there: move it away, or give another place")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(path)
        with open_new(temporary) as file:
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


def _remove_left(path: Path) -> None:
    """Remove unfinished ones of a file, of processes that are no more: hidden, with its name and their number."""
    start, end = f".{path.name}.", ".tmp"
    with os.scandir(path.parent) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(start) and entry.name.endswith(end)]
    for name in names:
        number = name[len(start) : -len(end)]
        left = path.with_name(name)
        if number.isascii() and number.isdigit() and not _is_alive(int(number)) and stat.S_ISREG(left.lstat().st_mode):
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is someone else's
        pass
    return True


def open_new(path: Path) -> BinaryIO:
    """Open a file that is not there yet, or a regular one that a process of the same number left; never a link."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigError(f"{path} is not a regular file; move it away")
    os.ftruncate(descriptor, 0)
    return os.fdopen(descriptor, "r+b")


def open_to_append(path: Path) -> BinaryIO:
    """Open a regular file, which need not be there yet, to append to it.

    Raises:
        ConfigError: it is a link, or not a file.
    """
    require_writable(path)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigError(f"{path} is not a regular file; move it away")
    return os.fdopen(descriptor, "r+b")


def write_text(path: Path, text: str, *, inside: Path | None = None) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, lambda file: file.write(text.encode()), inside=inside)


def write_array(path: Path, array: np.ndarray, *, inside: Path | None = None) -> None:
    """Write an array as `.npy` atomically."""
    write_bytes(path, lambda file: np.save(file, array, allow_pickle=False), inside=inside)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_ISLNK: "a symbolic link",
        stat.S_ISDIR: "a folder",
        stat.S_ISFIFO: "a pipe",
        stat.S_ISSOCK: "a socket",
        stat.S_ISREG: "a file",
    }
    return next((name for test, name in kinds.items() if test(mode)), "a device")
