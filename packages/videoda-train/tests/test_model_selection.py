import math

import pytest
import torch
from videoda_train.engine.model_selection import (
    ORACLE,
    criteria,
    diversity,
    entropy,
    information_maximisation,
    other_selections,
    preferred,
    snd,
)
from videoda_train.evaluation import Scores

PROBABILITIES = torch.randn(7, 4, generator=torch.Generator().manual_seed(0)).mul(2).softmax(dim=1)


def entropy_of(row: list[float]) -> float:
    return -sum(p * math.log(p) for p in row if p > 0)


def test_entropy_and_diversity_are_those_of_their_formulas() -> None:
    rows = PROBABILITIES.tolist()
    mean = [sum(column) / 7 for column in zip(*rows, strict=True)]
    assert entropy(PROBABILITIES) == pytest.approx(sum(map(entropy_of, rows)) / 7, rel=1e-6)
    assert diversity(PROBABILITIES) == pytest.approx(entropy_of(mean), rel=1e-6)
    assert information_maximisation(PROBABILITIES) == pytest.approx(diversity(PROBABILITIES) - entropy(PROBABILITIES))


@pytest.mark.parametrize("chunk", [3, 1024])
def test_snd_is_that_of_its_formula(chunk: int) -> None:
    rows = [[p / math.hypot(*row) for p in row] for row in PROBABILITIES.tolist()]
    total = 0.0
    for i, row in enumerate(rows):
        products = [sum(a * b for a, b in zip(row, other, strict=True)) for j, other in enumerate(rows) if j != i]
        others = [math.exp(product / 0.05) for product in products]
        total += entropy_of([value / sum(others) for value in others])
    assert snd(PROBABILITIES, chunk=chunk) == pytest.approx(total / 7, rel=1e-6)


def test_certain_and_spread_predictions_have_the_extreme_values() -> None:
    certain = torch.eye(3).repeat(2, 1)
    assert entropy(certain) == 0
    assert diversity(certain) == pytest.approx(math.log(3))


def test_the_criteria_read_the_mean_of_the_streams() -> None:
    other = PROBABILITIES.roll(1, dims=0)
    scores = Scores(logits=PROBABILITIES, streams={"rgb": PROBABILITIES, "flow": other})
    assert criteria(scores)["entropy"] == pytest.approx(entropy((PROBABILITIES + other) / 2), rel=1e-6)


def record(epoch: int, accuracy: float, **values: float) -> dict[str, object]:
    named = {"entropy": 1.0, "diversity": 1.0, "information_maximisation": 0.0, "snd": 1.0, **values}
    accuracies = {"acc_softmax": accuracy, "acc_logits": accuracy, "mean_class_accuracy": accuracy}
    return {"epoch": epoch, **accuracies, "criteria": named}


RECORDS = [record(0, 0.9, entropy=0.5), record(1, 0.2, snd=2.0), record(2, 0.4, entropy=0.1)]


def test_each_criterion_has_its_epoch_and_the_oracle_says_that_it_is_one() -> None:
    chosen = other_selections(RECORDS)
    assert {name: one["epoch"] for name, one in chosen.items()} == {
        "entropy": 2,
        "diversity": 0,
        "information_maximisation": 0,
        "snd": 1,
        "oracle (uses target labels)": 0,
    }
    assert chosen["snd"]["acc_softmax"] == 0.2
    assert ORACLE in chosen


def test_a_criterion_never_looks_at_the_accuracy() -> None:
    changed = [{**one, "acc_softmax": 1 - float(str(one["acc_softmax"]))} for one in RECORDS]
    assert preferred(changed, "entropy")["epoch"] == preferred(RECORDS, "entropy")["epoch"] == 2
