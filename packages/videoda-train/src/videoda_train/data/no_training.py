"""The data of a method that does not train."""

from pathlib import Path

from jaxtyping import Int64
from torch import Tensor

from videoda_train.data.training_data import Batch, EvaluationData, StepKey, TrainingData


class NoTraining(TrainingData):
    """Videos to classify, and epochs without a step."""

    steps_per_epoch = 0

    def __init__(self, evaluated: EvaluationData):
        self.evaluated = evaluated

    def __getitem__(self, key: StepKey) -> Batch:
        raise IndexError(f"no step {key.step}: nothing is trained")

    def source_to_evaluate(self, key: StepKey) -> tuple[Batch, Int64[Tensor, " B"]]:
        """Fail: there is no source."""
        raise IndexError(f"no step {key.step}: nothing is trained")

    def files(self, key: StepKey) -> list[Path]:
        """Return none."""
        return []
