"""Which videos of one list are in another: by file, by content, and by stretch."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.list_file import ListItem

_CHUNK_BYTES = 1 << 20
_Size = tuple[tuple[str, int], ...]


def in_list(items: Sequence[ListItem], others: Sequence[ListItem]) -> list[bool]:
    """Say of each video whether another list has it, or a stretch that shares frames with it.

    The same file under two names, through a link or as a copy, is one video: files of one size are compared by content,
    folders of frames whose files have the same names and sizes too. Files that are gone are compared by path alone.
    """
    by_path: dict[Path, list[ListItem]] = {}
    for other in others:
        by_path.setdefault(other.path.resolve(), []).append(other)
    by_size: dict[_Size, list[Path]] = {}
    for path in by_path:
        by_size.setdefault(_size(path), []).append(path)
    by_size.pop((), None)
    digests: dict[Path, bytes] = {}

    def digest(path: Path) -> bytes:
        if path not in digests:
            digests[path] = _digest(path)
        return digests[path]

    def found(item: ListItem) -> bool:
        path = item.path.resolve()
        same = [path] if path in by_path else []
        for other in by_size.get(_size(path), []) if path not in by_path else []:
            try:
                if digest(path) == digest(other):
                    same.append(other)
            except OSError:
                continue
        return any(_share_frames(item, other) for one in same for other in by_path[one])

    return [found(item) for item in items]


def list_digest(items: Sequence[ListItem]) -> str:
    """Return what tells one list from another, whatever its file is called: a hash of paths, stretches and labels."""
    lines = [f"{item.path.resolve()}\0{item.stretch}\0{item.label}\n" for item in items]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _share_frames(a: ListItem, b: ListItem) -> bool:
    if a.stretch is None or b.stretch is None:
        return True
    first_a, first_b = (one.offset + one.numbered_from for one in (a.stretch, b.stretch))
    return first_a < first_b + b.stretch.num_frames and first_b < first_a + a.stretch.num_frames


def _size(path: Path) -> _Size:
    """Return a file's size, or the names and sizes of a folder's files; nothing where there is neither."""
    try:
        return tuple((str(file.relative_to(path)), file.stat().st_size) for file in _files(path))
    except OSError:
        return ()


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]


def _digest(path: Path) -> bytes:
    content = hashlib.sha256()
    for file in _files(path):
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                content.update(chunk)
    return content.digest()
