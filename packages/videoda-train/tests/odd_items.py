"""What an item of a list can do to the process that works on it."""

import errno
import os
import signal
import time
from pathlib import Path

from videoda_train.errors import MediaError, StorageError


def act(what: str) -> object:
    """Do what the item says; in a worker process this may be anything."""
    if what == "hang":
        time.sleep(600)
    if what in ("SIGKILL", "SIGSEGV"):
        os.kill(os.getpid(), getattr(signal, what))
    if what == "exit":
        os._exit(7)
    if what == "memory":
        raise MemoryError
    if what == "ours":
        raise MediaError("v.avi is truncated")
    if what == "foreign":
        raise ZeroDivisionError("division by zero\nin two lines")
    if what == "missing":
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "v.avi")
    if what == "full":
        raise OSError(errno.ENOSPC, "No space left on device", "out/x.npy")
    if what == "full, named":
        raise StorageError("cannot write out/x.npy: No space left on device")
    if what == "unsendable":
        return lambda: None
    return what.upper()


def write_pid_and_hang(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)


class EndsItsProcess:
    """A function that cannot be loaded anywhere else."""

    def __call__(self, item: str) -> str:
        return item

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (9,)
