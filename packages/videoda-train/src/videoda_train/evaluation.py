"""Scores of target videos, and the numbers made of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from videoda_train.data.list_file import ListItem
from videoda_train.data.training_data import EvaluationData
from videoda_train.errors import RunError

UNLABELLED = -1
"""In a tensor of true classes: a video without label."""


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

    def of(self, chosen: Bool[Tensor, " N"]) -> "Scores":
        """Return the scores of some of the videos."""
        return Scores(
            logits=self.logits[chosen], streams={name: values[chosen] for name, values in self.streams.items()}
        )

    def cpu(self) -> "Scores":
        """Return the scores on the CPU."""
        return Scores(logits=self.logits.cpu(), streams={name: value.cpu() for name, value in self.streams.items()})


@dataclass(frozen=True)
class Metrics:
    """What is reported of one evaluation; accuracies in [0, 1], over the videos that have a label.

    Where there is nothing to compare with, every accuracy is `None` and `no_accuracy` says why.
    """

    num_labelled: int
    """Videos that have a label: the accuracies are over these."""
    no_accuracy: str | None
    """Why there is no accuracy; `None` where there is one."""
    mean_confidence: float
    """Mean over all videos of the score of the predicted class, by softmax, in [0, 1]."""
    predicted_counts: list[int]
    """How many of all videos each class was predicted for, by softmax."""
    acc_logits: float | None
    """Accuracy by the sum of logits (`Acc`)."""
    acc_softmax: float | None
    """Accuracy by the sum of softmax scores (`AccSf`, the paper's)."""
    acc_rgb: float | None
    """Accuracy of the RGB stream alone; `None` if it does not vote."""
    acc_flow: float | None
    """Accuracy of the flow stream alone; `None` if it does not vote."""
    acc_top5: float | None
    """Share of videos whose class is among the five best by softmax."""
    mean_class_accuracy: float | None
    """Mean of the per-class recalls, by softmax, over the classes that occur."""
    per_class_accuracy: list[float | None] | None
    """Recall per class; `None` for a class without a video."""
    confusion_matrix: list[list[int]] | None
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
    """Return the share of the labelled videos whose class is among the `k` best by softmax."""
    known = labels != UNLABELLED
    best = scores.softmax[known].topk(min(k, scores.softmax.shape[1]), dim=1).indices
    return float((best == labels[known, None]).any(dim=1).double().mean())


def labels_of(items: Sequence[ListItem]) -> Int64[Tensor, " N"]:
    """Return the videos' true classes; `UNLABELLED` for a video without label."""
    return torch.tensor([UNLABELLED if item.label is None else item.label for item in items], dtype=torch.int64)


def why_no_accuracy(labels: Int64[Tensor, " N"], *, num_classes: int, one_class: bool) -> str | None:
    """Return why labels are not compared with, or `None` where they are.

    Two or more videos that all carry one label, in a list that has several classes, are taken for a list whose labels
    nobody gave (zeros in place of none) unless `one_class` says that they are true.
    """
    if not bool((labels != UNLABELLED).any()):
        return "no video has a label"
    first = int(labels[0])
    if one_class or num_classes < 2 or len(labels) < 2 or bool((labels != first).any()):
        return None
    return (
        f"all {len(labels)} videos carry the label {first}, as if nobody had given one; delete the labels from the "
        "list, or say that they are true with --one-class"
    )


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


def measure(scores: Scores, labels: Int64[Tensor, " N"], *, one_class: bool = False) -> Metrics:
    """Compare scores with the true labels, as far as there are any. A tie goes to the lower class.

    Args:
        scores: of all videos.
        labels: as of `labels_of`.
        one_class: labels that are all the same are true.

    Raises:
        RunError: a score is not finite.
    """
    _require_finite(scores)
    num_classes = scores.softmax.shape[1]
    confidence, by_softmax = scores.confidence.max(dim=1)
    known = labels != UNLABELLED
    metrics = Metrics(
        num_labelled=int(known.sum()),
        no_accuracy=why_no_accuracy(labels, num_classes=num_classes, one_class=one_class),
        mean_confidence=float(confidence.double().mean()),
        predicted_counts=torch.bincount(by_softmax, minlength=num_classes).tolist(),
        acc_logits=None,
        acc_softmax=None,
        acc_rgb=None,
        acc_flow=None,
        acc_top5=None,
        mean_class_accuracy=None,
        per_class_accuracy=None,
        confusion_matrix=None,
    )
    if metrics.no_accuracy is not None:
        return metrics
    pairs = labels[known] * num_classes + by_softmax[known]
    confusion = torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    occurrences = confusion.sum(dim=1)
    recalls = [float(confusion[k, k] / occurrences[k]) if occurrences[k] else None for k in range(num_classes)]
    occurring = [recall for recall in recalls if recall is not None]
    alone = {name: _accuracy(values[known], labels[known]) for name, values in scores.streams.items()}
    return replace(
        metrics,
        acc_logits=_accuracy(scores.logits[known], labels[known]),
        acc_softmax=_accuracy(scores.softmax[known], labels[known]),
        acc_rgb=alone.get("rgb"),
        acc_flow=alone.get("flow"),
        acc_top5=top_k_accuracy(scores, labels, 5),
        mean_class_accuracy=sum(occurring) / len(occurring),
        per_class_accuracy=recalls,
        confusion_matrix=confusion.tolist(),
    )


def _require_finite(scores: Scores) -> None:
    """Refuse scores that mean nothing: the largest of NaNs is class 0."""
    finite = torch.stack([values.isfinite().all(dim=1) for values in (scores.logits, *scores.streams.values())]).all(0)
    if not bool(finite.all()):
        raise RunError(
            f"the scores of {int((~finite).sum())} of {len(finite)} videos are not finite, first of video "
            f"{int((~finite).nonzero()[0]) + 1} in the list: nothing is measured; take an earlier checkpoint, or train "
            "with a lower --optim.lr or --precision fp32"
        )


def _accuracy(scores: Float[Tensor, "N K"], labels: Int64[Tensor, " N"]) -> float:
    return float((scores.argmax(dim=1) == labels).double().mean())
