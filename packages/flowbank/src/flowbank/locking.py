"""Locks on a bank's files: the one who writes, and the readers of a generation."""

import fcntl
import os
from pathlib import Path

from flowbank.errors import BankLockedError, BankStorageError
from flowbank.files import open_regular
from flowbank.layout import LOCK_FILE


def lock_folder(folder: Path) -> int:
    """Take the writer lock of a folder and return its descriptor.

    Raises:
        BankLockedError: someone else has it.
        BankStorageError: the file system has no working locks.
    """
    path = folder / LOCK_FILE
    while True:
        fd = open_regular(path, os.O_RDWR | os.O_CREAT, written_in_place=True)
        try:
            lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, path=path)
            if not is_at(path, fd):
                os.close(fd)  # a lock on a file that was removed with its bank keeps nobody out
                continue
            check_locks_work(path, os.O_RDWR)
        except BlockingIOError as error:
            os.close(fd)
            raise BankLockedError(
                f"{folder} is being written by someone else: close that bank first, or open this one with mode='r'"
            ) from error
        except BaseException:
            os.close(fd)
            raise
        return fd


def lock(fd: int, operation: int, *, path: Path) -> None:
    """Lock an open file as `fcntl.flock` does.

    Raises:
        BlockingIOError: someone else has it, and the operation says not to wait.
        BankStorageError: the file system has no locks.
    """
    try:
        fcntl.flock(fd, operation)
    except BlockingIOError:
        raise
    except OSError as error:
        raise BankStorageError(
            f"{path} is on a file system without working locks (flock: {error.strerror}): move the bank to a local disk"
        ) from error


def check_locks_work(path: Path, flags: int) -> None:
    """Refuse a file system that grants every lock; the caller holds a lock on `path`, which must keep others out.

    Raises:
        BankStorageError: a second, exclusive lock was granted.
    """
    second = open_regular(path, flags)
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # it keeps others out, or, on some network file systems, wants a descriptor open for writing
    finally:
        os.close(second)
    raise BankStorageError(
        f"{path} is on a file system without working locks (flock keeps nobody out): move the bank to a local disk"
    )


def is_at(path: Path, fd: int) -> bool:
    """Whether an open file still has that name."""
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
