"""What the engine asks of a run's data."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch.utils.data import DataLoader, Dataset

from videoda_train.data.list_file import ListItem


@runtime_checkable
class Batch(Protocol):
    """Tensors that a method's step or evaluation reads; each kind of data has its own class."""

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""


class EvaluationData(ABC):
    """Videos to classify, in list order."""

    items: Sequence[ListItem]

    def __len__(self) -> int:
        return len(self.items)

    @abstractmethod
    def evaluation_batch(self, indices: Sequence[int]) -> Batch:
        """Return what a method scores the given videos by; no labels."""


class TrainingData(ABC, Dataset[Any]):
    """Maps `(epoch, step)` to a batch: a pure function of the run's seed and that key, so that any step can be next."""

    steps_per_epoch: int
    target: EvaluationData
    """The unlabelled videos, evaluated after every epoch."""

    @abstractmethod
    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return the batch of step `key[1]` in epoch `key[0]`."""


def epoch_loader(data: TrainingData, *, epoch: int, first_step: int, num_workers: int) -> DataLoader[Any]:
    """Return a loader of one epoch's batches from `first_step` on."""
    keys = [(epoch, step) for step in range(first_step, data.steps_per_epoch)]
    return DataLoader(
        data,
        sampler=keys,
        batch_size=None,
        num_workers=num_workers,
        multiprocessing_context="spawn" if num_workers else None,
    )
