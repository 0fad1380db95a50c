"""A run's state: saved so that it can go on after any step, and restored."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from videoda_train.engine.checkpoint import load_checkpoint, retain, save_checkpoint
from videoda_train.engine.distributed import Ranks
from videoda_train.engine.finite import ANEW, some
from videoda_train.engine.model_selection import preferred
from videoda_train.engine.weight_update import WeightUpdate
from videoda_train.errors import RunError
from videoda_train.methods.method import Method
from videoda_train.recipes.config import CheckpointConfig
from videoda_train.run_folder import RunFolder


@dataclass(frozen=True)
class Position:
    """Where training stands: `step` steps of `epoch` are done (all of them: its evaluation is next)."""

    epoch: int = 0
    step: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    """Sums of the loss terms over those steps."""


class RunState:
    """All that a run needs to go on: weights, optimiser, moving average, the method's own state, the position.

    Every process restores it; the leading one writes it. Nothing random is in it: every draw is a function of the seed
    and of what it is for.
    """

    def __init__(
        self, update: WeightUpdate, method: Method, folder: RunFolder, config: CheckpointConfig, *, ranks: Ranks
    ):
        self._update = update
        self._method = method
        self._folder = folder
        self._config = config
        self._ranks = ranks
        self._started = self._saved = time.monotonic()

    @property
    def elapsed_seconds(self) -> float:
        """Time that the run has taken, without what was lost when it was killed."""
        return time.monotonic() - self._started

    def restore(self) -> Position:
        """Restore the newest checkpoint, if there is one, and return where to go on."""
        if not self._folder.checkpoint_file.exists():
            return Position()
        content = load_checkpoint(self._folder.checkpoint_file)
        self._update.load_state(content, path=self._folder.checkpoint_file)
        with self._ranks.first(leader=self._ranks.leads_node):
            self._method.load_state(content["method"])
        self._started -= content["elapsed_seconds"]
        if names := self._update.not_finite():
            raise RunError(
                f"{self._folder.checkpoint_file} holds values that are infinite or not numbers ({some(names)}), so "
                "training cannot go on from it; put an earlier one of that folder in its place, or start anew in "
                "another --run-dir with a lower --optim.lr"
            )
        position = Position(content["epoch"], content["step"], content["losses"])
        if position.epoch > 0 and position.step == 0:
            self._retain(position.epoch - 1)
        return position

    def save(self, position: Position) -> None:
        """Write the newest checkpoint.

        Raises:
            RunError: there are infinities or NaNs in it; the previous one stays.
        """
        if self._ranks.leads and (names := self._update.not_finite()):
            kept = self._folder.checkpoint_file
            raise RunError(
                f"training has diverged: after {position.step} steps of epoch {position.epoch} {some(names)} hold "
                f"values that are infinite or not numbers, so they are not saved. {ANEW}. "
                + (f"The newest good checkpoint stays at {kept}" if kept.exists() else "There is no checkpoint yet")
            )
        self._write(self._folder.checkpoint_file, position)
        self._saved = time.monotonic()

    def save_if_due(self, position: Position) -> None:
        """Write the newest checkpoint if the last one is as old as configured."""
        minutes = self._config.every_minutes
        due = minutes is not None and time.monotonic() - self._saved >= 60 * minutes
        # Weights that overflowed make the next step or evaluation fail, in every process and with more to say.
        if due and not (self._ranks.leads and self._update.not_finite()):
            self.save(position)

    def save_end_of_epoch(self, epoch: int) -> None:
        """Write the newest checkpoint, and keep it beside later ones as configured."""
        self.save(Position(epoch + 1))
        self._retain(epoch)

    def save_beside(self, name: str, position: Position) -> Path:
        """Write a checkpoint that the run does not go on from, and return its path."""
        path = self._folder.checkpoint_file.with_name(name)
        self._write(path, position)
        return path

    def _write(self, path: Path, position: Position) -> None:
        if self._ranks.leads:
            state = {"method": self._method.state(), "elapsed_seconds": self.elapsed_seconds}
            save_checkpoint(path, {**asdict(position), **self._update.state(), **state})

    def _retain(self, epoch: int) -> None:
        if self._ranks.leads:
            best = self._config.keep_best
            is_best = best is not None and preferred(self._folder.read_metrics(), best)["epoch"] == epoch
            retain(self._folder.checkpoint_file, epoch=epoch, keep_last=self._config.keep_last, is_best=is_best)
