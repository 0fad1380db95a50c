"""Training clips per second, RGB and flow, against the plain way: every frame and flow image read one by one.

Needs `VIDEODA_TEST_DATA`: its photos become source clips and its videos the target, both prepared as training does at
e2h's sizes, and once more as the usual folders of JPEGs for the plain way.
"""

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import torch
from measurements import cpu_seconds, row, write_section
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_sampling import pad_indices, sample_pace_clip
from videoda_train.data.list_file import ListItem, read_list
from videoda_train.data.prepared import PreparedPaths, source_clip_name, target_video_name
from videoda_train.data.source_clips import generate_source_clips
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.step_batches import StepDataset, source_order, target_indices
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.data.training_data import StepKey
from videoda_train.data.video_facts import VideoFacts
from videoda_train.data.video_reader import stream_frames
from videoda_train.randomness import derive_rng
from videoda_train.recipes import DataConfig, with_data
from videoda_train.recipes.config import TrainConfig
from videoda_train.recipes.e2h import E2H

BATCH_SIZE = 4


class PlainSteps(Dataset[list[torch.Tensor]]):
    """The same clips by the plain way: JPEG by JPEG, resized, as float64, then float32."""

    def __init__(self, root: Path, steps: StepDataset, facts: list[VideoFacts], config: TrainConfig):
        self._root = root
        self._source, self._target = steps.source.items, steps.adapted.items
        self._facts = facts
        self._clip = config.clip
        self._num_paces = config.cfb.num_paces
        self.steps_per_epoch = steps.steps_per_epoch

    def __getitem__(self, key: StepKey) -> list[torch.Tensor]:
        epoch, step, *_ = key
        order = source_order(0, epoch=epoch, count=len(self._source))[step * BATCH_SIZE :][:BATCH_SIZE]
        position = (epoch * self.steps_per_epoch + step) * BATCH_SIZE
        videos = target_indices(0, position=position, count=BATCH_SIZE, length=len(self._target))
        clips = [self._source_clip(int(i), derive_rng(0, "source", epoch, int(i))) for i in order]
        clips += [self._target_clip(int(i), derive_rng(0, "target", position + k)) for k, i in enumerate(videos)]
        return [torch.from_numpy(np.stack(part).astype(np.float32)) for part in zip(*clips, strict=True)]

    def _source_clip(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        folder = self._root / "source" / source_clip_name(self._source[index])
        frames = np.arange(self._clip.num_frames)
        return self._read(folder, frames, pad_indices(len(list(folder.glob("u/*"))), self._clip.num_frames), rng)

    def _target_clip(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        folder = self._root / "target" / target_video_name(self._target[index])
        frames, _ = sample_pace_clip(
            self._facts[index].num_frames, self._clip.num_frames, rng, num_paces=self._num_paces
        )
        return self._read(folder, frames, np.arange(0, self._clip.num_eval_frames, 2), rng)

    def _read(
        self, folder: Path, frames: np.ndarray, flow: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        top, left = rng.integers(self._clip.resize - self._clip.crop + 1, size=2)
        flip = rng.random() < self._clip.flip_probability

        def image(path: Path, mode: int) -> np.ndarray:
            whole = cv2.resize(cv2.imread(str(path), mode), (self._clip.resize, self._clip.resize))
            part = whole[top : top + self._clip.crop, left : left + self._clip.crop].astype(np.float64)
            return (part[:, ::-1] if flip else part) / 127.5 - 1

        rgb = [image(folder / f"{i:05d}.jpg", cv2.IMREAD_COLOR_RGB) for i in frames]
        pairs = [[image(folder / part / f"{i:05d}.jpg", cv2.IMREAD_GRAYSCALE) for part in "uv"] for i in flow]
        vectors = np.stack([np.stack(pair, axis=-1) for pair in pairs])
        if flip:
            vectors[..., 0] *= -1
        return np.stack(rgb), vectors


def write_jpegs(root: Path, steps: StepDataset, paths: PreparedPaths) -> None:
    """Write the prepared clips and videos as folders of JPEGs: frames at their own size, u/v."""
    for item in steps.source.items:
        frames = paths.source_frames / source_clip_name(item)
        codes = np.load(paths.source_flow / f"{source_clip_name(item)}.npy")
        _write_folder(root / "source" / source_clip_name(item), stream_frames(frames), codes)
    for item in tqdm(steps.adapted.items, desc="JPEGs"):
        codes = np.load(paths.flow_file(item))
        _write_folder(root / "target" / target_video_name(item), stream_frames(item.path), codes)


def _write_folder(folder: Path, frames: object, codes: np.ndarray) -> None:
    for part in "uv":
        (folder / part).mkdir(parents=True)
    for index, frame in enumerate(frames):  # type: ignore[call-overload]
        cv2.imwrite(str(folder / f"{index:05d}.jpg"), frame[..., ::-1])
    for index, field in enumerate(codes):
        for channel, part in enumerate("uv"):
            cv2.imwrite(str(folder / part / f"{index:05d}.jpg"), np.ascontiguousarray(field[..., channel]))


def clips_per_second(data: StepDataset | PlainSteps, *, epochs: int) -> float:
    """Return clips per second of wall time through two workers; their start and the first batches are left out."""
    keys = [StepKey(epoch, step) for epoch in range(epochs) for step in range(data.steps_per_epoch)]
    loader: DataLoader[object] = DataLoader(
        data, sampler=keys, batch_size=None, num_workers=2, multiprocessing_context="spawn"
    )
    batches = iter(loader)
    for _ in range(6):  # two workers hold two batches each when the first one comes
        next(batches)
    start = perf_counter()
    count = sum(1 for _ in batches)
    return 2 * BATCH_SIZE * count / (perf_counter() - start)


def main() -> None:
    """Prepare both, measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--times", type=int, default=3, help="the best of so many timings of CPU time")
    parser.add_argument("--epochs", type=int, default=8, help="passes over the photos through the loaders")
    arguments = parser.parse_args()
    data = Path(os.environ["VIDEODA_TEST_DATA"]) / "sports10"
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = with_data(
            E2H, DataConfig(root / "s.txt", root / "t.txt", data / "classes.txt"), task="e2h", scale="full"
        )
        config = replace(config, motion=replace(config.motion, depth="ground", workers=1))
        photos = read_list(data / "source.txt")[:: 300 // arguments.photos][: arguments.photos]
        videos = [item for item in read_list(data / "target.txt") if item.path.name.startswith("v_")]
        steps, facts, paths = _prepare(config, root, photos, videos)
        write_jpegs(root / "plain", steps, paths)
        plain = PlainSteps(root / "plain", steps, facts, config)
        _measure(steps, plain, times=arguments.times, epochs=arguments.epochs)


def _prepare(
    config: TrainConfig, root: Path, photos: list[ListItem], videos: list[ListItem]
) -> tuple[StepDataset, list[VideoFacts], PreparedPaths]:
    paths = PreparedPaths(root / "prepared")
    generate_source_clips(photos, paths, config=config, progress=True)
    facts = cache_target_flow(videos, paths, list_file=config.data.target_list, clip=config.clip, progress=True)
    cache = ArrayCache(max_bytes=0)
    source = SourceDataset(photos, paths, clip=config.clip, static=False, cache=cache)
    target = TargetDataset(videos, facts, paths, clip=config.clip, num_paces=config.cfb.num_paces, cache=cache)
    return StepDataset(source, target, batch_size=BATCH_SIZE, seed=0), facts, paths


def _measure(steps: StepDataset, plain: PlainSteps, *, times: int, epochs: int) -> None:
    keys = [StepKey(0, step) for step in range(steps.steps_per_epoch)]
    ours = cpu_seconds(lambda: [steps[key] for key in keys[:4]], times=times)
    theirs = cpu_seconds(lambda: [plain[key] for key in keys[:4]], times=times)
    clips = 4 * 2 * BATCH_SIZE
    fast = clips_per_second(steps, epochs=epochs)
    slow = clips_per_second(plain, epochs=epochs)
    one = np.random.default_rng(0)
    parts = {
        "source": cpu_seconds(lambda: [steps.source.sample(i, one) for i in range(16)], times=times) / 16,
        "target": cpu_seconds(lambda: [steps.adapted.sample(i % 8, one) for i in range(16)], times=times) / 16,
    }
    rows = [
        row(
            "CPU time per clip (16 frames and flow fields at 224×224), one process",
            f"{1e3 * ours / clips:.1f} ms against {1e3 * theirs / clips:.1f} ms: {theirs / ours:.1f}×",
            target="≥ 4×",
            met=theirs / ours >= 4,
        ),
        row(
            "clips per second through a loader with 2 workers",
            f"{fast:.0f} against {slow:.0f}: {fast / slow:.1f}×",
            target="≥ 4×",
            met=fast / slow >= 4,
        ),
        *(row(f"a {name} clip alone", f"{1e3 * taken:.1f} ms of CPU") for name, taken in parts.items()),
    ]
    write_section("data", "Training clips, RGB and flow", rows)


if __name__ == "__main__":
    main()
