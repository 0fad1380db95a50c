"""Choosing an epoch without target labels: criteria on the scores of the target videos."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from videoda_train.evaluation import Scores
from videoda_train.recipes.config import Criterion

ORACLE = "oracle (uses target labels)"
_REPORTED = ("epoch", "acc_softmax", "acc_logits", "mean_class_accuracy")


def entropy(probabilities: Float[Tensor, "N K"]) -> float:
    """Return the mean entropy of the videos' class probabilities [nat]; lower is preferred."""
    return float(torch.special.entr(probabilities.double()).sum(dim=1).mean())


def diversity(probabilities: Float[Tensor, "N K"]) -> float:
    """Return the entropy of the mean class probabilities [nat]; higher is preferred."""
    return float(torch.special.entr(probabilities.double().mean(dim=0)).sum())


def information_maximisation(probabilities: Float[Tensor, "N K"]) -> float:
    """Return diversity minus entropy: the mutual information of video and predicted class [nat]; higher is preferred.

    Source: "Do We Really Need to Access the Source Data?", Liang et al., ICML 2020, eq. 3 as a criterion.
    """
    return diversity(probabilities) - entropy(probabilities)


def snd(probabilities: Float[Tensor, "N K"], *, temperature: float = 0.05, chunk: int = 1024) -> float:
    """Return the soft neighbourhood density [nat]; higher is preferred.

    The entropy of each video's soft assignment to all others, by cosine similarity of class probabilities over
    `temperature`. Source: "Tune it the Right Way", Saito et al., ICCV 2021, section 3.

    Args:
        probabilities: class probabilities.
        temperature: of the soft assignment; the paper's value.
        chunk: videos compared with all others at a time; bounds the memory.
    """
    directions = F.normalize(probabilities.double(), dim=1)
    total = 0.0
    for first in range(0, len(directions), chunk):
        similarity = directions[first : first + chunk] @ directions.T / temperature
        similarity.diagonal(offset=first).fill_(-torch.inf)
        total += float(torch.special.entr(similarity.softmax(dim=1)).sum())
    return total / len(directions)


CRITERIA: dict[Criterion, Callable[[Tensor], float]] = {
    "entropy": entropy,
    "diversity": diversity,
    "information_maximisation": information_maximisation,
    "snd": snd,
}


def criteria(scores: Scores) -> dict[str, float]:
    """Return every criterion's value of one epoch's scores."""
    return {name: value(scores.confidence) for name, value in CRITERIA.items()}


def preferred(records: Sequence[dict[str, Any]], criterion: Criterion) -> dict[str, Any]:
    """Return the epoch record that a criterion prefers; a tie goes to the earlier epoch."""
    sign = -1 if criterion == "entropy" else 1
    return max(records, key=lambda record: sign * record["criteria"][criterion])


def other_selections(records: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the epochs that each criterion would choose in place of the last one, and that target labels would.

    Without target labels there is neither the oracle nor an accuracy of the others.
    """
    chosen: dict[str, dict[str, Any]] = {name: preferred(records, name) for name in CRITERIA}
    measured = [record for record in records if record["acc_softmax"] is not None]
    if measured:
        chosen[ORACLE] = max(measured, key=lambda record: record["acc_softmax"])
    return {name: {key: record[key] for key in _REPORTED if record[key] is not None} for name, record in chosen.items()}
