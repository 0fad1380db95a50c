"""What the engine asks of a run's data."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from videoda_train.data.list_file import ListItem


@runtime_checkable
class Batch(Protocol):
    """Tensors that a method's step or evaluation reads; each kind of data has its own class."""

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""


class StepKey(NamedTuple):
    """Which clips are wanted: those of one step, or one of the equal parts that processes and micro-batches take."""

    epoch: int
    step: int
    part: int = 0
    num_parts: int = 1

    def share(self, count: int) -> range:
        """Return which of the step's `count` clips are this part's; never none: a part too many repeats one."""
        if count < self.num_parts:
            return range(self.part % count, self.part % count + 1)
        return range(self.part * count // self.num_parts, (self.part + 1) * count // self.num_parts)


class EvaluationData(ABC):
    """Videos to classify, in list order."""

    items: Sequence[ListItem]

    def __len__(self) -> int:
        return len(self.items)

    @abstractmethod
    def evaluation_batch(self, indices: Sequence[int]) -> Batch:
        """Return what a method scores the given videos by; no labels."""


class TrainingData(ABC, Dataset[Any]):
    """Maps a `StepKey` to a batch: a pure function of the run's seed and that key, so that any step can be next.

    The parts of a step are the step: how many there are changes no clip.
    """

    steps_per_epoch: int
    evaluated: EvaluationData
    """The videos that are scored after every epoch: the unlabelled ones, or others."""

    @property
    def adapted(self) -> EvaluationData:
        """The unlabelled videos, as a method scores them: the same object as `evaluated` where those are."""
        return self.evaluated

    @abstractmethod
    def __getitem__(self, key: StepKey) -> Batch:
        """Return the clips of a step, or of a part of it."""

    @abstractmethod
    def source_to_evaluate(self, key: StepKey) -> tuple[Batch, Int64[Tensor, " B"]]:
        """Return a step's source clips as a method scores videos, and their labels."""

    @abstractmethod
    def files(self, key: StepKey) -> list[Path]:
        """Return the files that the batch of `key` is made of."""


def epoch_loader(data: TrainingData, keys: Sequence[StepKey], *, num_workers: int) -> DataLoader[Any]:
    """Return a loader of the batches of these keys, in their order."""
    return DataLoader(
        data,
        sampler=keys,
        batch_size=None,
        num_workers=num_workers,
        multiprocessing_context="spawn" if num_workers else None,
    )
