"""The miniature S→U and B→U: stills in the layouts of Stanford40 and BU101, videos in that of UCF101."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from videoda_train.data.prepare import B2U, S2U

from videoda_bench.miniature.footage import FRAMES_PER_SECOND
from videoda_bench.miniature.photos_videos import DEPTH_FOLDER, Item, Made, make_photos_videos
from videoda_bench.miniature.recording import write_depth, write_photo, write_video
from videoda_bench.miniature.ucf.activities import ACTIVITIES
from videoda_bench.miniature.ucf.config import B2uConfig, S2uConfig, UcfConfig
from videoda_bench.miniature.ucf.shot import plan_clip, take_photo
from videoda_bench.miniature.world import MiniatureSummary

_RECIPE = 1
_STANFORD40, _BU101, _CLIP, _GROUP = range(4)
"""What an item's generator is for; clips are the same in both worlds, as UCF101 is."""
_BITS_PER_SECOND = (150_000, 250_000, 400_000)
"""Of a video of 160 × 120 pixels."""


def make_s2u(
    out_dir: str | Path,
    *,
    config: S2uConfig = S2uConfig(),  # noqa: B008 (frozen)
    workers: int | None = None,
    progress: bool = True,
) -> MiniatureSummary:
    """Make a miniature S→U world in `out_dir`, or do nothing if it is there already, complete.

    Writes `JPEGImages/CLASS_NNN.jpg` with Stanford40's class names, `depth/*.png` with `depth/depth.json`,
    `UCF-101/CLASS/v_CLASS_gNN_cNN.avi`, `source.txt`, `target.txt`, `classes.txt` and, last, `miniature.json`. The
    files depend on `config` alone, not on `workers` (default: one per usable core). Raises `MiniatureError` if the
    folder holds anything else.
    """
    return _make(out_dir, "s2u", _make_stanford40_still, config=config, workers=workers, progress=progress)


def make_b2u(
    out_dir: str | Path,
    *,
    config: B2uConfig = B2uConfig(),  # noqa: B008 (frozen)
    workers: int | None = None,
    progress: bool = True,
) -> MiniatureSummary:
    """Make a miniature B→U world in `out_dir` as `make_s2u` does, with stills `BU101/CLASS/NNN.jpg`."""
    return _make(out_dir, "b2u", _make_bu101_still, config=config, workers=workers, progress=progress)


def _make(
    out_dir: str | Path,
    task: str,
    make_still: Callable[[Item], Made],
    *,
    config: UcfConfig,
    workers: int | None,
    progress: bool,
) -> MiniatureSummary:
    return make_photos_videos(
        out_dir,
        task=task,
        recipe=_RECIPE,
        config=config,
        make_still=make_still,
        make_video=partial(_make_clip, clips_per_group=config.clips_per_group),
        workers=workers,
        progress=progress,
    )


def _generator(item: Item, purpose: int, *, index: int) -> np.random.Generator:
    """A function of seed, purpose, class and index alone."""
    key = (item.config.seed, purpose, B2U.classes.index(item.action), index)
    return np.random.default_rng(np.random.SeedSequence(key))


def _make_stanford40_still(item: Item) -> Made:
    prefix = S2U.source.folders[S2U.classes.index(item.action)]
    name = f"{prefix}_{item.index + 1:03d}"
    return _make_still(item, _STANFORD40, path=f"JPEGImages/{name}.jpg", depth=f"{name}.png")


def _make_bu101_still(item: Item) -> Made:
    name = f"{item.action}/{item.index + 1:03d}"
    return _make_still(item, _BU101, path=f"BU101/{name}.jpg", depth=f"{name}.png")


def _make_still(item: Item, dataset: int, *, path: str, depth: str) -> Made:
    rng = _generator(item, dataset, index=item.index)
    config = item.config
    activity = ACTIVITIES[item.action]
    image, metres = take_photo(activity, rng=rng, image_size=config.image_size, home_share=config.home_share)
    write_photo(item.out_dir / path, image, quality=int(rng.integers(88, 97)))
    write_depth(item.out_dir / DEPTH_FOLDER / depth, metres)
    return Made(item, path, 1)


def _make_clip(item: Item, *, clips_per_group: int) -> Made:
    group, clip = divmod(item.index, clips_per_group)
    rng = _generator(item, _CLIP, index=item.index)
    config = item.config
    footage = plan_clip(
        ACTIVITIES[item.action],
        group=_generator(item, _GROUP, index=group),
        rng=rng,
        image_size=config.image_size,
        num_frames=config.num_frames,
    )
    path = f"UCF-101/{item.action}/v_{item.action}_g{group + 1:02d}_c{clip + 1:02d}.avi"
    bits = int(rng.choice(_BITS_PER_SECOND) * np.prod(config.image_size) / 19200)
    count = write_video(
        item.out_dir / path, footage.frames(), frames_per_second=FRAMES_PER_SECOND, bits_per_second=bits
    )
    return Made(item, path, count)
