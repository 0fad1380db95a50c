"""One step's views of both domains as a pure function of (seed, epoch, step)."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from videoda_train.data.step_batches import source_order
from videoda_train.data.training_data import EvaluationData, StepKey, TrainingData
from videoda_train.data.view_videos import EvaluationViews, ViewVideos
from videoda_train.errors import ConfigError
from videoda_train.randomness import derive_rng

Augment = Callable[[UInt8[np.ndarray, "V T H W 3"], np.random.Generator], UInt8[np.ndarray, "V T S S 3"]]


@dataclass(frozen=True)
class ViewsBatch:
    """Views of as many source videos, with labels, as target videos, without."""

    source: UInt8[Tensor, "B V T S S 3"]
    source_labels: Int64[Tensor, " B"]
    source_index: Int64[Tensor, " B"]
    """Which videos these are: what is drawn for a video is drawn by its index, in whichever process it trains."""
    target: UInt8[Tensor, "B V T S S 3"]
    target_index: Int64[Tensor, " B"]

    def to(self, device: torch.device) -> "ViewsBatch":
        """Return the batch on a device."""
        return replace(self, **{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})


class ViewsData(TrainingData):
    """`ViewsBatch`es: an epoch is one shuffled pass over the source, the target cycles through passes of its own.

    The last batch of a pass holds what is left; a step whose two batches differ is cut to the shorter.

    Args:
        source: labelled videos; their clips start at random.
        target: unlabelled videos.
        evaluated: videos that are scored after every epoch.
        random_target: whether the target's clips start at random, or are spread evenly.
        augment_source: from whole frames to the network's square, with a generator.
        augment_target: the same for the target.
        batch_size: videos of each domain.
        seed: of every draw.
    """

    def __init__(
        self,
        source: ViewVideos,
        target: ViewVideos,
        evaluated: EvaluationData,
        *,
        random_target: bool,
        augment_source: Augment,
        augment_target: Augment,
        batch_size: int,
        seed: int,
    ):
        for domain, videos in (("source", source), ("target", target)):
            if batch_size > len(videos):
                raise ConfigError(f"batch size {batch_size} is larger than the {domain} ({len(videos)}); lower it")
        self.source = source
        self.evaluated = evaluated
        self.unlabelled = target
        self.steps_per_epoch = -(-len(source) // batch_size)
        self._random_target = random_target
        self._augment_source = augment_source
        self._augment_target = augment_target
        self._batch_size = batch_size
        self._seed = seed

    def indices(self, epoch: int, step: int) -> tuple[Int64[np.ndarray, " B"], Int64[np.ndarray, " B"], int]:
        """Return which source and target videos make a step, and the number of the target's pass."""
        size, count = self._batch_size, len(self.unlabelled)
        source = source_order(self._seed, epoch=epoch, count=len(self.source))[step * size : (step + 1) * size]
        target_pass, batch = divmod(epoch * self.steps_per_epoch + step, -(-count // size))
        order = derive_rng(self._seed, "target-order", target_pass).permutation(count)
        target = order[batch * size : (batch + 1) * size]
        shorter = min(len(source), len(target))
        return source[:shorter], target[:shorter], target_pass

    def source_to_evaluate(self, key: StepKey) -> tuple[EvaluationViews, Int64[Tensor, " B"]]:
        """Return a step's source views as a method scores videos, and their labels."""
        batch = self[key]
        return EvaluationViews(batch.source), batch.source_labels

    def files(self, key: StepKey) -> list[Path]:
        """Return the source's videos, then the target's, of a batch."""
        source, target, _ = self._share(key)
        return [self.source.items[i].path for i in source] + [self.unlabelled.items[i].path for i in target]

    def _share(self, key: StepKey) -> tuple[Int64[np.ndarray, " B"], Int64[np.ndarray, " B"], int]:
        source, target, target_pass = self.indices(key.epoch, key.step)
        share = list(key.share(len(source)))
        return source[share], target[share], target_pass

    def __getitem__(self, key: StepKey) -> ViewsBatch:
        source, target, target_pass = self._share(key)
        return ViewsBatch(
            source=_stack([self._source_views(int(index), key.epoch) for index in source]),
            source_labels=torch.tensor([self.source.items[index].known_label for index in source]),
            source_index=torch.from_numpy(source),
            target=_stack([self._target_views(int(index), target_pass) for index in target]),
            target_index=torch.from_numpy(target),
        )

    def _source_views(self, index: int, epoch: int) -> UInt8[np.ndarray, "V T S S 3"]:
        rng = derive_rng(self._seed, "source", epoch, index)
        return self._augment_source(self.source.drawn(index, rng), rng)

    def _target_views(self, index: int, target_pass: int) -> UInt8[np.ndarray, "V T S S 3"]:
        rng = derive_rng(self._seed, "target", target_pass, index)
        videos = self.unlabelled
        views = videos.drawn(index, rng) if self._random_target else videos.centred(index)
        return self._augment_target(views, rng)


def _stack(arrays: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))
