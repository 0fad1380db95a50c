from typing import Any

import torch
from torch import Tensor, nn
from videoda_bench.reproduction.gradient_pulls import Pull, gradient_pulls
from videoda_models import reverse_gradient
from videoda_train.data.training_data import StepKey, TrainingData
from videoda_train.methods import Method
from videoda_train.recipes.config import DataConfig, TrainConfig, with_data
from videoda_train.recipes.custom import CUSTOM

DATA = DataConfig("s", "t", "c")  # type: ignore[arg-type]


class Batch:
    def to(self, device: torch.device) -> "Batch":
        return self


class Data(TrainingData):
    """The same batch for every step; the pulls ask for nothing else."""

    def __getitem__(self, key: StepKey) -> Batch:
        return Batch()

    def source_to_evaluate(self, key: StepKey) -> Any:
        raise AssertionError("gradients are measured without evaluating")

    def files(self, key: StepKey) -> Any:
        raise AssertionError("no batch fails")


class Attached(Method):
    """Two terms of one shared weight w = 2: w² and 3 w; and one behind a detach."""

    def __init__(self) -> None:
        shared, head = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        nn.init.constant_(shared.weight, 2.0)
        self.module = nn.ModuleDict({"streams": shared, "head": head})

    def training_step(self, batch: Batch, *, epoch: int, step: int) -> dict[str, Tensor]:
        weight, head = self.module["streams"].weight.sum(), self.module["head"].weight.sum()
        terms = {"square": weight**2, "line": -3 * weight * (head * 0 + 1), "reversed": reverse_gradient(weight)}
        return {**terms, "detached": weight.detach() * head}

    def score(self, batch: object) -> None:  # type: ignore[override]
        raise AssertionError("gradients are measured without scoring")


def config() -> TrainConfig:
    return with_data(CUSTOM, DATA, task="x", scale="custom")


def test_norms_are_those_of_the_terms_gradients_over_the_shared_weights():
    pulls = gradient_pulls(Attached(), config(), Data(), device=torch.device("cpu"))
    assert pulls["square"].norm == 4.0
    assert pulls["line"].norm == 3.0


def test_a_term_behind_a_detach_has_no_pull():
    pulls = gradient_pulls(Attached(), config(), Data(), device=torch.device("cpu"))
    assert pulls["detached"] == Pull(0.0, None)


def test_a_step_against_its_gradient_lowers_a_term_unless_the_gradient_is_reversed():
    pulls = gradient_pulls(Attached(), config(), Data(), device=torch.device("cpu"))
    assert [pulls[name].lowers for name in ("square", "line", "reversed")] == [True, True, False]


def test_the_networks_are_left_as_they_were():
    method = Attached()
    gradient_pulls(method, config(), Data(), device=torch.device("cpu"))
    torch.testing.assert_close(method.module["streams"].weight, torch.tensor([[2.0]]))
