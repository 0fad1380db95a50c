"""When a method's flow memory is filled, drawn from and emptied, and what a checkpoint keeps of it."""

from typing import Any

from videoda_train.evaluation import Scores
from videoda_train.methods.flow_memory import FlowMemory
from videoda_train.methods.method import Method


class BankMethod(Method):
    """A method with a `memory`, which an evaluation fills and the end of the next epoch's training empties."""

    memory: FlowMemory

    def needs_scores_of_adapted(self, epoch: int) -> bool:
        """Whether this epoch's evaluation fills the bank."""
        return self.memory.fills_after(epoch)

    def after_training(self, epoch: int) -> None:
        """Empty the bank; the evaluation that follows refills it."""
        self.memory.clear()

    def after_evaluation(self, epoch: int, scores: Scores) -> dict[str, Any]:
        """From `bank_from_epoch` on, keep the most confident target flows under their pseudo-labels."""
        return self.memory.fill(scores) if self.memory.fills_after(epoch) else {}

    def close(self) -> None:
        """Let go of the bank, so that the next run of this process can write it."""
        self.memory.close()

    def state(self) -> dict[str, Any]:
        """Return what the bank was filled from."""
        return self.memory.state()

    def load_state(self, state: dict[str, Any]) -> None:
        """Rebuild the bank."""
        self.memory.load_state(state)
