"""The training loop: plain PyTorch, the same for every method."""

import time
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from videoda_train.data.training_data import TrainingData, epoch_loader
from videoda_train.engine.checkpoint import Position, load_checkpoint, save_checkpoint
from videoda_train.engine.device import autocast
from videoda_train.engine.interrupt import Interrupted, StopRequest
from videoda_train.errors import RunError
from videoda_train.evaluation import Metrics, Scores, join_scores, measure, score_videos
from videoda_train.methods.method import Method, ParameterGroup
from videoda_train.randomness import seeded_torch
from videoda_train.recipes.config import OptimConfig, TrainConfig
from videoda_train.run_folder import RunFolder

EVALUATION_BATCH = 8


class TrainingLoop:
    """Trains a method epoch by epoch, evaluating after each, and can stop and continue after any step."""

    def __init__(
        self,
        config: TrainConfig,
        method: Method,
        data: TrainingData,
        folder: RunFolder,
        *,
        device: torch.device,
        dtype: torch.dtype,
        stop: StopRequest,
        progress: bool,
    ):
        self.config = config
        self.method = method
        self.data = data
        self.folder = folder
        self.device = device
        self.dtype = dtype
        self.stop = stop
        self.progress = progress
        self.optimizer = build_optimizer(method.parameter_groups(), config.optim)
        self.labels = torch.tensor([item.label for item in data.target.items])
        self.elapsed_seconds = 0.0

    def resume(self) -> Position:
        """Restore the newest checkpoint, if there is one, and return where to go on."""
        if not self.folder.checkpoint_file.exists():
            return Position(epoch=0, step=0)
        saved = load_checkpoint(self.folder.checkpoint_file)
        self.method.module.load_state_dict(saved["module"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.method.load_state(saved["method"])
        self.elapsed_seconds = saved["elapsed_seconds"]
        return Position(epoch=saved["epoch"], step=saved["step"])

    def run(self) -> tuple[Scores, Metrics]:
        """Train to the last epoch; return its scores and metrics.

        Raises:
            Interrupted: a stop was asked; the checkpoint holds everything up to now.
            RunError: the loss is not finite.
        """
        position = self.resume()
        if position.epoch == self.config.optim.epochs:
            return self._evaluate()
        with SummaryWriter(str(self.folder.root / "tensorboard")) as board:
            for epoch in range(position.epoch, self.config.optim.epochs):
                first_step = position.step if epoch == position.epoch else 0
                started = time.monotonic()
                losses = self._train_epoch(epoch, first_step)
                trained = time.monotonic()
                self.method.after_training(epoch)
                scores, metrics = self._evaluate(Position(epoch, self.data.steps_per_epoch))
                logged = self.method.after_evaluation(epoch, scores)
                self.elapsed_seconds += time.monotonic() - started
                record = {
                    "epoch": epoch,
                    "lr": self.optimizer.param_groups[0]["lr"],
                    "losses": losses,
                    **asdict(metrics),
                    **logged,
                    "train_seconds": trained - started,
                    "evaluate_seconds": time.monotonic() - trained,
                }
                self.folder.write_metrics(record)
                log_scalars(board, record)
                self._save(Position(epoch + 1, 0))
                if self.progress:
                    tqdm.write(describe_epoch(record, epochs=self.config.optim.epochs))
        return scores, metrics

    def _train_epoch(self, epoch: int, first_step: int) -> dict[str, float]:
        set_learning_rate(self.optimizer, self.config.optim, epoch=epoch)
        loader = epoch_loader(
            self.data, epoch=epoch, first_step=first_step, num_workers=self.config.loading.num_workers
        )
        self.method.module.train()
        sums: dict[str, float] = {}
        bar = tqdm(loader, desc=f"epoch {epoch + 1}/{self.config.optim.epochs}", leave=False, disable=not self.progress)
        for step, batch in enumerate(bar, first_step):
            losses = self._train_step(batch.to(self.device), epoch=epoch, step=step)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value
            bar.set_postfix(loss=f"{sum(losses.values()):.3f}", refresh=False)
            if self.stop.asked:
                self._save(Position(epoch, step + 1))
                raise Interrupted
        done = max(self.data.steps_per_epoch - first_step, 1)
        return {name: value / done for name, value in sums.items()}

    def _train_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, float]:
        with seeded_torch(self.config.seed, "step", epoch, step), autocast(self.device, self.dtype):
            terms = self.method.training_step(batch, epoch=epoch, step=step)
        total: Tensor = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(total):
            values = {name: float(term.detach()) for name, term in terms.items()}
            raise RunError(
                f"the loss is not finite at epoch {epoch}, step {step}: {values}; the last epoch's checkpoint is kept. "
                "Lower --optim.lr, or use --precision fp32"
            )
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        if self.config.optim.clip_value is not None:
            nn.utils.clip_grad_value_(self.method.module.parameters(), self.config.optim.clip_value)
        if self.config.optim.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.method.module.parameters(), self.config.optim.clip_norm)
        self.optimizer.step()
        return {name: float(term.detach()) for name, term in terms.items()}

    def _evaluate(self, position: Position | None = None) -> tuple[Scores, Metrics]:
        self.method.module.eval()
        parts: list[Scores] = []
        batches = -(-len(self.labels) // EVALUATION_BATCH)
        with torch.inference_mode(), autocast(self.device, self.dtype):
            scored = score_videos(self.method.score, self.data.target, device=self.device, batch_size=EVALUATION_BATCH)
            for part in tqdm(scored, desc="evaluate", total=batches, leave=False, disable=not self.progress):
                parts.append(part)
                if self.stop.asked and position is not None:
                    self._save(position)
                    raise Interrupted
        scores = join_scores(parts)
        return scores, measure(scores, self.labels)

    def _save(self, position: Position) -> None:
        save_checkpoint(
            self.folder.checkpoint_file,
            position=position,
            module=self.method.module,
            optimizer=self.optimizer,
            method_state=self.method.state(),
            elapsed_seconds=self.elapsed_seconds,
        )


def build_optimizer(groups: list[ParameterGroup], config: OptimConfig) -> torch.optim.SGD:
    """Return SGD over a method's groups, each with its factors."""
    return torch.optim.SGD(
        [
            {
                "params": group.parameters,
                "lr": config.lr * group.lr_factor,
                "lr_factor": group.lr_factor,
                "weight_decay": config.weight_decay * group.weight_decay_factor,
            }
            for group in groups
        ],
        lr=config.lr,
        momentum=config.momentum,
        foreach=True,
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, config: OptimConfig, *, epoch: int) -> None:
    """Set the epoch's rate: ×0.1 at each milestone reached."""
    rate = config.lr * 0.1 ** sum(epoch >= milestone for milestone in config.milestones)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["lr_factor"]


def log_scalars(board: SummaryWriter, record: dict[str, Any]) -> None:
    """Write an epoch's numbers to TensorBoard."""
    epoch = record["epoch"]
    for name, value in record["losses"].items():
        board.add_scalar(f"loss/{name}", value, epoch)
    for name in ("acc_softmax", "acc_logits", "mean_class_accuracy"):
        board.add_scalar(f"target/{name}", record[name], epoch)
    board.add_scalar("lr", record["lr"], epoch)


def describe_epoch(record: dict[str, Any], *, epochs: int) -> str:
    """Return the console line of an epoch."""
    loss = sum(record["losses"].values())
    bank = f"  bank {sum(record['bank_counts'])}" if "bank_counts" in record else ""
    return (
        f"epoch {record['epoch'] + 1:3d}/{epochs}  loss {loss:.3f}  AccSf {100 * record['acc_softmax']:5.1f}  "
        f"Acc {100 * record['acc_logits']:5.1f}  "
        f"{record['train_seconds']:.1f} s + {record['evaluate_seconds']:.1f} s{bank}"
    )
