"""Which photos generated clips were made of: clips are found by name, and photos of one name need not be the same."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.atomic_file import open_to_append
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import PreparedPaths, source_clip_name
from videoda_train.data.source_key import source_key
from videoda_train.errors import ConfigError


def require_same_photos(items: Sequence[ListItem], paths: PreparedPaths) -> None:
    """Note which photos the clips are made of, before they are; refuse clips of other photos.

    A photo that was moved or copied is the same one: where path, size or time differ, contents are compared.

    Raises:
        ConfigError: naming the clips that were made of photos of other content.
    """
    file = paths.source_frames / "photos.jsonl"
    known = _read(file)
    noted: list[str] = []
    others: list[str] = []
    for item in items:
        name, key = source_clip_name(item), source_key(item)
        made_of = known.get(name)
        if made_of is not None and made_of[0] == key:
            continue
        try:
            content = hashlib.blake2b(item.path.read_bytes(), digest_size=16).hexdigest()
        except OSError:  # whoever makes the clip says so
            continue
        if made_of is not None and made_of[1] != content and (paths.source_frames / name).exists():
            others.append(f"{paths.source_frames / name} (now {item.path})")
        noted.append(json.dumps({"clip": name, "key": key, "content": content}))
    if others:
        raise ConfigError(
            f"{len(others)} clips were made of other photos than those listed: {', '.join(others[:3])}; give another "
            f"--loading.prepared-dir, or delete these folders and their files in {paths.source_flow} to make them anew"
        )
    if noted:
        paths.source_frames.mkdir(parents=True, exist_ok=True)
        with open_to_append(file) as stream:
            # After a line that a killed process left unfinished, a new one must begin.
            stream.write(("\n" + "\n".join(noted) + "\n").encode("utf-8", "surrogateescape"))


def _read(file: Path) -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []:
        try:
            row = json.loads(line)
            known[str(row["clip"])] = str(row["key"]), str(row["content"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return known
