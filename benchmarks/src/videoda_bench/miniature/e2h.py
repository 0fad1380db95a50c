"""The miniature E→H: stills with depth, videos, lists and class map in the layouts of EADs and HMDB51."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.footage import FRAMES_PER_SECOND
from videoda_bench.miniature.motions import MOTIONS
from videoda_bench.miniature.naming import photo_name, video_name
from videoda_bench.miniature.recording import DEPTH_SCALE, write_depth, write_photo, write_video
from videoda_bench.miniature.shot import plan_video, take_photo
from videoda_bench.miniature.world import MiniatureSummary, make_world

STILLS_FOLDER, DEPTH_FOLDER, VIDEOS_FOLDER = "EAD_image_dataset", "depth", "hmdb51"
_RECIPE = 1


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


def _items(out_dir: Path, *, config: MiniatureConfig) -> list[_Item]:
    """All items, videos first, for they take longest."""
    counts = ((True, config.videos_per_class), (False, config.stills_per_class))
    return [
        _Item(out_dir, config, video, action, index)
        for video, count in counts
        for action in config.classes
        for index in range(count)
    ]


def _finish(out_dir: Path, made: list[_Made], *, config: MiniatureConfig) -> dict[str, int]:
    """Write the lists, the class map and the depth's scale; return the counts."""
    for file, video in (("source.txt", False), ("target.txt", True)):
        rows = sorted(
            (config.classes.index(m.item.action), m.item.index, m.path) for m in made if m.item.video == video
        )
        (out_dir / file).write_text("".join(f"{path} {label}\n" for label, _, path in rows))
    (out_dir / "classes.txt").write_text("".join(f"{name}\n" for name in config.classes))
    (out_dir / DEPTH_FOLDER / "depth.json").write_text(json.dumps({"kind": "metric", "scale": DEPTH_SCALE}) + "\n")
    return {
        "stills": sum(not m.item.video for m in made),
        "videos": sum(m.item.video for m in made),
        "frames": sum(m.num_frames for m in made if m.item.video),
    }


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
    return make_world(
        out_dir,
        task="e2h",
        recipe=_RECIPE,
        config=config.as_json(),
        items=partial(_items, config=config),
        make=_make,
        finish=partial(_finish, config=config),
        workers=workers,
        progress=progress,
    )
