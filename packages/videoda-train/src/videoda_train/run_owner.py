"""One process at a time writes a run folder: the first holds a lock that ends with it, however it ends."""

import errno
import fcntl
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from videoda_train.errors import RunError

LOCK_FILE = ".videoda-run.lock"
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


@contextmanager
def sole_owner(folder: Path) -> Iterator[None]:
    """Hold a folder's lock for the length of a block. The file stays; a dead process's lock is none.

    Where the file system knows no locks, nothing is held.

    Raises:
        RunError: another process holds it (named), or the lock is not a plain file.
        OSError: the folder cannot be written.
    """
    path = folder / LOCK_FILE
    try:
        # Not through a link, and without waiting for the other end of a pipe.
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise
        raise RunError(f"{path} is not a plain file; move it away, or give another --run-dir") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise RunError(f"{path} is not a plain file; move it away, or give another --run-dir")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"{folder} is in use by {_owner(file)}; wait until it ends, stop it, or give another --run-dir"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        _write(file, json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": since}))
        yield
        _write(file, "")
    finally:
        os.close(file)


def _write(file: int, text: str) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode(), 0)


def _owner(file: int) -> str:
    try:
        told = json.loads(os.pread(file, 4096, 0))
        return f"process {told['pid']} on {told['host']} since {told['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
