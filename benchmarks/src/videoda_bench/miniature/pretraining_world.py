"""A labelled set of rendered videos of random motions: the miniature's stand-in for Kinetics.

None of its motions is a class of a benchmark. Every frame comes with the projected keypoints of the figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from videoda_train.progress import ProgressBar

from videoda_bench.miniature.footage import FRAMES_PER_SECOND
from videoda_bench.miniature.processes import in_processes
from videoda_bench.miniature.random_motions import random_motion
from videoda_bench.miniature.recording import write_video
from videoda_bench.miniature.shot import plan_video

BITS_PER_SECOND = (300_000, 600_000)


@dataclass(frozen=True)
class PretrainingConfig:
    """Size and seed of the set; `image_size` is (height, width), `num_frames` (least, most) per video, 30 frames/s."""

    seed: int = 77
    num_motions: int = 60
    videos_per_motion: int = 50
    image_size: tuple[int, int] = (120, 160)
    num_frames: tuple[int, int] = (24, 36)


@dataclass(frozen=True)
class _Item:
    out_dir: Path
    config: PretrainingConfig
    motion: int
    index: int

    @property
    def stem(self) -> str:
        return f"videos/motion{self.motion:02d}/v{self.index:03d}"


def make_pretraining_world(
    out_dir: Path, *, config: PretrainingConfig, workers: int = 2, progress: bool = True
) -> Path:
    """Write `videos/motionNN/vNNN.avi`, keypoints (T, 11, 2) [px] in `.npy` beside each, and the list `videos.txt`.

    Files that exist are kept, so an interrupted call goes on. Returns the list file.
    """
    items = [
        _Item(out_dir, config, motion, index)
        for index in range(config.videos_per_motion)
        for motion in range(config.num_motions)
    ]
    waiting = [item for item in items if not (out_dir / f"{item.stem}.npy").exists()]
    made = in_processes(_make, waiting, workers=workers)
    for _ in ProgressBar(made, total=len(waiting), desc="pretraining world", unit="video", disable=not progress):
        pass
    rows = sorted((item.motion, item.stem) for item in items)
    list_file = out_dir / "videos.txt"
    list_file.write_text("".join(f"{stem}.avi {motion}\n" for motion, stem in rows))
    return list_file


def _make(item: _Item) -> None:
    config = item.config
    rng = np.random.default_rng(np.random.SeedSequence((config.seed, item.motion, item.index)))
    bits = int(rng.choice(BITS_PER_SECOND))
    video = plan_video(
        random_motion(item.motion, seed=config.seed),
        action=None,
        rng=rng,
        image_size=config.image_size,
        num_frames=config.num_frames,
    )
    path = item.out_dir / f"{item.stem}.avi"
    write_video(path, video.frames(), frames_per_second=FRAMES_PER_SECOND, bits_per_second=bits)
    np.save(path.with_suffix(".npy"), video.keypoints.astype(np.float32))
