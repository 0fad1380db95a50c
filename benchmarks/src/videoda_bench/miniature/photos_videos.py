"""A world of labelled stills with depth and of videos: its items, its lists, its class map."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from videoda_train.data.atomic_file import write_text

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.recording import DEPTH_SCALE
from videoda_bench.miniature.world import MiniatureSummary, make_world

DEPTH_FOLDER = "depth"


@dataclass(frozen=True)
class Item:
    """One still or video to make."""

    out_dir: Path
    config: MiniatureConfig
    video: bool
    action: str
    index: int


@dataclass(frozen=True)
class Made:
    """What became of an item: its path relative to the world and its number of frames."""

    item: Item
    path: str
    num_frames: int


def make_photos_videos(
    out_dir: str | Path,
    *,
    task: str,
    recipe: int,
    config: MiniatureConfig,
    make_still: Callable[[Item], Made],
    make_video: Callable[[Item], Made],
    workers: int | None,
    progress: bool,
) -> MiniatureSummary:
    """Make a world as `make_world` does; both makers are picklable and depend on their item alone.

    Writes what the makers write, `depth/depth.json`, `source.txt` (stills), `target.txt` (videos) and `classes.txt`.
    """
    return make_world(
        out_dir,
        task=task,
        recipe=recipe,
        config=config.as_json(),
        items=partial(_items, config=config),
        make=partial(_make, make_still=make_still, make_video=make_video),
        finish=partial(_finish, config=config),
        workers=workers,
        progress=progress,
    )


def _make(item: Item, *, make_still: Callable[[Item], Made], make_video: Callable[[Item], Made]) -> Made:
    return make_video(item) if item.video else make_still(item)


def _items(out_dir: Path, *, config: MiniatureConfig) -> list[Item]:
    """All items, videos first, for they take longest."""
    counts = ((True, config.videos_per_class), (False, config.stills_per_class))
    return [
        Item(out_dir, config, video, action, index)
        for video, count in counts
        for action in config.classes
        for index in range(count)
    ]


def _finish(out_dir: Path, made: list[Made], *, config: MiniatureConfig) -> dict[str, int]:
    """Write the lists, the class map and the depth's scale; return the counts."""
    for file, video in (("source.txt", False), ("target.txt", True)):
        rows = sorted(
            (config.classes.index(m.item.action), m.item.index, m.path) for m in made if m.item.video == video
        )
        write_text(out_dir / file, "".join(f"{path} {label}\n" for label, _, path in rows))
    write_text(out_dir / "classes.txt", "".join(f"{name}\n" for name in config.classes))
    write_text(out_dir / DEPTH_FOLDER / "depth.json", json.dumps({"kind": "metric", "scale": DEPTH_SCALE}) + "\n")
    return {
        "stills": sum(not m.item.video for m in made),
        "videos": sum(m.item.video for m in made),
        "frames": sum(m.num_frames for m in made if m.item.video),
    }
