"""Which clips are finished, and what they were when they were finished."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from depthmotion.dataset.photo_list import Item
from depthmotion.errors import ConfigError


@dataclass(frozen=True)
class Finished:
    """What the manifest says of a clip: the settings it was made with, and the hash of its files."""

    settings: str
    hash: str


def content_hash(outputs: list[Path]) -> str:
    """Return a hash of files, and of all files in folders, with their names inside."""
    digest = hashlib.blake2b(digest_size=16)
    for output in outputs:
        files = sorted(file for file in output.rglob("*") if file.is_file()) if output.is_dir() else [output]
        for file in files:
            data = file.read_bytes()
            digest.update(f"{file.relative_to(output).as_posix()}\x1f{len(data)}\x1f".encode())
            digest.update(data)
    return digest.hexdigest()


def read_manifests(out_dir: Path) -> dict[str, Finished]:
    """Return what all shards' manifests say, by item; a line that a killed process left unfinished is skipped."""
    rows: dict[str, Finished] = {}
    for file in sorted(out_dir.glob("manifest*.jsonl")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                row = json.loads(line)
                rows[str(row["item"])] = Finished(str(row["settings"]), str(row["hash"]))
            except (ValueError, KeyError, TypeError):
                continue
    return rows


def is_finished(item: Item, row: Finished | None, fingerprint: str) -> bool:
    """Return whether a clip is there as the manifest says; with `verify`, byte for byte."""
    outputs = list(item.targets.values())
    if row is None or row.settings != fingerprint or not all(output.exists() for output in outputs):
        return False
    return not item.config.verify or content_hash(outputs) == row.hash


class Manifest:
    """The open manifest of one shard: a JSON line per finished clip."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def add(self, item: Item, *, fingerprint: str, digest: str, objects: tuple[int, ...]) -> None:
        """Note a finished clip; `objects` are the ids in its instance mask that move on their own."""
        row = {
            "item": item.name,
            "photo": str(item.photo),
            "seed": item.seed,
            "path": item.config.path_description,
            "depth": item.config.depth,
            "objects": list(objects),
            "settings": fingerprint,
            "hash": digest,
        }
        self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._stream.flush()


@contextmanager
def open_manifest(out_dir: Path, shard: tuple[int, int]) -> Iterator[Manifest]:
    """Open a shard's manifest for one process alone.

    Raises:
        ConfigError: another process is at work on the same shard.
    """
    index, count = shard
    file = out_dir / ("manifest.jsonl" if count == 1 else f"manifest-{index}-of-{count}.jsonl")
    with file.open("a+", encoding="utf-8", errors="replace") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"another process is making the same clips in {out_dir} ({file.name} is locked): wait for it, or give "
                "each process a --shard of its own."
            ) from error
        stream.seek(0)
        content = stream.read()
        if content and not content.endswith("\n"):
            stream.write("\n")
            stream.flush()
        yield Manifest(stream)
