"""How many frames each listed video has: counted once by decoding, kept in a file."""

import json
from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.each_item import for_each
from videoda_train.data.item_reader import is_still, open_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.video_facts import require_whole
from videoda_train.errors import MediaError


def count_frames_of(
    items: Sequence[ListItem], counts_file: Path, *, list_file: Path, workers: int, progress: bool
) -> list[int]:
    """Return the frame count of every item; those of video files are kept in `counts_file`, one JSON line each.

    Raises:
        MediaError: naming the lines of the list whose video cannot be read; all others are counted.
    """
    known = _read(counts_file)
    waiting = [item for item in items if item.name not in known]
    counts_file.parent.mkdir(parents=True, exist_ok=True)
    failures: list[tuple[int, str]] = []
    with counts_file.open("a", encoding="utf-8") as file:
        for index, (count, failure) in for_each(
            _count, waiting, workers=workers, description="count frames", progress=progress
        ):
            item = waiting[index]
            if failure:
                failures.append((item.line, failure))
                continue
            known[item.name] = count
            if item.path.is_file() and not is_still(item):
                file.write(json.dumps({"name": item.name, "frames": count}) + "\n")
    if failures:
        shown = "\n  ".join(f"{list_file}:{line}: {message}" for line, message in sorted(failures)[:10])
        raise MediaError(f"{len(failures)} of {len(items)} videos in {list_file} cannot be used:\n  {shown}")
    return [known[item.name] for item in items]


def _read(counts_file: Path) -> dict[str, int]:
    """Read the lines that were written in full."""
    known: dict[str, int] = {}
    for line in counts_file.read_text(encoding="utf-8").splitlines() if counts_file.exists() else []:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        known[row["name"]] = row["frames"]
    return known


def _count(item: ListItem) -> tuple[int, str]:
    try:
        count = len(open_item(item))
        if item.path.is_file() and item.stretch is None and not is_still(item):
            require_whole(item.path, count)
    except (MediaError, OSError) as error:
        return 0, str(error)
    return count, ""
