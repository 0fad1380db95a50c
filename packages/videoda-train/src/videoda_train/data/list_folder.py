"""Folders and patterns in place of list files: videos without labels, and photos or videos by class folder."""

import fnmatch
import glob
from collections.abc import Iterator
from pathlib import Path

from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.errors import ListFileError

VIDEO_SUFFIXES = frozenset(
    {
        *(".avi", ".mp4", ".m4v", ".mkv", ".webm", ".mov", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ts", ".mts"),
        *(".ogv", ".gif"),
    }
)
_WILDCARDS = "*?["


def names_no_file(list_file: Path) -> bool:
    """Say whether what stands in place of a list file is a folder or a pattern."""
    return list_file.is_dir() or (any(mark in str(list_file) for mark in _WILDCARDS) and not exists(list_file))


def exists(path: Path) -> bool:
    """Say whether there is such a path; a text that no path can be is none."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name, or not text that a name can hold
        return False


def list_folder(folder: Path) -> list[tuple[Path, str]]:
    """Return the videos beneath a folder, or those that match a pattern, with their names, in sorted order.

    A video is a file with a video's suffix, or a folder that holds images and no video (its frames). What is hidden is
    left out.

    Args:
        folder: a folder, or a pattern with `*`, `?`, `[…]` or `**`; matching folders are looked through.

    Raises:
        ListFileError: there is no video.
    """
    if folder.is_dir():
        found = [(path, shown_name(path.relative_to(folder))) for path in _videos(folder)]
    else:
        matches = sorted(Path(match) for match in glob.glob(str(folder), recursive=True))  # noqa: PTH207 (may be absolute)
        paths = dict.fromkeys(path for match in matches for path in _videos(match))
        found = [(path, shown_name(path)) for path in paths]
    if not found:
        raise ListFileError(
            f"no video at {folder}; give a text file with one '{{path}} {{label}}' or path per line, a folder, or a "
            f"pattern ({', '.join(sorted(VIDEO_SUFFIXES))}, or folders of images)"
        )
    return found


def _videos(path: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    if not path.is_dir():
        if path.suffix.lower() in VIDEO_SUFFIXES:
            yield path
        return
    real = path.resolve()
    if real in above:  # a link to a folder that it is in
        return
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    inside = [video for entry in entries for video in _videos(entry, above | {real})]
    if not inside and any(entry.suffix.lower() in IMAGE_SUFFIXES for entry in entries):
        yield path
    yield from inside


def would_list(list_file: Path, place: Path) -> bool:
    """Say whether files written into a folder would be listed by a folder or pattern in place of a list file."""
    if not names_no_file(list_file):
        return False
    base, inside = list_file.resolve(), place.resolve()
    if base.is_dir():
        hidden = inside.is_relative_to(base) and any(part.startswith(".") for part in inside.relative_to(base).parts)
        return inside.is_relative_to(base) and not hidden
    return any(fnmatch.fnmatchcase(str(folder), str(base)) for folder in (inside, *inside.parents))


def names_inside(folder: Path) -> list[str]:
    """Return the paths of all photos and videos that a folder or a pattern stands for, in sorted order."""
    if folder.is_dir():
        return [str(path) for path in _photos_or_videos(folder)]
    return sorted(glob.glob(str(folder), recursive=True))  # noqa: PTH207 (may be absolute)


def shown_name(path: Path) -> str:
    r"""Return a path as text that any file can hold: a byte that is not UTF-8 is written as `\xNN`."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def class_folders(folder: Path) -> list[str]:
    """Return the names of a folder's folders, in sorted order: the classes of `CLASS/photo.jpg`."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def list_class_folders(folder: Path, classes: list[str]) -> list[tuple[Path, str, int]]:
    """Return the photos and videos of `folder/CLASS/…` with their names and their classes' numbers.

    Raises:
        ListFileError: a folder is no class, or a class has nothing.
    """
    if unknown := [name for name in class_folders(folder) if name not in classes]:
        raise ListFileError(
            f"{folder} has a folder {unknown[0]!r}, which is no class; the classes are {', '.join(classes[:10])}"
        )
    found = [
        (path, shown_name(path.relative_to(folder)), label)
        for label, name in enumerate(classes)
        for path in _photos_or_videos(folder / name)
    ]
    for label, name in enumerate(classes):
        if not any(item[2] == label for item in found):
            raise ListFileError(f"{folder / name} holds no photo and no video; every class needs some")
    return found


def _photos_or_videos(folder: Path) -> list[Path]:
    suffixes = IMAGE_SUFFIXES | VIDEO_SUFFIXES
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    return [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
