"""What the engine asks of a method."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from videoda_models import TwoStream, TwoStreamLogits

from videoda_train.data.model_input import flow_input, rgb_input
from videoda_train.data.step_batches import StepBatch
from videoda_train.evaluation import Scores
from videoda_train.recipes.config import Streams


class Method(ABC):
    """A training method: its losses, and what happens between epochs.

    Order of one epoch: `training_step` per batch, `after_training`, evaluation, `after_evaluation`.
    """

    module: nn.ModuleDict
    """Everything that trains, the two streams among it; also what a checkpoint saves."""
    used: Streams = "both"
    """The streams that train and vote."""

    @property
    def streams(self) -> TwoStream:
        """The RGB and flow networks."""
        streams = self.module["streams"]
        assert isinstance(streams, TwoStream)
        return streams

    @abstractmethod
    def training_step(self, batch: StepBatch, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the named loss terms, weights applied; the engine back-propagates their sum."""

    def predict(self, rgb: UInt8[Tensor, "B T H W 3"], flow_codes: UInt8[Tensor, "B T H W 2"]) -> TwoStreamLogits:
        """Return both streams' per-frame logits of evaluation clips; a stream that is not used votes for no class."""
        if self.used == "rgb":
            logits = self.streams.rgb(rgb_input(rgb))
            return TwoStreamLogits(logits, torch.zeros_like(logits))
        if self.used == "flow":
            logits = self.streams.flow(flow_input(flow_codes))
            return TwoStreamLogits(torch.zeros_like(logits), logits)
        return TwoStreamLogits(*self.streams(rgb_input(rgb), flow_input(flow_codes)))

    def after_training(self, epoch: int) -> None:  # noqa: B027 (a hook)
        """Called when an epoch's training steps are done, before its evaluation."""

    def after_evaluation(self, epoch: int, scores: Scores) -> dict[str, Any]:
        """Called with the epoch's scores (no labels); returns what to log."""
        return {}

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must keep beyond `module`: tensors and plain values."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027 (a hook)
        """Restore `state()`'s output."""
