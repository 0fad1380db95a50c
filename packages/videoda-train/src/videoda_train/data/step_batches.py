"""One training step's batch as a pure function of (seed, epoch, step)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.source_videos import SourceVideos
from videoda_train.data.target_dataset import EvaluationBatch, TargetDataset
from videoda_train.data.training_data import StepKey, TrainingData
from videoda_train.errors import ConfigError
from videoda_train.randomness import derive_rng


@dataclass(frozen=True)
class StepBatch:
    """Source clips with labels and target clips with pace labels, as 8-bit frames and flow codes."""

    source_rgb: UInt8[Tensor, "B T S S 3"]
    source_flow: UInt8[Tensor, "B T S S 2"]
    source_labels: Int64[Tensor, " B"]
    source_index: Int64[Tensor, " B"]
    """Which stills these are: what is drawn for a clip is drawn by its index, in whichever process it trains."""
    target_rgb: UInt8[Tensor, "B T S S 3"]
    target_flow: UInt8[Tensor, "B T S S 2"]
    target_pace: Int64[Tensor, " B"]

    def to(self, device: torch.device) -> "StepBatch":
        """Return the batch on a device."""
        return StepBatch(**{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})


def source_order(seed: int, *, epoch: int, count: int) -> Int64[np.ndarray, " count"]:
    """Return the epoch's shuffled pass over the source."""
    return derive_rng(seed, "source-order", epoch).permutation(count)


def target_indices(seed: int, *, position: int, count: int, length: int) -> Int64[np.ndarray, " count"]:
    """Return entries `position … position + count - 1` of the endless chain of shuffled passes over the target."""
    passes = range(position // length, (position + count - 1) // length + 1)
    chain = np.concatenate([derive_rng(seed, "target-order", p).permutation(length) for p in passes])
    start = position - passes[0] * length
    return chain[start : start + count]


class StepDataset(TrainingData):
    """`StepBatch`es; an epoch is one pass over the source without the last partial batch.

    Args:
        source: labelled clips.
        target: unlabelled videos.
        evaluated: videos that are scored after every epoch; by default the target's.
        batch_size: clips of each domain.
        seed: of every draw.
    """

    def __init__(
        self,
        source: SourceDataset | SourceVideos,
        target: TargetDataset,
        *,
        evaluated: TargetDataset | None = None,
        batch_size: int,
        seed: int,
    ):
        if batch_size > len(source):
            raise ConfigError(f"batch size {batch_size} is larger than the source ({len(source)} items); lower it")
        self.source = source
        self.evaluated = evaluated or target
        self._target = target
        self.steps_per_epoch = len(source) // batch_size
        self._batch_size = batch_size
        self._seed = seed

    @property
    def adapted(self) -> TargetDataset:
        """The unlabelled videos."""
        return self._target

    def __getitem__(self, key: StepKey) -> StepBatch:
        stills, videos = self._indices(key)
        source = [self.source.sample(i, derive_rng(self._seed, "source", key.epoch, i)) for i in stills]
        target = [self._target.sample(i, derive_rng(self._seed, "target", position)) for position, i in videos]
        return StepBatch(
            source_rgb=_stack([s.rgb for s in source]),
            source_flow=_stack([s.flow_codes for s in source]),
            source_labels=torch.tensor([s.label for s in source]),
            source_index=torch.tensor(stills),
            target_rgb=_stack([t.rgb for t in target]),
            target_flow=_stack([t.flow_codes for t in target]),
            target_pace=torch.tensor([t.pace for t in target]),
        )

    def source_to_evaluate(self, key: StepKey) -> tuple[EvaluationBatch, Int64[Tensor, " B"]]:
        """Return a step's source clips as a method scores videos, and their labels."""
        batch = self[key]
        return EvaluationBatch(rgb=batch.source_rgb, flow_codes=batch.source_flow), batch.source_labels

    def files(self, key: StepKey) -> list[Path]:
        """Return the stills, then the videos of a batch."""
        stills, videos = self._indices(key)
        return [self.source.items[i].path for i in stills] + [self._target.items[i].path for _, i in videos]

    def _indices(self, key: StepKey) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the stills, and the videos with their positions in the endless chain of passes over the target."""
        size = self._batch_size
        order = source_order(self._seed, epoch=key.epoch, count=len(self.source))[key.step * size :]
        position = (key.epoch * self.steps_per_epoch + key.step) * size
        videos = target_indices(self._seed, position=position, count=size, length=len(self._target))
        share = key.share(size)
        return [int(order[k]) for k in share], [(position + k, int(videos[k])) for k in share]


def _stack(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))
