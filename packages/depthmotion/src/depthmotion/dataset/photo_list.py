"""Which photos there are, and where their clips go."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from depthmotion.clip_files import FLOW_SUFFIXES
from depthmotion.dataset.config import GenerateConfig, OutputKind
from depthmotion.errors import ConfigError
from depthmotion.input_files import read_text


@dataclass(frozen=True)
class Failure:
    """A photo that nothing could be made of, why, and its line in the list, counted from 1."""

    path: Path
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{'' if self.line is None else f'line {self.line}: '}{self.path}: {self.reason}"

    @classmethod
    def of(cls, path: Path, error: BaseException, *, line: int | None = None) -> Failure:
        """Return the failure that an exception was."""
        return cls(path, reason_of(error), line)


def reason_of(error: BaseException) -> str:
    """Return an exception's type and text on one line."""
    if isinstance(error, OSError) and error.filename:
        text = f"{error.strerror}: {error.filename}"
    else:
        text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text or 'no more is said'}"


@dataclass(frozen=True)
class ListedPhoto:
    """A photo, and its line in the list, counted from 1, if it is from one."""

    path: Path
    line: int | None = None


@dataclass(frozen=True)
class Item:
    """A photo, its clip's name `CLASS/IMAGE_FILE_NAME`, and how and where the clip is made."""

    photo: Path
    name: str
    config: GenerateConfig
    out_dir: Path
    line: int | None = None

    @property
    def seed(self) -> int:
        """A function of the base seed and the item's name alone."""
        digest = hashlib.blake2b(f"{self.config.seed}\x1f{self.name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little")

    @property
    def targets(self) -> dict[OutputKind, Path]:
        """What is written of the clip, and where: frames and, where they are asked for, flow, depth and masks."""
        suffixes: dict[OutputKind, str] = {"flow": FLOW_SUFFIXES.get(self.config.flow_format, "")}
        if self.config.frame_format in ("mp4", "avi"):
            suffixes["frames"] = f".{self.config.frame_format}"
        folders = self.config.folders(self.out_dir)
        return {kind: folder / (self.name + suffixes.get(kind, "")) for kind, folder in folders.items()}


def clip_name(photo: Path) -> str:
    """Return `CLASS/IMAGE_FILE_NAME`; CLASS is the folder or, in a flat `JPEGImages`, the name up to its last `_`."""
    parent = photo.parent.name
    folder = photo.stem.rpartition("_")[0] if parent == "JPEGImages" else parent
    return f"{folder}/{photo.name}" if folder else photo.name


def read_photos(list_file: Path) -> tuple[dict[str, ListedPhoto], list[Failure]]:
    """Return the photos of a list file by their clips' names, and the lines that would leave the output folder.

    Raises:
        ConfigError: the list cannot be read or is empty, or two photos would share a folder.
    """
    # Without links resolved: a photo's class is the folder that the list names.
    return parse_list(read_text(list_file, error=ConfigError), root=list_file.absolute().parent, name=str(list_file))


def parse_list(text: str, *, root: Path, name: str = "list") -> tuple[dict[str, ListedPhoto], list[Failure]]:
    """Return what `read_photos` does of the text of a list whose paths are relative to `root`."""
    shown = name
    photos: dict[str, ListedPhoto] = {}
    failures = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not line.strip():
            continue
        photo = root / _photo_of(line.strip())
        name = clip_name(photo)
        if "\0" in line:
            failures.append(Failure(photo, "the line holds a NUL character, which no file name does.", number))
        elif ".." in Path(name).parts or not photo.name:
            failures.append(Failure(photo, "would be written outside the output folder.", number))
        elif photos.setdefault(name, ListedPhoto(photo, number)).path != photo:
            raise ConfigError(f"{shown}:{number}: {photo} and {photos[name].path} would share the folder {name!r}.")
    if not photos and not failures:
        raise ConfigError(f"the list {shown} names no photo.")
    return photos, failures


def read_items(list_file: Path, out_dir: Path, config: GenerateConfig) -> tuple[list[Item], list[Failure]]:
    """Return the items of a list file's shard in order of name, and the failures that only shard 0 reports."""
    photos, failures = read_photos(list_file)
    index, count = config.shard_of
    items = [Item(photos[name].path, name, config, out_dir, photos[name].line) for name in sorted(photos)[index::count]]
    targets = items[0].targets if items else {}
    if len({os.path.realpath(target) for target in targets.values()}) < len(targets):
        given = ", ".join(f"{kind} {target}" for kind, target in targets.items())
        raise ConfigError(f"two outputs would overwrite each other ({given}): give each a folder of its own.")
    return items, failures if index == 0 else []


def _photo_of(line: str) -> str:
    """Return the path of a `{path} {label}` line, or the whole line if it ends in no label."""
    path, *label = line.rsplit(maxsplit=1)
    return path if label and re.fullmatch(r"-?[0-9]+", label[0]) else line
