"""A run's features in the plane: the first two principal components of source clips and target videos together."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from videoda_train.data.atomic_file import write_text
from videoda_train.data.training_data import Batch, StepKey, TrainingData
from videoda_train.engine.device import autocast, resolve_device, resolve_precision
from videoda_train.engine.evaluate import EVALUATION_BATCH
from videoda_train.methods import Method
from videoda_train.recipes.config import TrainConfig

from videoda_bench.reproduction.finished_method import load_finished_method

FILE_NAME = "feature_map.json"
_MOST_SOURCE_CLIPS = 256


@dataclass(frozen=True)
class FeatureMap:
    """Coordinates and labels of both domains, and each component's share of the variance."""

    source: list[list[float]]
    source_labels: list[int]
    target: list[list[float]]
    target_labels: list[int]
    explained: list[float]


def principal_plane(features: Float[Tensor, "N F"]) -> tuple[Float[Tensor, "N 2"], Float[Tensor, " 2"]]:
    """Return coordinates on the first two principal components, and the share of the variance that each explains."""
    centred = features.double() - features.double().mean(dim=0)
    left, singular, _ = torch.linalg.svd(centred, full_matrices=False)
    shares = singular.square() / singular.square().sum().clamp(min=1e-12)
    return (left[:, :2] * singular[:2]).float(), shares[:2].float()


def save_feature_map(config: TrainConfig, run_dir: Path, data: TrainingData, *, num_classes: int) -> None:
    """Compute the features of a finished run's checkpoint and write their map into its folder.

    Up to 256 source clips are taken, in the order of the first epoch. A method without features gets no file.
    """
    device = resolve_device(config.device)
    method = load_finished_method(config, run_dir, data, num_classes=num_classes, device=device)
    method.module.eval()
    with torch.inference_mode(), autocast(device, resolve_precision(config.precision, device)):
        source, labels = _source_features(method, data, device=device)
        target = [method.video_features(batch.to(device)) for batch in _target_batches(data)]
    if not source or any(part is None for part in target):
        return
    joint = torch.cat([*source, *[part for part in target if part is not None]]).cpu()
    plane, shares = principal_plane(joint)
    points = FeatureMap(
        source=plane[: len(labels)].tolist(),
        source_labels=labels,
        target=plane[len(labels) :].tolist(),
        target_labels=[item.known_label for item in data.evaluated.items],
        explained=shares.tolist(),
    )
    write_text(run_dir / FILE_NAME, json.dumps(asdict(points)) + "\n")


def read_feature_map(run_dir: Path) -> FeatureMap | None:
    """Return a run's map, if it has one."""
    path = run_dir / FILE_NAME
    return FeatureMap(**json.loads(path.read_text())) if path.exists() else None


def _target_batches(data: TrainingData) -> Iterator[Batch]:
    count = len(data.evaluated)
    for first in range(0, count, EVALUATION_BATCH):
        yield data.evaluated.evaluation_batch(range(first, min(first + EVALUATION_BATCH, count)))


def _source_features(method: Method, data: TrainingData, *, device: torch.device) -> tuple[list[Tensor], list[int]]:
    features: list[Tensor] = []
    labels: list[int] = []
    for step in range(data.steps_per_epoch):
        if len(labels) >= _MOST_SOURCE_CLIPS:
            break
        batch, own_labels = data.source_to_evaluate(StepKey(0, step))
        part = method.video_features(batch.to(device))
        if part is None:
            break
        features.append(part)
        labels += own_labels.tolist()
    return features, labels
