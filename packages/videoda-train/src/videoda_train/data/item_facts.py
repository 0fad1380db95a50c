"""The facts of every listed video: found once by decoding, those of video files kept on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from videoda_train.data.each_item import for_each
from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.item_reader import find_item_facts
from videoda_train.data.list_file import ListItem
from videoda_train.data.video_facts import VideoFacts
from videoda_train.data.video_reader import SeekPoints
from videoda_train.errors import MediaError


def facts_of(
    items: Sequence[ListItem], facts_file: Path, *, list_file: Path, workers: int, progress: bool
) -> list[VideoFacts]:
    """Return the facts of every item; those of video files are kept in `facts_file`, one JSON line each.

    Raises:
        MediaError: naming the lines of the list whose video cannot be read; the facts of all others are kept.
    """
    known = _read(facts_file)
    waiting = [item for item in items if item.name not in known]
    facts_file.parent.mkdir(parents=True, exist_ok=True)
    failures: list[tuple[int, str]] = []
    with facts_file.open("a", encoding="utf-8") as file:
        for index, (facts, failure) in for_each(
            _find, waiting, workers=workers, description="look at videos", progress=progress
        ):
            item = waiting[index]
            if facts is None:
                failures.append((item.line, failure))
                continue
            known[item.name] = facts
            if item.path.is_file() and item.path.suffix.lower() not in IMAGE_SUFFIXES:
                file.write(json.dumps({"name": item.name, **asdict(facts)}) + "\n")
    if failures:
        shown = "\n  ".join(f"{list_file}:{line}: {message}" for line, message in sorted(failures)[:10])
        raise MediaError(f"{len(failures)} of {len(items)} videos in {list_file} cannot be used:\n  {shown}")
    return [known[item.name] for item in items]


def facts_from_json(values: dict[str, Any]) -> VideoFacts:
    """Build the facts from `asdict`'s output."""
    return VideoFacts(**values | {"seek_points": SeekPoints(**values.get("seek_points", {}))})


def _read(facts_file: Path) -> dict[str, VideoFacts]:
    """Read the lines that were written in full."""
    known: dict[str, VideoFacts] = {}
    for line in facts_file.read_text(encoding="utf-8").splitlines() if facts_file.exists() else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        name = row.pop("name")
        known[name] = facts_from_json(row)
    return known


def _find(item: ListItem) -> tuple[VideoFacts | None, str]:
    try:
        return find_item_facts(item), ""
    except (MediaError, OSError) as error:
        return None, str(error)
