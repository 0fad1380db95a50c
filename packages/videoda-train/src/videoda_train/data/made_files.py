"""Outputs that are known as ours: beside each a hidden record of what it was made from and what it was.

A file without a record, or one that has changed since, is someone else's and is never replaced.
"""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from videoda_train.data.atomic_file import open_new, require_writable
from videoda_train.errors import ConfigError
from videoda_train.storage import storage_error

State = Literal["absent", "finished", "outdated", "foreign"]


@dataclass(frozen=True)
class _Record:
    made_from: str
    digests: Mapping[str, str]


def state_of(targets: Sequence[Path], *, made_from: str, inside: Path, thorough: bool = False) -> State:
    """Say what is at the place of an output.

    Args:
        targets: its files or folders, all in one folder.
        made_from: the key of what it is made from.
        inside: the folder that the user chose.
        thorough: read what seems finished: else its size is taken for its content, and a folder is not looked into.

    Returns:
        `absent`: nothing; `finished`: ours, made from this; `outdated`: ours and unchanged, but made from something
        else or not whole; `foreign`: not ours, or changed since.

    Raises:
        ConfigError: a target is a link or another kind of file, or in a folder that is a link.
    """
    for target in targets:
        require_writable(target, inside=inside)
    there = [target for target in targets if os.path.lexists(target)]
    if not there:
        return "absent"
    record = _read_record(targets)
    if record is None:
        return "foreign"
    is_whole = record.made_from == made_from and len(there) == len(targets)
    if is_whole and not thorough and all(_is_as_left(target, record) for target in targets):
        return "finished"
    if any(_digest(target) != record.digests.get(target.name) for target in there):
        return "foreign"
    return "finished" if is_whole else "outdated"


@contextmanager
def made_whole(targets: Sequence[Path], *, made_from: str, inside: Path) -> Iterator[list[Path]]:
    """Give temporary names beside the targets, to be made as files or folders; then move all to their places.

    What is there already must be ours, and is replaced.

    Raises:
        ConfigError: a target is not ours.
        StorageError: the disk is full or read-only.
    """
    _require_ours(targets, made_from=made_from, inside=inside)
    folder = targets[0].parent
    folder.mkdir(parents=True, exist_ok=True)
    temporaries = [temporary_beside(target) for target in targets]
    try:
        yield temporaries
        for made in temporaries:
            _flush(made)
        digests = {target.name: _digest(made) for target, made in zip(targets, temporaries, strict=True)}
        # The order lets a process be killed anywhere: whatever is there is what the record says, or nothing.
        _require_ours(targets, made_from=made_from, inside=inside)
        for target in targets:
            remove_ours(target)
        _write_record(targets, _Record(made_from, digests))
        for target, made in zip(targets, temporaries, strict=True):
            made.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise storage_error(targets[0], error) from error
        raise
    finally:
        for made in temporaries:
            remove_ours(made)


def write_ours(path: Path, text: str, *, overwrite: bool) -> None:
    """Write a text file with its record; the very same text is left as it is.

    Raises:
        ConfigError: there is a file that is not ours, or one of ours and `overwrite` is not given.
    """
    if path.parent.is_dir():
        sweep_temporaries(path.parent)
    require_replaceable(path, text, overwrite=overwrite)
    if not path.exists() or path.read_bytes() != text.encode():
        with made_whole([path], made_from="", inside=path.parent) as (made,):
            made.write_text(text, encoding="utf-8", errors="surrogateescape")


def write_all_ours(folder: Path, texts: Mapping[str, str], *, overwrite: bool) -> None:
    """Write text files of these names as `write_ours` does, none of them if one cannot be.

    Raises:
        ConfigError: there is a file that is not ours, or one of ours that differs and `overwrite` is not given.
    """
    for name, text in texts.items():
        require_replaceable(folder / name, text, overwrite=overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_ours(folder / name, text, overwrite=overwrite)


def require_replaceable(path: Path, text: str | None, *, overwrite: bool, option: str = "--overwrite") -> None:
    """Raise `ConfigError` where `write_ours` would; without a text, whatever is there is taken to differ."""
    state = state_of([path], made_from="", inside=path.parent, thorough=True)
    if state == "absent" or (text is not None and path.is_file() and path.read_bytes() == text.encode()):
        return
    if state == "foreign":
        raise ConfigError(_foreign([path]))
    if not overwrite:
        raise ConfigError(f"{path} exists already; add {option} to replace it, or give another place")


def sweep_temporaries(folder: Path) -> None:
    """Remove what killed processes of this machine left in a folder: names that no one else gives."""
    for left in folder.glob(".*.videoda-tmp"):
        number = left.name.rsplit(".", 2)[-2]
        if number.isdigit() and not Path("/proc", number).exists() and Path("/proc/self").exists():
            remove_ours(left)


def _require_ours(targets: Sequence[Path], *, made_from: str, inside: Path) -> None:
    if state_of(targets, made_from=made_from, inside=inside, thorough=True) == "foreign":
        raise ConfigError(_foreign(targets))


def _foreign(targets: Sequence[Path]) -> str:
    there = [str(target) for target in targets if os.path.lexists(target)]
    return (
        f"{', '.join(there)} was not made by this command, or has changed since; it stays as it is: "
        "move it away, or give another place for the output"
    )


def temporary_beside(target: Path) -> Path:
    """Return a hidden name beside a target, of this process, that `sweep_temporaries` knows as ours."""
    return target.with_name(f".{target.name}.{os.getpid()}.videoda-tmp")


def _flush(place: Path) -> None:
    """Have a file, or all files in a folder, on the disk before anything says that they are."""
    for file in place.rglob("*") if place.is_dir() else [place]:
        if file.is_file():
            with file.open("rb") as content:
                os.fsync(content.fileno())


def _record_file(targets: Sequence[Path]) -> Path:
    return targets[0].with_name(f".{targets[0].name}.made.json")


def _write_record(targets: Sequence[Path], record: _Record) -> None:
    content = {"made_from": record.made_from, "blake2b": dict(record.digests)}
    file = _record_file(targets)
    made = temporary_beside(file)
    try:
        with open_new(made) as stream:
            stream.write((json.dumps(content) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())
        made.replace(file)
    finally:
        remove_ours(made)


def _read_record(targets: Sequence[Path]) -> _Record | None:
    file = _record_file(targets)
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return None
        content = json.loads(file.read_text(encoding="utf-8"))
        digests = {str(name): str(digest) for name, digest in content["blake2b"].items()}
        return _Record(str(content["made_from"]), digests)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_as_left(target: Path, record: _Record) -> bool:
    """Say whether a target has the size that its record says; a folder is taken as it is: it may be very large."""
    size, _, _ = record.digests.get(target.name, "").partition(":")
    return size == "folder" if target.is_dir() else size == str(target.stat().st_size)


def _digest(place: Path) -> str:
    """Return the size of a file and a hash of it, or `folder` and a hash of all that is in it, names included."""
    if not place.is_dir():
        return f"{place.stat().st_size}:{_hash_of(place)}"
    whole = hashlib.blake2b(digest_size=16)
    for inner in sorted(place.rglob("*")):
        mode = inner.lstat().st_mode
        described = f"{inner.relative_to(place).as_posix()}\0{stat.S_IFMT(mode)}\0"
        whole.update(described.encode("utf-8", "surrogateescape"))
        if stat.S_ISREG(mode):
            whole.update(_hash_of(inner).encode())
    return f"folder:{whole.hexdigest()}"


def _hash_of(file: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as content:
        while block := content.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def remove_ours(place: Path) -> None:
    """Remove a file or folder of ours."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
