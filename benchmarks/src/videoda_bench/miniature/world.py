"""Making a whole miniature E→H world on disk, in parallel and reproducibly."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.miniature.motions import MOTIONS
from videoda_bench.miniature.naming import photo_name, video_name
from videoda_bench.miniature.processes import in_processes
from videoda_bench.miniature.recording import DEPTH_SCALE, write_depth, write_photo, write_video
from videoda_bench.miniature.shot import FRAMES_PER_SECOND, plan_video, take_photo

STILLS_FOLDER, DEPTH_FOLDER, VIDEOS_FOLDER = "EAD_image_dataset", "depth", "hmdb51"
DONE_FILE, BEGUN_FILE = "miniature.json", "miniature.begun.json"
_RECIPE = 1
"""Raised when the same configuration would give other pictures than before."""


@dataclass(frozen=True)
class MiniatureSummary:
    """A finished world: where it is, what it holds, and whether this call made it."""

    out_dir: Path
    config: MiniatureConfig
    num_stills: int
    num_videos: int
    num_frames: int
    made: bool


@dataclass(frozen=True)
class _Item:
    """One still or video to make."""

    out_dir: Path
    config: MiniatureConfig
    video: bool
    action: str
    index: int

    def generator(self) -> np.random.Generator:
        """The item's own generator, a function of seed, domain, class and index alone."""
        key = (self.config.seed, int(self.video), list(MOTIONS).index(self.action), self.index)
        return np.random.default_rng(np.random.SeedSequence(key))


@dataclass(frozen=True)
class _Made:
    """What became of an item: its path relative to the world and its number of frames."""

    item: _Item
    path: str
    num_frames: int


def _make_still(item: _Item) -> _Made:
    rng = item.generator()
    config = item.config
    image, depth = take_photo(item.action, rng=rng, image_size=config.image_size, home_share=config.home_share)
    name = photo_name(item.action, item.index)
    path = f"{STILLS_FOLDER}/{item.action}/{name}.jpg"
    write_photo(item.out_dir / path, image, quality=int(rng.integers(88, 97)))
    write_depth(item.out_dir / DEPTH_FOLDER / item.action / f"{name}.png", depth)
    return _Made(item, path, 1)


def _make_video(item: _Item) -> _Made:
    rng = item.generator()
    config = item.config
    video = plan_video(
        MOTIONS[item.action],
        action=item.action,
        rng=rng,
        image_size=config.image_size,
        num_frames=config.num_frames,
    )
    name = video_name(
        item.action,
        item.index,
        heading_deg=video.heading_deg,
        whole_body=video.whole_body,
        camera_moves=video.camera_moves,
        sharpness=video.sharpness,
        rng=rng,
    )
    path = f"{VIDEOS_FOLDER}/{item.action}/{name}.avi"
    bits = int(rng.choice([150_000, 300_000, 600_000]) * np.prod(config.image_size) / 19200)
    count = write_video(item.out_dir / path, video.frames(), frames_per_second=FRAMES_PER_SECOND, bits_per_second=bits)
    return _Made(item, path, count)


def _make(item: _Item) -> _Made:
    return _make_video(item) if item.video else _make_still(item)


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise MiniatureError(f"cannot read {path}: {error}. Delete that folder or choose another.") from error
    return content if isinstance(content, dict) else {}


def _finished(out_dir: Path, wanted: dict[str, object]) -> dict[str, object] | None:
    """The description of a complete world of this recipe, None if there is none yet; an error if it is another."""
    if not out_dir.exists() or not any(out_dir.iterdir()):
        return None
    done, begun = out_dir / DONE_FILE, out_dir / BEGUN_FILE
    if not done.exists() and not begun.exists():
        raise MiniatureError(f"{out_dir} is not empty and holds no miniature; give an empty or a new folder.")
    found = _read(done if done.exists() else begun)
    if any(found.get(key) != value for key, value in wanted.items()):
        raise MiniatureError(
            f"{out_dir} holds a miniature with another configuration: {json.dumps(found.get('config'))}, wanted "
            f"{json.dumps(wanted['config'])}. Delete it or give another folder."
        )
    return found if done.exists() else None


def _items(out_dir: Path, config: MiniatureConfig) -> list[_Item]:
    """All items, videos first, for they take longest."""
    counts = ((True, config.videos_per_class), (False, config.stills_per_class))
    return [
        _Item(out_dir, config, video, action, index)
        for video, count in counts
        for action in config.classes
        for index in range(count)
    ]


def _write_lists(out_dir: Path, config: MiniatureConfig, made: list[_Made]) -> None:
    for file, video in (("source.txt", False), ("target.txt", True)):
        rows = sorted(
            (config.classes.index(m.item.action), m.item.index, m.path) for m in made if m.item.video == video
        )
        (out_dir / file).write_text("".join(f"{path} {label}\n" for label, _, path in rows))
    (out_dir / "classes.txt").write_text("".join(f"{name}\n" for name in config.classes))


def _number(found: dict[str, object], key: str) -> int:
    counts = found.get("counts")
    return int(counts[key]) if isinstance(counts, dict) else 0


def make_e2h(
    out_dir: str | Path,
    *,
    config: MiniatureConfig = MiniatureConfig(),  # noqa: B008 (frozen)
    workers: int | None = None,
    progress: bool = True,
) -> MiniatureSummary:
    """Make a miniature E→H world in `out_dir`, or do nothing if it is there already, complete.

    Writes `EAD_image_dataset/CLASS/*.jpg`, `depth/CLASS/*.png` with `depth/depth.json`, `hmdb51/CLASS/*.avi`,
    `source.txt`, `target.txt`, `classes.txt` and, last, `miniature.json`. The files depend on `config` alone, not on
    `workers` (default: one per usable core). Raises `MiniatureError` if the folder holds anything else.
    """
    out_dir = Path(out_dir)
    wanted: dict[str, object] = {"task": "e2h", "miniature": True, "recipe": _RECIPE, "config": config.as_json()}
    if workers is not None and workers < 1:
        raise MiniatureError(f"workers={workers}; give at least 1, or None for one per usable core.")
    found = _finished(out_dir, wanted)
    if found is not None:
        return MiniatureSummary(
            out_dir, config, _number(found, "stills"), _number(found, "videos"), _number(found, "frames"), made=False
        )
    try:
        for folder in (STILLS_FOLDER, DEPTH_FOLDER, VIDEOS_FOLDER):
            for action in config.classes:
                (out_dir / folder / action).mkdir(parents=True, exist_ok=True)
        (out_dir / BEGUN_FILE).write_text(json.dumps(wanted, indent=2) + "\n")
    except OSError as error:
        raise MiniatureError(
            f"cannot write to {out_dir}: {error.strerror}. Give a folder that you may write."
        ) from error
    items = _items(out_dir, config)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = in_processes(_make, items, workers=workers or usable)
    made = list(tqdm(jobs, total=len(items), desc="miniature E→H", unit="file", disable=not progress))
    (out_dir / DEPTH_FOLDER / "depth.json").write_text(json.dumps({"kind": "metric", "scale": DEPTH_SCALE}) + "\n")
    _write_lists(out_dir, config, made)
    counts = {
        "stills": sum(not m.item.video for m in made),
        "videos": sum(m.item.video for m in made),
        "frames": sum(m.num_frames for m in made if m.item.video),
    }
    (out_dir / DONE_FILE).write_text(json.dumps({**wanted, "counts": counts}, indent=2) + "\n")
    (out_dir / BEGUN_FILE).unlink(missing_ok=True)
    return MiniatureSummary(out_dir, config, counts["stills"], counts["videos"], counts["frames"], made=True)
