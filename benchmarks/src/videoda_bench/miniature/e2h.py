"""The miniature E→H: stills with depth, videos, lists and class map in the layouts of EADs and HMDB51."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.footage import FRAMES_PER_SECOND
from videoda_bench.miniature.motions import MOTIONS
from videoda_bench.miniature.naming import photo_name, video_name
from videoda_bench.miniature.photos_videos import DEPTH_FOLDER, Item, Made, make_photos_videos
from videoda_bench.miniature.recording import write_depth, write_photo, write_video
from videoda_bench.miniature.shot import plan_video, take_photo
from videoda_bench.miniature.world import MiniatureSummary

STILLS_FOLDER, VIDEOS_FOLDER = "EAD_image_dataset", "hmdb51"
_RECIPE = 1


def _generator(item: Item) -> np.random.Generator:
    """The item's own generator, a function of seed, domain, class and index alone."""
    key = (item.config.seed, int(item.video), list(MOTIONS).index(item.action), item.index)
    return np.random.default_rng(np.random.SeedSequence(key))


def _make_still(item: Item) -> Made:
    rng = _generator(item)
    config = item.config
    image, depth = take_photo(item.action, rng=rng, image_size=config.image_size, home_share=config.home_share)
    name = photo_name(item.action, item.index)
    path = f"{STILLS_FOLDER}/{item.action}/{name}.jpg"
    write_photo(item.out_dir / path, image, quality=int(rng.integers(88, 97)))
    write_depth(item.out_dir / DEPTH_FOLDER / item.action / f"{name}.png", depth)
    return Made(item, path, 1)


def _make_video(item: Item) -> Made:
    rng = _generator(item)
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
    return Made(item, path, count)


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
    return make_photos_videos(
        out_dir,
        task="e2h",
        recipe=_RECIPE,
        config=config,
        make_still=_make_still,
        make_video=_make_video,
        workers=workers,
        progress=progress,
    )
