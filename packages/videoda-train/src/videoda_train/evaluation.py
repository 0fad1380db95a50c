"""Scores of target videos, and the numbers made of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from videoda_train.data.list_file import ListItem
from videoda_train.data.training_data import EvaluationData


@dataclass(frozen=True)
class Scores:
    """Per-video class scores in list order, float32, each a mean over the video's frames or clips."""

    logits: Float[Tensor, "N K"]
    """Sum of the streams' logits."""
    streams: dict[str, Float[Tensor, "N K"]]
    """Softmax scores of each stream that votes."""

    @classmethod
    def of_frames(cls, logits: dict[str, Float[Tensor, "N K T"]]) -> "Scores":
        """Average per-frame (or per-clip) logits and softmax scores."""
        return cls(
            logits=torch.stack([values.mean(dim=2) for values in logits.values()]).sum(dim=0),
            streams={name: values.softmax(dim=1).mean(dim=2) for name, values in logits.items()},
        )

    @property
    def softmax(self) -> Float[Tensor, "N K"]:
        """Sum of the streams' softmax scores."""
        return torch.stack(list(self.streams.values())).sum(dim=0)

    @property
    def confidence(self) -> Float[Tensor, "N K"]:
        """Mean of the streams' softmax scores: each video's sum to 1."""
        return self.softmax / len(self.streams)

    def cpu(self) -> "Scores":
        """Return the scores on the CPU."""
        return Scores(logits=self.logits.cpu(), streams={name: value.cpu() for name, value in self.streams.items()})


@dataclass(frozen=True)
class Metrics:
    """What is reported of one evaluation; accuracies in [0, 1]."""

    acc_logits: float
    """Accuracy by the sum of logits (`Acc`)."""
    acc_softmax: float
    """Accuracy by the sum of softmax scores (`AccSf`, the paper's)."""
    acc_rgb: float | None
    """Accuracy of the RGB stream alone; `None` if it does not vote."""
    acc_flow: float | None
    """Accuracy of the flow stream alone; `None` if it does not vote."""
    acc_top5: float
    """Share of videos whose class is among the five best by softmax."""
    mean_class_accuracy: float
    """Mean of the per-class recalls, by softmax, over the classes that occur."""
    per_class_accuracy: list[float | None]
    """Recall per class; `None` for a class without a video."""
    confusion_matrix: list[list[int]]
    """Rows: true class; columns: predicted class."""


def fuse_scores(parts: Sequence[Scores]) -> Scores:
    """Return the mean of several networks' scores of the same videos; their own streams' means count as one stream."""
    if len(parts) == 1:
        return parts[0]
    return Scores(
        logits=torch.stack([part.logits for part in parts]).mean(dim=0),
        streams={"fused": torch.stack([part.confidence for part in parts]).mean(dim=0)},
    )


def top_k_accuracy(scores: Scores, labels: Int64[Tensor, " N"], k: int) -> float:
    """Return the share of videos whose class is among the `k` best by softmax."""
    best = scores.softmax.topk(min(k, scores.softmax.shape[1]), dim=1).indices
    return float((best == labels[:, None]).any(dim=1).double().mean())


def labels_of(items: Sequence[ListItem]) -> Int64[Tensor, " N"]:
    """Return the videos' true classes."""
    return torch.tensor([item.label for item in items])


def evaluation_batches(count: int, *, batch_size: int) -> list[range]:
    """Return the videos of each evaluation batch, in list order."""
    return [range(first, min(first + batch_size, count)) for first in range(0, count, batch_size)]


def score_videos(
    score: Callable[[Any], Scores], videos: EvaluationData, *, device: torch.device, batches: Sequence[range]
) -> Iterator[Scores]:
    """Yield the scores of each batch of videos, on the CPU."""
    for batch in batches:
        yield score(videos.evaluation_batch(batch).to(device)).cpu()


def join_scores(parts: list[Scores]) -> Scores:
    """Concatenate batches of scores."""
    return Scores(
        logits=torch.cat([part.logits for part in parts]),
        streams={name: torch.cat([part.streams[name] for part in parts]) for name in parts[0].streams},
    )


def measure(scores: Scores, labels: Int64[Tensor, " N"]) -> Metrics:
    """Compare scores with the true labels. A tie goes to the lower class."""
    num_classes = scores.softmax.shape[1]
    by_softmax = scores.softmax.argmax(dim=1)
    pairs = labels * num_classes + by_softmax
    confusion = torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    occurrences = confusion.sum(dim=1)
    recalls = [float(confusion[k, k] / occurrences[k]) if occurrences[k] else None for k in range(num_classes)]
    known = [recall for recall in recalls if recall is not None]
    alone = {name: _accuracy(values, labels) for name, values in scores.streams.items()}
    return Metrics(
        acc_logits=_accuracy(scores.logits, labels),
        acc_softmax=_accuracy(scores.softmax, labels),
        acc_rgb=alone.get("rgb"),
        acc_flow=alone.get("flow"),
        acc_top5=top_k_accuracy(scores, labels, 5),
        mean_class_accuracy=sum(known) / len(known),
        per_class_accuracy=recalls,
        confusion_matrix=confusion.tolist(),
    )


def _accuracy(scores: Float[Tensor, "N K"], labels: Int64[Tensor, " N"]) -> float:
    return float((scores.argmax(dim=1) == labels).double().mean())
