"""Scores of target videos, and the numbers made of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix
from videoda_models import TwoStreamLogits, fuse_logits, upsample_logits

from videoda_train.data.target_dataset import TargetDataset


@dataclass(frozen=True)
class Scores:
    """Per-video class scores in list order, float32 on the CPU, each a mean over frames."""

    logits: Float[Tensor, "N K"]
    """Sum of the two streams' logits."""
    rgb: Float[Tensor, "N K"]
    """Softmax of the RGB stream."""
    flow: Float[Tensor, "N K"]
    """Softmax of the flow stream."""

    @property
    def softmax(self) -> Float[Tensor, "N K"]:
        """Sum of the two streams' softmax."""
        return self.rgb + self.flow


@dataclass(frozen=True)
class Metrics:
    """What is reported of one evaluation; accuracies in [0, 1]."""

    acc_logits: float
    """Accuracy by the sum of logits (`Acc`)."""
    acc_softmax: float
    """Accuracy by the sum of softmax scores (`AccSf`, the paper's)."""
    acc_rgb: float
    """Accuracy of the RGB stream alone."""
    acc_flow: float
    """Accuracy of the flow stream alone."""
    mean_class_accuracy: float
    """Mean of the per-class recalls, by softmax, over the classes that occur."""
    per_class_accuracy: list[float | None]
    """Recall per class; `None` for a class without a video."""
    confusion_matrix: list[list[int]]
    """Rows: true class; columns: predicted class."""


Predict = Callable[[UInt8[Tensor, "B T H W 3"], UInt8[Tensor, "B T H W 2"]], TwoStreamLogits]


def score_videos(
    predict: Predict, target: TargetDataset, *, device: torch.device, batch_size: int, num_frames: int
) -> Iterator[Scores]:
    """Yield the scores of the videos, batch by batch, in list order.

    Per-frame logits are upsampled to the evaluation clip's length; scores are means over its frames.
    """
    for first in range(0, len(target), batch_size):
        samples = [target.evaluation(i) for i in range(first, min(first + batch_size, len(target)))]
        rgb = torch.stack([torch.from_numpy(s.rgb) for s in samples]).to(device)
        flow = torch.stack([torch.from_numpy(s.flow_codes) for s in samples]).to(device)
        streams = predict(rgb, flow)
        rgb_logits = upsample_logits(streams.rgb.float(), num_frames)
        flow_logits = upsample_logits(streams.flow.float(), num_frames)
        yield Scores(
            logits=fuse_logits(rgb_logits, flow_logits).cpu(),
            rgb=rgb_logits.softmax(dim=1).mean(dim=2).cpu(),
            flow=flow_logits.softmax(dim=1).mean(dim=2).cpu(),
        )


def join_scores(parts: list[Scores]) -> Scores:
    """Concatenate batches of scores."""
    return Scores(
        logits=torch.cat([part.logits for part in parts]),
        rgb=torch.cat([part.rgb for part in parts]),
        flow=torch.cat([part.flow for part in parts]),
    )


def measure(scores: Scores, labels: Int64[Tensor, " N"]) -> Metrics:
    """Compare scores with the true labels. A tie goes to the lower class."""
    num_classes = scores.softmax.shape[1]
    by_softmax = scores.softmax.argmax(dim=1)
    confusion = multiclass_confusion_matrix(by_softmax, labels, num_classes=num_classes)
    occurrences = confusion.sum(dim=1)
    recalls = [float(confusion[k, k] / occurrences[k]) if occurrences[k] else None for k in range(num_classes)]
    known = [recall for recall in recalls if recall is not None]
    return Metrics(
        acc_logits=float((scores.logits.argmax(dim=1) == labels).double().mean()),
        acc_softmax=float((by_softmax == labels).double().mean()),
        acc_rgb=float((scores.rgb.argmax(dim=1) == labels).double().mean()),
        acc_flow=float((scores.flow.argmax(dim=1) == labels).double().mean()),
        mean_class_accuracy=sum(known) / len(known),
        per_class_accuracy=recalls,
        confusion_matrix=confusion.tolist(),
    )
