"""The lock of the one who writes."""

import fcntl
import os
from pathlib import Path

from flowbank.errors import BankLockedError
from flowbank.files import open_regular
from flowbank.layout import LOCK_FILE


def lock_folder(folder: Path) -> int:
    """Take the writer lock of a folder and return its descriptor.

    Raises:
        BankLockedError: someone else has it.
    """
    path = folder / LOCK_FILE
    while True:
        fd = open_regular(path, os.O_RDWR | os.O_CREAT, written_in_place=True)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, fd):
                return fd
            os.close(fd)  # a lock on a file that was removed with its bank keeps nobody out
        except BlockingIOError as error:
            os.close(fd)
            raise BankLockedError(
                f"{folder} is being written by someone else: close that bank first, or open this one with mode='r'"
            ) from error
        except BaseException:
            os.close(fd)
            raise


def _is_at(path: Path, fd: int) -> bool:
    try:
        there = path.lstat()
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
