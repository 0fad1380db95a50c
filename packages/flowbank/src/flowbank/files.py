"""Opening, making and replacing a bank's own files, and never anyone else's.

A bank's files are regular files inside the bank's folder. What stands in their place otherwise (a symbolic link, a
device, a fifo, a folder) is refused by name, and so is a file written in place that has a second name elsewhere.
"""

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flowbank.errors import BankFormatError, BankStorageError

PARTIAL = re.compile(r"\.(?P<target>.+)\.[0-9a-f]{16}\.flowbank-partial")  # a file on its way to its name
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISREG, "a file"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def kind_of(path: Path) -> str | None:
    """Return what stands at a path, in words, without following a link; None if nothing does."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "a device")


def refuse_all_but(path: Path, wanted: str, *, missing_ok: bool = False) -> None:
    """Refuse what stands at a path inside the bank unless it is `"a file"`, or `"a folder"`.

    Raises:
        FileNotFoundError: nothing stands there, and that is not allowed.
        BankFormatError: something else stands there.
    """
    kind = kind_of(path)
    if kind is None:
        if missing_ok:
            return
        raise FileNotFoundError(2, os.strerror(2), str(path))
    if kind != wanted:
        raise BankFormatError(
            f"{path} is {kind}, where a bank has {wanted} of its own: nothing was read or written there; move it away,"
            " or restore the bank from a copy"
        )


def open_regular(path: Path, flags: int, *, written_in_place: bool = False) -> int:
    """Open a regular file and return its descriptor, which a child process started by exec does not inherit.

    Args:
        path: which file; its folder has been checked.
        flags: as for `os.open`.
        written_in_place: refuse a file that has further names (hard links): they would change with it.

    Raises:
        FileNotFoundError: it is missing.
        BankFormatError: something other than a regular file stands there, or it has further names.
        BankStorageError: it cannot be opened.
    """
    refuse_all_but(path, "a file", missing_ok=True)  # before opening: opening a device may already do something
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BankStorageError(f"{path} cannot be opened: {error.strerror}; check its permissions") from error
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        refuse_all_but(path, "a file")
        raise BankFormatError(f"{path} is not a regular file: restore it from a copy")
    if written_in_place and found.st_nlink > 1:
        os.close(fd)
        raise BankFormatError(
            f"{path} has {found.st_nlink} names (hard links), and writing would change them all: give this bank a file"
            " of its own by copying the file and putting the copy in its place"
        )
    return fd


def read_regular(path: Path, *, most_bytes: int = 2**62) -> bytes:
    """Return the contents of a regular file of at most `most_bytes` bytes; errors as of `open_regular`."""
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as stream:
        try:
            contents = stream.read(most_bytes + 1) if most_bytes < os.fstat(stream.fileno()).st_size else stream.read()
            if len(contents) > most_bytes:
                raise BankFormatError(f"{path} has over {most_bytes} bytes, more than a bank writes: restore it")
            return contents
        except OSError as error:
            raise BankStorageError(f"{path} cannot be read: {error.strerror}; check the disk") from error


def list_folder(path: Path) -> list[str]:
    """Return the names in a folder inside the bank, in order.

    Raises:
        FileNotFoundError: it is missing.
        BankFormatError: something other than a folder stands there.
        BankStorageError: it cannot be read.
    """
    refuse_all_but(path, "a folder")
    try:
        return sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise BankStorageError(f"{path} cannot be read: {error.strerror}; check its permissions") from error


def make_folder(path: Path) -> None:
    """Make a folder inside the bank unless it is there."""
    refuse_all_but(path, "a folder", missing_ok=True)
    path.mkdir(exist_ok=True)


def replace_file(path: Path, contents: bytes) -> None:
    """Make `path` hold `contents`, all or nothing; `sync_folder` then makes the name last.

    Several processes may do so at once, and one may remove the other's partial files. The folder has been checked.
    """
    refuse_all_but(path, "a file", missing_ok=True)
    while True:
        partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}.flowbank-partial")
        try:
            fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            with os.fdopen(fd, "wb") as stream:
                stream.write(contents)
                stream.flush()
                os.fsync(stream.fileno())
            try:
                partial.rename(path)
            except FileNotFoundError:
                continue  # someone who cleaned up took it for a dead process's
            return
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def check_new(path: Path) -> None:
    """Refuse a path that cannot become a new output.

    Raises:
        BankStorageError: something is there already, a link included, or the path lies inside a bank.
    """
    if (kind := kind_of(path)) is not None:
        raise BankStorageError(f"{path} is there already ({kind}): it stays as it is, choose another name")
    check_outside_banks(path)


def check_outside_banks(path: Path) -> None:
    """Refuse an output inside a bank's folder, which is for the bank's own files."""
    for folder in list(path.absolute().parent.resolve().joinpath("x").parents)[:2]:
        if kind_of(folder / "bank.json") == "a file" and kind_of(folder / "generations") == "a folder":
            raise BankStorageError(f"{path} lies inside the bank {folder}: choose a place outside it")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that is not there yet; it appears when it is whole.

    Raises:
        BankStorageError: something is there already, or the disk refused.
    """
    check_new(path)
    try:
        remains = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.flowbank-partial")
        for left in [left for left in path.parent.iterdir() if remains.fullmatch(left.name)]:
            _remove_if_abandoned(left)
        partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}.flowbank-partial")
        fd = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(fd, "w+b") as stream:
                fcntl.flock(fd, fcntl.LOCK_EX)  # held while someone is writing it
                yield stream
                stream.flush()
                os.fsync(fd)
                check_new(path)
                partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise BankStorageError(f"{path} cannot be written: {error.strerror}; choose another place") from error


def _remove_if_abandoned(partial: Path) -> None:
    fd = open_regular(partial, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        partial.unlink(missing_ok=True)
    except BlockingIOError:
        pass
    finally:
        os.close(fd)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
