"""The training loop: plain PyTorch, the same for every method."""

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from videoda_train.data.training_data import StepKey, TrainingData, epoch_loader
from videoda_train.engine.bank_health import bank_warning
from videoda_train.engine.callbacks import Callback
from videoda_train.engine.evaluate import evaluate
from videoda_train.engine.finite import ANEW
from videoda_train.engine.interrupt import Interrupted
from videoda_train.engine.model_selection import criteria
from videoda_train.engine.runtime import Runtime
from videoda_train.engine.saving import Position, RunState
from videoda_train.engine.weight_update import NotFinite, WeightUpdate
from videoda_train.errors import RunError
from videoda_train.evaluation import Scores, labels_of, measure
from videoda_train.methods.method import Method
from videoda_train.progress import ProgressBar
from videoda_train.recipes.config import TrainConfig
from videoda_train.run_folder import RunFolder

_LOG = logging.getLogger(__name__)
_OF_THE_AVERAGE = ("acc_softmax", "acc_logits", "mean_class_accuracy", "mean_confidence")


class TrainingLoop:
    """Trains a method epoch by epoch, evaluating after each, and can stop and continue after any step."""

    def __init__(
        self,
        config: TrainConfig,
        method: Method,
        data: TrainingData,
        folder: RunFolder,
        runtime: Runtime,
        *,
        callbacks: Sequence[Callback] = (),
    ):
        self.config = config
        self.method = method
        self.data = data
        self.folder = folder
        self.runtime = runtime
        self.callbacks = callbacks
        self.update = WeightUpdate(method, config, runtime, steps_per_epoch=data.steps_per_epoch)
        self.state = RunState(self.update, method, folder, config.checkpoint, ranks=runtime.ranks)
        self.labels = labels_of(data.evaluated.items)
        self._has_warned = False

    def run(self) -> Scores:
        """Train to the last epoch; return the scores of its evaluation.

        Raises:
            Interrupted: a stop was asked; the checkpoint holds everything up to now.
            RunError: a loss, gradient, running statistic or score is not finite, or memory or disk do not suffice.
        """
        position = self.state.restore()
        scores = None
        while position.epoch < self.config.optim.epochs:
            scores = self._run_epoch(position)
            position = Position(position.epoch + 1)
        return evaluate(self.method, self.data.evaluated, self.runtime) if scores is None else scores

    def _run_epoch(self, start: Position) -> Scores:
        epoch, started = start.epoch, time.monotonic()
        end = self._train(start)
        trained = time.monotonic()
        self.update.share_buffers()
        self.method.after_training(epoch)
        try:
            scores = evaluate(self.method, self.data.evaluated, self.runtime)
            adapted = self._scores_of_adapted(epoch, scores)
            averaged = self._evaluate_average()
        except Interrupted:
            self.state.save(end)
            raise
        with self.runtime.ranks.first(leader=self.runtime.ranks.leads_node):
            logged = self.method.after_evaluation(epoch, adapted)
        if self.runtime.ranks.leads:
            self._warn_of_bank(epoch, logged)
            record = {
                "epoch": epoch,
                "lr": self.update.rate(epoch, max(end.step - 1, 0)),
                "losses": {name: value / end.step for name, value in end.losses.items()},
                **asdict(measure(scores, self.labels, one_class=self.config.labels_are_true)),
                **averaged,
                "criteria": criteria(scores),
                **logged,
                "train_seconds": trained - started,
                "evaluate_seconds": time.monotonic() - trained,
                "clips_per_second": (end.step - start.step) * self.config.optim.batch_size / (trained - started),
            }
            self.folder.write_metrics(record)
            for callback in self.callbacks:
                callback(record)
        self.state.save_end_of_epoch(epoch)
        return scores

    def _train(self, position: Position) -> Position:
        """Take an epoch's steps that are left; return the position after its last one."""
        self.method.module.train()
        epoch, losses = position.epoch, dict(position.losses)
        keys = self.update.keys(epoch, first_step=position.step)
        batches = iter(epoch_loader(self.data, keys, num_workers=self.config.loading.num_workers))
        title = f"epoch {epoch + 1}/{self.config.optim.epochs}"
        steps = range(position.step, self.data.steps_per_epoch)
        bar = ProgressBar(steps, desc=title, unit="step", leave=False, disable=not self.runtime.progress)
        for step in bar:
            try:
                outcome = self.update(batches, epoch=epoch, step=step, stop=self.runtime.stop.asked)
            except NotFinite as event:
                raise self._not_finite(event, position) from event
            for name, value in outcome.losses.items():
                losses[name] = losses.get(name, 0.0) + value
            position = Position(epoch, step + 1, losses)
            if outcome.stop:
                self.state.save(position)
                raise Interrupted
            self.state.save_if_due(position)
            bar.set_postfix(loss=f"{sum(outcome.losses.values()):.3f}", refresh=False)
        return position

    def _scores_of_adapted(self, epoch: int, scores: Scores) -> Scores:
        videos = self.data.adapted
        if videos is self.data.evaluated or not self.method.needs_scores_of_adapted(epoch):
            return scores
        return evaluate(self.method, videos, self.runtime)

    def _evaluate_average(self) -> dict[str, Any]:
        if self.update.average is None:
            return {}
        with self.update.average.applied(self.method.module):
            scores = evaluate(self.method, self.data.evaluated, self.runtime)
        metrics = asdict(measure(scores, self.labels, one_class=self.config.labels_are_true))
        return {"average": {name: metrics[name] for name in _OF_THE_AVERAGE}}

    def _warn_of_bank(self, epoch: int, logged: dict[str, Any]) -> None:
        """Say once per run what is wrong with the bank; the record says it every time."""
        count = len(self.data.adapted)
        warning = bank_warning(logged, num_videos=count, classes=self.config.data.class_map)
        if warning is not None:
            logged["bank_warning"] = warning
            if not self._has_warned:
                _LOG.warning("epoch %d: %s", epoch + 1, warning)
            self._has_warned = True

    def _not_finite(self, event: NotFinite, position: Position) -> RunError:
        saved = self.state.save_beside("not-finite.pt", position)
        files = "\n  ".join(str(path) for path in self.data.files(StepKey(position.epoch, position.step)))
        return RunError(
            f"training is not finite at epoch {position.epoch}, step {position.step}: {event}. {ANEW}. "
            f"The weights before this step are in {saved}, the newest good checkpoint is kept. The batch:\n  {files}"
        )
