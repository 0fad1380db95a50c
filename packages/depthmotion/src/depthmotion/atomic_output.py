"""Files and folders that appear whole or not at all, and never over what is there already."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from depthmotion.errors import OutputError

_PREFIX = ".depthmotion-partial"
_PROCESS = secrets.token_hex(4)
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


@dataclass(frozen=True)
class Mark:
    """What shows that a file is still as it was written: its size in bytes and its SHA-256."""

    size: int
    sha256: str

    @classmethod
    def of(cls, file: Path) -> Mark:
        """Return the mark of a file that is there."""
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return cls(stream.tell(), digest)


def is_own(file: Path, marks: Collection[Mark]) -> bool:
    """Return whether a file is one that was written with one of the marks, or is empty, so that nothing can be lost."""
    status = _status(file)
    if not marks or status is None or not stat.S_ISREG(status.st_mode):
        return False
    return status.st_size == 0 or (status.st_size in {mark.size for mark in marks} and Mark.of(file) in marks)


def open_new(file: Path) -> BinaryIO:
    """Open a new file for writing.

    Raises:
        OutputError: something has its name already, be it a link that leads nowhere.
    """
    try:
        return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666), "wb")
    except FileExistsError as error:
        raise _in_the_way(file) from error


def write_new(file: Path, data: bytes) -> None:
    """Write a new file; see `open_new`."""
    with open_new(file) as stream:
        stream.write(data)


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there.

    Raises:
        OutputError: a link or a file has its name.
    """
    status = _status(folder)
    if status is None:
        folder.mkdir(parents=True, exist_ok=True)
    elif not stat.S_ISDIR(status.st_mode):
        raise OutputError(
            f"{folder} is {kind_of(status)} where a folder should be: nothing is written through it. Move it."
        )


def owner() -> str:
    """Return what the names of this process's unfinished files hold: machine, process, and its run."""
    return f"{_machine()}~{os.getpid()}~{_PROCESS}"


def partial_in(folder: Path, suffix: str, *, owned_by: str | None = None) -> Path:
    """Return a name for something unfinished in a folder, with an extension; `owned_by` is another process's owner."""
    return folder / f"{_PREFIX}~{owned_by or owner()}~{secrets.token_hex(6)}{suffix}"


def put_file(partial: Path, target: Path, *, replace: Collection[Mark] = (), replace_any: bool = False) -> None:
    """Give a finished file its name.

    A file of that name is replaced if it is as one of the marks in `replace` says, or, with `replace_any`, if it is a
    regular file.

    Raises:
        OutputError: something else has the name.
    """
    status = _status(target)
    if status is not None and stat.S_ISREG(status.st_mode) and (replace_any or is_own(target, replace)):
        partial.replace(target)
        return
    try:
        # Unlike renaming, a hard link never takes the place of what has appeared meanwhile.
        os.link(partial, target, follow_symlinks=False)
    except FileExistsError as error:
        raise _in_the_way(target) from error
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if _status(target) is not None:
            raise _in_the_way(target) from error
        partial.rename(target)
    else:
        partial.unlink()


def put_folder(
    partial: Path,
    target: Path,
    *,
    replace: Mapping[str, Collection[Mark]],
    stale: Collection[str] = (),
    replace_any: bool = False,
) -> None:
    """Give a finished folder its name, or, if the name is a folder's, put each of its files there.

    Files of that folder are replaced as `put_file` does, with the marks in `replace` of their names; those in `stale`
    that are not replaced are removed if they are as their marks say. Everything else stays.

    Raises:
        OutputError: something else has a file's name; see `check_room` for how to know before.
    """
    if _status(target) is None:
        partial.rename(target)
        return
    files = {file.relative_to(partial).as_posix(): file for file in sorted(partial.rglob("*")) if not file.is_dir()}
    for name, file in files.items():
        if "/" in name:
            make_folder((target / name).parent)
        put_file(file, target / name, replace=replace.get(name, ()), replace_any=replace_any)
    for name in set(stale) - set(files):
        if is_inside(name) and has_plain_way(target, name) and is_own(target / name, replace.get(name, ())):
            (target / name).unlink()
    remove(partial)


def check_room(
    names: Iterable[str], target: Path, *, replace: Mapping[str, Collection[Mark]], replace_any: bool = False
) -> None:
    """Raise OutputError if one of the files that `put_folder` would put into a folder that is there has no room."""
    for name in names:
        check_way(target, name)
        status = _status(target / name)
        is_free = status is None or (replace_any and stat.S_ISREG(status.st_mode))
        if not is_free and not is_own(target / name, replace.get(name, ())):
            raise _in_the_way(target / name)


def is_inside(name: str) -> bool:
    """Return whether a relative name stays inside the folder that it is for."""
    parts = Path(name).parts
    return bool(parts) and not Path(name).is_absolute() and ".." not in parts


def has_plain_way(folder: Path, name: str) -> bool:
    """Return whether every folder between a folder and a name below it is a real one, or not there."""
    ways = [folder / way for way in reversed(list(Path(name).parents)[:-1])]
    return all(status is None or stat.S_ISDIR(status.st_mode) for status in map(_status, ways))


def check_way(folder: Path, name: str) -> None:
    """Raise OutputError if a link or a file is where a folder would have to be on the way from a folder to a name."""
    for way in reversed(list(Path(name).parents)[:-1]):
        status = _status(folder / way)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            raise OutputError(
                f"{folder / way} is {kind_of(status)} where a folder should be: nothing is written through it. Move it."
            )


def sweep_partials(folder: Path, *, own: str | None = None) -> None:
    """Remove what killed processes of this machine left unfinished in a folder, and what the owner `own` did."""
    mark = f"{_PREFIX}~{_machine()}~"
    for partial in folder.iterdir() if folder.is_dir() else ():
        process, _, rest = partial.name.removeprefix(mark).partition("~")
        if not (partial.name.startswith(mark) and process.isdecimal()) or partial.is_symlink():
            continue
        if own is not None and partial.name.startswith(f"{_PREFIX}~{own}~"):
            left = True
        elif int(process) == os.getpid():
            # The process's number alone may be an earlier process's: in a container it often is 1.
            left = not rest.startswith(f"{_PROCESS}~")
        else:
            left = not _is_alive(int(process))
        if left:
            remove(partial)


def remove(partial: Path) -> None:
    """Remove something unfinished."""
    if partial.is_dir() and not partial.is_symlink():
        shutil.rmtree(partial, ignore_errors=True)
    else:
        partial.unlink(missing_ok=True)


def kind_of(status: os.stat_result) -> str:
    """Return in words what a file's status, links not followed, says that it is."""
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFREG: "a file",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(status.st_mode), "a device")


def _machine() -> str:
    # Without dots: the extension of an unfinished file is its target's.
    return re.sub(r"[^A-Za-z0-9-]", "_", socket.gethostname())


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _in_the_way(path: Path) -> OutputError:
    return OutputError(f"{path} exists already and is kept: give another name, or move it.")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
