"""Which clips are finished, and what their files were when they were finished."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from depthmotion.atomic_output import Mark, kind_of
from depthmotion.dataset.clip_inputs import InputMark
from depthmotion.dataset.photo_list import Item
from depthmotion.errors import ConfigError, OutputError

_START = '{"item": '


@dataclass(frozen=True)
class Finished:
    """What the manifest says of a clip: the settings it was made with, and its files' marks.

    `files` are those of the last time that it was made, `known` all that it ever had, by KIND or KIND/NAME, `inputs`
    the files that it was made from. All are empty in older manifests, which have a hash over all files instead.
    """

    settings: str
    hash: str
    files: dict[str, Mark]
    known: dict[str, list[Mark]]
    inputs: dict[str, InputMark] = field(default_factory=dict)


def content_hash(outputs: list[Path]) -> str:
    """Return the hash that older manifests have: of files, and of all files in folders, with their names inside."""
    digest = hashlib.blake2b(digest_size=16)
    for output in outputs:
        files = sorted(file for file in output.rglob("*") if file.is_file()) if output.is_dir() else [output]
        for file in files:
            data = file.read_bytes()
            digest.update(f"{file.relative_to(output).as_posix()}\x1f{len(data)}\x1f".encode())
            digest.update(data)
    return digest.hexdigest()


def marks_of(outputs: Mapping[str, Path]) -> dict[str, Mark]:
    """Return the marks of a clip's files by KIND, or KIND/NAME for those in a folder."""
    marks: dict[str, Mark] = {}
    for kind, output in outputs.items():
        if output.is_dir():
            files = sorted(file for file in output.rglob("*") if file.is_file())
            marks |= {f"{kind}/{file.relative_to(output).as_posix()}": Mark.of(file) for file in files}
        else:
            marks[kind] = Mark.of(output)
    return marks


def digest_of(marks: Mapping[str, Mark]) -> str:
    """Return one hash for all files of a clip."""
    lines = (f"{name}\x1f{mark.size}\x1f{mark.sha256}\n" for name, mark in sorted(marks.items()))
    return hashlib.blake2b("".join(lines).encode(), digest_size=16).hexdigest()


def read_manifests(out_dir: Path) -> dict[str, list[str]]:
    """Return the lines of all shards' manifests by item, oldest first; see `parse_manifest`."""
    rows: dict[str, list[str]] = {}
    for file in sorted(out_dir.glob("manifest*.jsonl")):
        if file.is_file():
            for item, lines in parse_manifest(file.read_bytes()).items():
                rows.setdefault(item, []).extend(lines)
    return rows


def parse_manifest(data: bytes) -> dict[str, list[str]]:
    """Return the lines of a manifest by item, oldest first; lines that killed calls left unfinished are skipped."""
    rows: dict[str, list[str]] = {}
    for line in data.decode("utf-8", errors="replace").split("\n"):
        try:
            rows.setdefault(str(json.loads(line)["item"]), []).append(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return rows


def finished_of(lines: list[str]) -> Finished | None:
    """Return what an item's manifest lines say, or None if they say nothing."""
    found: Finished | None = None
    known: dict[str, list[Mark]] = {}
    for line in lines:
        try:
            row = json.loads(line)
            files = {str(name): Mark(int(size), str(sha256)) for name, (size, sha256) in row.get("files", {}).items()}
            for name, mark in files.items():
                known.setdefault(name, []).append(mark)
            inputs = {
                str(name): InputMark(Mark(int(size), str(sha256)), int(mtime_ns))
                for name, (size, sha256, mtime_ns) in row.get("inputs", {}).items()
            }
            found = Finished(str(row["settings"]), str(row["hash"]), files, known, inputs)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
    return found


class Manifest:
    """The open manifest of one shard: a JSON line per finished clip."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def add(
        self,
        item: Item,
        *,
        fingerprint: str,
        marks: Mapping[str, Mark],
        inputs: Mapping[str, InputMark],
        objects: tuple[int, ...],
    ) -> None:
        """Note a finished clip; `objects` are the ids in its instance mask that move on their own."""
        row = {
            "item": item.name,
            "photo": str(item.photo),
            "seed": item.seed,
            "path": item.config.path_description,
            "depth": item.config.depth,
            "objects": list(objects),
            "settings": fingerprint,
            "hash": digest_of(marks),
            "inputs": {name: [mark.content.size, mark.content.sha256, mark.mtime_ns] for name, mark in inputs.items()},
            "files": {name: [mark.size, mark.sha256] for name, mark in marks.items()},
        }
        self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._stream.flush()


@contextmanager
def open_manifest(out_dir: Path, shard: tuple[int, int]) -> Iterator[Manifest]:
    """Open a shard's manifest for one process alone.

    Raises:
        ConfigError: another process is at work on the same shard.
        OutputError: a file of the manifest's name is there that is none.
    """
    index, count = shard
    file = out_dir / ("manifest.jsonl" if count == 1 else f"manifest-{index}-of-{count}.jsonl")
    is_new, is_new_folder = not os.path.lexists(file), not out_dir.exists()
    out_dir.mkdir(parents=True, exist_ok=True)
    if not is_new and not stat.S_ISREG(file.lstat().st_mode):
        raise OutputError(f"{file} is {kind_of(file.lstat())}: the manifest of the clips is kept there. Move it.")
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(file, flags, 0o666), "r+", encoding="utf-8", errors="replace") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"another process is making the same clips in {out_dir} ({file.name} is locked): wait for it, or give "
                "each process a --shard of its own."
            ) from error
        content = stream.read()
        if content and not content.lstrip().startswith(_START) and not _START.startswith(content):
            raise OutputError(f"{file} is no manifest of depthmotion's, and is kept: move it, or give another folder.")
        try:
            if content and not content.endswith("\n"):
                stream.write("\n")
                stream.flush()
            yield Manifest(stream)
        finally:
            if is_new and file.stat().st_size == 0:  # nothing was made
                file.unlink()
                if is_new_folder and not any(out_dir.iterdir()):
                    out_dir.rmdir()
