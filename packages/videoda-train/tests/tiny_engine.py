"""The smallest data and method the engine can train: points of three classes and a linear classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from videoda_train.data.list_file import ListItem
from videoda_train.data.training_data import EvaluationData, StepKey, TrainingData
from videoda_train.engine.runtime import Runtime
from videoda_train.engine.training_loop import TrainingLoop
from videoda_train.evaluation import Scores
from videoda_train.methods.method import Method
from videoda_train.randomness import derive_generator
from videoda_train.recipes.config import DataConfig, OptimConfig, TrainConfig
from videoda_train.run_folder import RunFolder


@dataclass(frozen=True)
class Points:
    values: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> "Points":
        return Points(self.values.to(device), self.labels.to(device))


class PointVideos(EvaluationData):
    def __init__(self, count: int = 20):
        self.items = [ListItem(Path(f"{i}.avi"), i % 3, f"{i}.avi") for i in range(count)]

    def evaluation_batch(self, indices: Sequence[int]) -> Points:
        return draw_points([f"video {i}" for i in indices])


class PointData(TrainingData):
    def __init__(self, *, batch_size: int, steps: int = 5):
        self.steps_per_epoch = steps
        self.evaluated = PointVideos()
        self.batch_size = batch_size

    def __getitem__(self, key: StepKey) -> Points:
        return draw_points([f"{key.epoch} {key.step} {i}" for i in key.share(self.batch_size)])

    def source_to_evaluate(self, key: StepKey) -> tuple[Points, Tensor]:
        points = self[key]
        return points, points.labels

    def files(self, key: StepKey) -> list[Path]:
        return [Path(f"{key.step}-{i}.jpg") for i in key.share(self.batch_size)]


def draw_points(names: Sequence[str]) -> Points:
    values = torch.stack([torch.randn(6, generator=derive_generator(0, name)) for name in names])
    return Points(values, values[:, :3].argmax(dim=1))


class PointMethod(Method):
    """A hidden layer, optionally batch norm, and one layer that no step uses."""

    def __init__(self, *, batch_norm: bool = False, dropout: float = 0.0):
        torch.manual_seed(0)
        norm = [nn.BatchNorm1d(8)] if batch_norm else []
        layers = [nn.Linear(6, 8), *norm, nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3)]
        self.module = nn.ModuleDict({"net": nn.Sequential(*layers), "unused": nn.Linear(6, 1)})
        self.calls: list[str] = []

    def training_step(self, batch: Points, *, epoch: int, step: int) -> dict[str, Tensor]:
        logits = self.module["net"](batch.values)
        return {"points": F.cross_entropy(logits, batch.labels), "size": 0.01 * logits.square().mean()}

    def score(self, batch: Points) -> Scores:
        return Scores.of_frames({"points": self.module["net"](batch.values)[..., None]})

    def after_evaluation(self, epoch: int, scores: Scores) -> dict[str, Any]:
        self.calls.append(f"evaluated {epoch}")
        return {}


def point_config(**optim: Any) -> TrainConfig:
    settings = {"lr": 0.1, "batch_size": 8, "epochs": 2, "milestones": (1,), **optim}
    data = DataConfig(source_list=Path("s"), target_list=Path("t"), classes=Path("c"))
    return TrainConfig(data=data, device="cpu", precision="fp32", optim=OptimConfig(**settings))


class NanMethod(PointMethod):
    def training_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, torch.Tensor]:
        losses = super().training_step(batch, epoch=epoch, step=step)
        return losses if (epoch, step) != (1, 2) else {**losses, "points": losses["points"] * torch.nan}


def point_loop(
    folder: Path, config: TrainConfig, method: PointMethod, runtime: Runtime | None = None, **data: Any
) -> TrainingLoop:
    points = PointData(batch_size=config.optim.batch_size, **data)
    return TrainingLoop(config, method, points, RunFolder(folder), runtime or Runtime(torch.device("cpu")))


def train_points(
    folder: Path, config: TrainConfig, method: PointMethod | None = None, runtime: Runtime | None = None, **data: Any
) -> tuple[PointMethod, Scores]:
    method = method or PointMethod()
    return method, point_loop(folder, config, method, runtime, **data).run()


def weights(method: Method) -> dict[str, torch.Tensor]:
    return method.module.state_dict()
