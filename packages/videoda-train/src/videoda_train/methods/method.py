"""What the engine asks of a method."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from videoda_train.evaluation import Scores


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share factors of the run's learning rate and weight decay."""

    parameters: list[nn.Parameter]
    lr_factor: float = 1.0
    weight_decay_factor: float = 1.0


class Method(ABC):
    """A training method: its networks, its losses, and what happens between epochs.

    Order of one epoch: `training_step` per batch, `after_training`, evaluation by `score`, `after_evaluation`.
    """

    module: nn.ModuleDict
    """Everything that trains; also what a checkpoint saves."""

    @abstractmethod
    def training_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the named loss terms, weights applied; the engine back-propagates their sum."""

    @abstractmethod
    def score(self, batch: Any) -> Scores:
        """Return the scores of a batch of the target's evaluation data."""

    def video_features(self, batch: Any) -> Float[Tensor, "N F"] | None:
        """Return one feature vector per video of a batch of evaluation data, to look at; `None`: there is none."""
        return None

    def parameter_groups(self) -> list[ParameterGroup]:
        """Return all that trains; by default weight decay covers batch norm and biases too, as CFB publishes it."""
        return [ParameterGroup([parameter for parameter in self.module.parameters() if parameter.requires_grad])]

    def needs_scores_of_adapted(self, epoch: int) -> bool:
        """Whether `after_evaluation` takes the scores of the unlabelled videos even where others are evaluated."""
        return False

    def after_training(self, epoch: int) -> None:  # noqa: B027 (a hook)
        """Called when an epoch's training steps are done, before its evaluation."""

    def after_evaluation(self, epoch: int, scores: Scores) -> dict[str, Any]:
        """Called with the epoch's scores (no labels), in list order; returns what to log."""
        return {}

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must keep beyond `module`: tensors and plain values."""
        return {}

    def close(self) -> None:  # noqa: B027 (a hook)
        """Let go of what is held open, at the end of the run."""

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027 (a hook)
        """Restore `state()`'s output."""
