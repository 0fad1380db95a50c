"""What a dataset will cost, from a few of its clips."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from depthmotion.dataset.config import GenerateConfig
from depthmotion.dataset.generate import unfinished
from depthmotion.dataset.make_clip import make_clip
from depthmotion.dataset.manifest import read_manifests
from depthmotion.dataset.photo_list import Failure, read_items
from depthmotion.dataset.tasks import tasks_of
from depthmotion.depth_sources import load_depth


@dataclass(frozen=True)
class Estimate:
    """Clips to make, clips that are there, seconds and bytes for the missing ones, bytes free where they go."""

    missing: int
    kept: int
    seconds: float
    num_bytes: int
    free_bytes: int
    tried: int
    """Clips that were made to find out."""
    failures: list[Failure]
    """What was wrong with those and with the list."""

    def __str__(self) -> str:
        need, free = _size(self.num_bytes), _size(self.free_bytes)
        short = " NOT ENOUGH SPACE." if self.num_bytes > self.free_bytes else ""
        return (
            f"{self.missing} clips to make, {self.kept} are there. About {_duration(self.seconds)} and {need}; {free} "
            f"are free.{short} (From {self.tried} clips made on trial, without the time to start.)"
        )


def estimate(
    list_file: str | Path, out_dir: str | Path, config: GenerateConfig | None = None, *, trials: int = 3
) -> Estimate:
    """Return what `generate` would do and cost; nothing is written but `trials` clips in a temporary folder.

    Time is that of this machine, divided by the workers as far as it has cores; of a Ray cluster it knows nothing.
    """
    config, out_dir = config or GenerateConfig(), Path(out_dir)
    items, failures = read_items(Path(list_file), out_dir, config)
    missing = unfinished(items, read_manifests(out_dir), config, progress=False)
    existing = next(folder for folder in (out_dir.absolute(), *out_dir.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(existing).free
    tried = missing[:: max(1, len(missing) // trials)][:trials]
    if not tried:
        return Estimate(0, len(items), 0.0, 0, free, 0, failures)
    source = load_depth(config.depth, device=config.device, batch_size=config.depth_batch)
    with tempfile.TemporaryDirectory() as folder:
        trial_config = replace(
            config,
            flow_dir=config.flow_dir and Path(folder, "flow"),
            depth_dir=config.depth_dir and Path(folder, "depth"),
            mask_dir=config.mask_dir and Path(folder, "masks"),
        )
        trial = [replace(item, config=trial_config, out_dir=Path(folder, "frames")) for item in tried]
        make_clip(next(tasks_of(trial[:1], source, batch=1)))  # compiling is no part of the time
        start = perf_counter()
        outcomes = [make_clip(task) for task in tasks_of(trial, source, batch=config.depth_batch)]
        seconds = (perf_counter() - start) / len(trial)
        written = sum(mark.size for outcome in outcomes for mark in outcome.marks.values())
    failures += [
        Failure(outcome.item.photo, outcome.error, outcome.item.line)
        for outcome in outcomes
        if outcome.error is not None
    ]
    made = max(1, sum(outcome.error is None for outcome in outcomes))
    return Estimate(
        missing=len(missing),
        kept=len(items) - len(missing),
        seconds=seconds * len(missing) / min(config.workers, _cores()),
        num_bytes=round(written / made * len(missing)),
        free_bytes=free,
        tried=len(trial),
        failures=failures,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.1f} GB" if num_bytes > 1e9 else f"{num_bytes / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
