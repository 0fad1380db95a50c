from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR
from videoda_train.engine.optimisation import (
    base_learning_rate,
    build_optimizer,
    clip_gradients,
    describe_batch,
    learning_rate,
    set_learning_rate,
)
from videoda_train.errors import ConfigError
from videoda_train.methods.method import ParameterGroup
from videoda_train.recipes.b2u import B2U
from videoda_train.recipes.config import OptimConfig
from videoda_train.recipes.e2h import E2H
from videoda_train.recipes.k2b import k2b_options

STEPS = 4


def rates(config: OptimConfig) -> list[float]:
    keys = [(epoch, step) for epoch in range(config.epochs) for step in range(STEPS)]
    return [learning_rate(config, epoch=epoch, step=step, steps_per_epoch=STEPS) for epoch, step in keys]


def scheduled(optimizer: torch.optim.Optimizer, scheduler: object, count: int) -> list[float]:
    seen = []
    for _ in range(count):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()  # type: ignore[attr-defined]
    return seen


def sgd() -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.2)


def test_the_step_schedule_is_that_of_torch() -> None:
    optimizer = sgd()
    expected = scheduled(optimizer, MultiStepLR(optimizer, [2 * STEPS, 3 * STEPS]), 5 * STEPS)
    assert rates(OptimConfig(lr=0.2, epochs=5, milestones=(2, 3))) == pytest.approx(expected)


def test_the_cosine_schedule_is_that_of_torch() -> None:
    optimizer = sgd()
    expected = scheduled(optimizer, CosineAnnealingLR(optimizer, 5 * STEPS), 5 * STEPS)
    assert rates(OptimConfig(lr=0.2, epochs=5, schedule="cosine")) == pytest.approx(expected)


def test_the_warm_up_is_that_of_torch_and_the_schedule_goes_on_after_it() -> None:
    optimizer = sgd()
    warm_up = LinearLR(optimizer, start_factor=1 / (2 * STEPS), total_iters=2 * STEPS - 1)
    expected = scheduled(optimizer, warm_up, 3 * STEPS)
    assert rates(OptimConfig(lr=0.2, epochs=3, schedule="constant", warmup_epochs=2)) == pytest.approx(expected)
    cosine = rates(OptimConfig(lr=0.2, epochs=5, schedule="cosine", warmup_epochs=2))
    assert cosine[2 * STEPS :] == pytest.approx(rates(OptimConfig(lr=0.2, epochs=3, schedule="cosine")))


def test_each_group_has_its_own_factors() -> None:
    weight, bias, frozen = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    frozen.requires_grad_(False)
    groups = [
        ParameterGroup([weight], lr_factor=5.0),
        ParameterGroup([bias, frozen], 10.0, 0.0),
        ParameterGroup([frozen]),
    ]
    optimizer = build_optimizer(groups, OptimConfig(weight_decay=0.01))
    set_learning_rate(optimizer, 0.1)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.5, 1.0])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.01, 0]
    assert [len(group["params"]) for group in optimizer.param_groups] == [1, 1]


def test_adamw_is_built_on_request() -> None:
    optimizer = build_optimizer([ParameterGroup([nn.Parameter(torch.zeros(1))])], OptimConfig(optimizer="adamw"))
    assert isinstance(optimizer, torch.optim.AdamW)


def test_the_rate_scales_with_the_batch_and_the_run_says_so() -> None:
    config = OptimConfig(lr=0.01, batch_size=64, lr_batch_size=16, accumulation=2)
    assert learning_rate(config, epoch=0, step=0, steps_per_epoch=1) == pytest.approx(0.04)
    line = describe_batch(config, num_ranks=8)
    assert "64 clips per domain = 8 processes × 2 micro-batches × 4" in line
    assert "lr 0.04 = 0.01 × 64 / 16" in line


def test_glad_has_both_readings_of_its_published_batch() -> None:
    # 7 GPUs, by the published configuration; 8, by the command beside it, from which the rule gives lr 0.001.
    published = k2b_options("glad").optim
    assert (published.batch_size, base_learning_rate(published)) == (7 * 4, 0.000875)
    assert base_learning_rate(replace(published, batch_size=8 * 4)) == pytest.approx(0.001)


def test_pace_weighs_as_much_against_the_classes_in_b2u_as_in_e2h() -> None:
    assert B2U.cfb.pace_weight * 101 == pytest.approx(E2H.cfb.pace_weight * 13, rel=0.02)


def test_the_gradient_is_shortened_as_a_whole_or_clamped_value_by_value() -> None:
    module = nn.Linear(2, 1, bias=False)
    module.weight.grad = torch.tensor([[3.0, 4.0]])
    clip_gradients(module, OptimConfig(clip_value=None, clip_norm=1.0))
    assert module.weight.grad.flatten().tolist() == pytest.approx([0.6, 0.8], rel=1e-4)
    module.weight.grad = torch.tensor([[3.0, -0.5]])
    clip_gradients(module, OptimConfig(clip_value=1.0))
    assert module.weight.grad.flatten().tolist() == [1.0, -0.5]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"warmup_epochs": 60}, r"optim\.warmup_epochs is 60; allowed: 0 to optim\.epochs - 1 \(59\)"),
        ({"accumulation": 17}, r"optim\.accumulation is 17; allowed: 1 to optim\.batch_size \(16\)"),
        ({"ema_decay": 1.0}, r"optim\.ema_decay is 1\.0; allowed: above 0, below 1"),
        ({"clip_norm": 0.0}, r"optim\.clip_norm is 0\.0; it must be above 0"),
        ({"batch_size": 0}, r"optim\.batch_size is 0; it must be at least 1"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OptimConfig(**settings)  # type: ignore[arg-type]
