"""Gradient reversal (Ganin and Lempitsky, ICML 2015): forward the identity, backward a factor −strength."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from videoda_models.errors import ModelOptionError


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0] * -ctx.strength, None


def reverse_gradient(x: Tensor, *, strength: float = 1.0) -> Tensor:
    """`x` itself, of any shape; its gradient is multiplied by −`strength`."""
    return _Reverse.apply(x, strength)


class GradientReversal(nn.Module):
    """Gradient reversal with a fixed strength, or one that grows from 0 to `strength` over `total_steps`.

    The growing schedule is DANN's: strength · (2 / (1 + exp(−gamma · step / total_steps)) − 1). Call `advance()` after
    each optimiser step; the step is a buffer, so a checkpoint keeps it.

    Examples:
        >>> import torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> GradientReversal(0.5)(x).sum().backward()
        >>> x.grad
        tensor([-0.5000, -0.5000])
    """

    step: Tensor

    def __init__(self, strength: float = 1.0, *, total_steps: int | None = None, gamma: float = 10.0) -> None:
        super().__init__()
        if strength < 0:
            raise ModelOptionError(f"strength is {strength}; allowed is 0 or more (the sign is reversed here)")
        if total_steps is not None and total_steps < 1:
            raise ModelOptionError(f"total_steps is {total_steps}; allowed is 1 or more, or None for no schedule")
        self.strength = strength
        self.total_steps = total_steps
        self.gamma = gamma
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    @property
    def current_strength(self) -> float:
        """The strength at the current step."""
        if self.total_steps is None:
            return self.strength
        progress = min(int(self.step) / self.total_steps, 1.0)
        return self.strength * (2.0 / (1.0 + math.exp(-self.gamma * progress)) - 1.0)

    def advance(self, steps: int = 1) -> None:
        """Move the schedule on by `steps` optimiser steps."""
        self.step += steps

    def forward(self, x: Tensor) -> Tensor:
        """The same values, any shape."""
        return reverse_gradient(x, strength=self.current_strength)
