"""The optimiser, its learning rate as a closed form of the step, and gradient clipping."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from videoda_train.methods.method import ParameterGroup
from videoda_train.recipes.config import OptimConfig


def build_optimizer(groups: Sequence[ParameterGroup], config: OptimConfig) -> torch.optim.Optimizer:
    """Return the configured optimiser over the groups' parameters that train; a method may have none.

    Each group keeps its own `lr_factor`; `set_learning_rate` multiplies by it.
    """
    settings: list[dict[str, Any]] = [
        {
            "params": trained,
            "lr_factor": group.lr_factor,
            "weight_decay": config.weight_decay * group.weight_decay_factor,
        }
        for group in groups
        if (trained := [parameter for parameter in group.parameters if parameter.requires_grad]) or not group.parameters
    ]
    lr = base_learning_rate(config)
    if config.optimizer == "adamw":
        return torch.optim.AdamW(settings, lr=lr, foreach=True)
    return torch.optim.SGD(settings, lr=lr, momentum=config.momentum, foreach=True)


def base_learning_rate(config: OptimConfig) -> float:
    """Return `lr`, scaled in proportion to the batch where `lr_batch_size` says which batch it was found for.

    Source of the rule: "Accurate, Large Minibatch SGD", Goyal et al., 2017, section 2.1.
    """
    return config.lr * (config.batch_size / config.lr_batch_size if config.lr_batch_size else 1.0)


def learning_rate(config: OptimConfig, *, epoch: int, step: int, steps_per_epoch: int) -> float:
    """Return the rate of one step, before the groups' factors.

    It rises linearly over `warmup_epochs`, reaching the schedule's value with their last step. `step` multiplies by 0.1
    at each milestone reached, `cosine` falls to 0 over the epochs after the warm-up, `constant` stays.
    """
    base = base_learning_rate(config)
    warmup_steps = config.warmup_epochs * steps_per_epoch
    done = epoch * steps_per_epoch + step
    if config.schedule == "step":
        base *= 0.1 ** sum(epoch >= milestone for milestone in config.milestones)
    if done < warmup_steps:
        return base * (done + 1) / warmup_steps
    if config.schedule == "cosine":
        base *= 0.5 * (1 + math.cos(math.pi * (done - warmup_steps) / (config.epochs * steps_per_epoch - warmup_steps)))
    return base


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set every group's rate to `rate` times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["lr_factor"]


def clip_gradients(module: nn.Module, config: OptimConfig) -> None:
    """Clamp each gradient value, or shorten the gradient of all parameters together, as configured."""
    if config.clip_value is not None:
        nn.utils.clip_grad_value_(module.parameters(), config.clip_value)
    if config.clip_norm is not None:
        nn.utils.clip_grad_norm_(module.parameters(), config.clip_norm)


def describe_batch(config: OptimConfig, *, num_ranks: int) -> str:
    """Return one line: how a step's batch is divided, and the learning rate that follows from its size."""
    parts = num_ranks * config.accumulation
    line = f"each step: {config.batch_size} clips per domain"
    if parts > 1:
        line += f" = {num_ranks} processes × {config.accumulation} micro-batches × {config.batch_size / parts:g}"
    line += f"; lr {base_learning_rate(config):g}"
    if config.lr_batch_size and config.lr_batch_size != config.batch_size:
        line += f" = {config.lr:g} × {config.batch_size} / {config.lr_batch_size} (linear scaling with the batch)"
    return line
