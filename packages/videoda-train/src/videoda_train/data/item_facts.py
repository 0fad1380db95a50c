"""The facts of every listed video: found once by decoding, those of video files kept on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

from videoda_train.data.atomic_file import open_to_append
from videoda_train.data.each_item import for_each
from videoda_train.data.failed_item import Failed
from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.item_reader import find_item_facts
from videoda_train.data.list_file import ListItem
from videoda_train.data.source_key import source_key
from videoda_train.data.video_facts import VideoFacts
from videoda_train.data.video_reader import SeekPoints
from videoda_train.errors import MediaError


def facts_of(
    items: Sequence[ListItem],
    facts_file: Path,
    *,
    list_file: Path,
    workers: int,
    progress: bool,
    limit_s: float | None = None,
) -> list[VideoFacts]:
    """Return the facts of every item; those of video files are kept in `facts_file`, one JSON line each.

    A file that has changed since, or another one of the same name, is looked at anew.

    Raises:
        MediaError: naming the lines of the list whose video cannot be read; the facts of all others are kept.
    """
    known = _read(facts_file)
    keys = [source_key(item) for item in items]
    waiting = [index for index, key in enumerate(keys) if key not in known]
    facts_file.parent.mkdir(parents=True, exist_ok=True)
    failed: dict[int, Failed] = {}
    with open_to_append(facts_file) as file:
        for position, facts in for_each(
            find_item_facts,
            [items[index] for index in waiting],
            workers=workers,
            description="look at videos",
            limit_s=limit_s,
            progress=progress,
        ):
            index = waiting[position]
            item = items[index]
            if isinstance(facts, Failed):
                failed[index] = facts
                continue
            known[keys[index]] = facts
            if item.path.is_file() and item.path.suffix.lower() not in IMAGE_SUFFIXES:
                # After a line that a killed process left unfinished, a new one must begin.
                line = facts_to_line(facts, key=keys[index], name=item.name)
                file.write(f"\n{line}\n".encode())
                file.flush()
    require_all(failed, items, list_file=list_file)
    return [known[key] for key in keys]


def require_all(failed: dict[int, Failed], items: Sequence[ListItem], *, list_file: Path) -> None:
    """Raise `MediaError` naming the items of a list that failed, if any, by their index in it."""
    if failed:
        named = [failed[index].named(items[index], list_file=list_file) for index in sorted(failed)]
        more = [f"… and {len(named) - 10} more"] if len(named) > 10 else []
        raise MediaError(
            f"{len(named)} of {len(items)} videos in {list_file} cannot be used:\n  " + "\n  ".join(named[:10] + more)
        )


def facts_to_line(facts: VideoFacts, *, key: str, name: str) -> str:
    """Return one line of a facts file."""
    return json.dumps({"key": key, "name": name, **asdict(facts)})


def facts_from_line(line: str) -> tuple[str, VideoFacts]:
    """Return the key and the facts of one line of a facts file.

    Raises:
        MediaError: the line is none, or not a whole one.
    """
    try:
        row = json.loads(line)
        points = row["seek_points"]
        frames, times = (tuple(int(number) for number in points[name]) for name in ("frames", "pts"))
        facts = VideoFacts(int(row["num_frames"]), float(row["fps"]), SeekPoints(frames, times))
        if facts.num_frames < 0 or len(frames) != len(times) or any(a >= b for a, b in pairwise(frames)):
            raise ValueError("numbers that contradict each other")
        return str(row["key"]), facts
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise MediaError(f"not the facts of a video: {line[:80]!r} ({error})") from error


def _read(facts_file: Path) -> dict[str, VideoFacts]:
    """Read the lines that were written in full."""
    known: dict[str, VideoFacts] = {}
    text = facts_file.read_text(encoding="utf-8", errors="replace") if facts_file.exists() else ""
    for line in text.splitlines():
        try:
            key, facts = facts_from_line(line)
        except MediaError:
            continue
        known[key] = facts
    return known
