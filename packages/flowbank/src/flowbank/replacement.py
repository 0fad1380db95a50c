"""Training with flow from the bank in place of a batch's own."""

from typing import Literal

import torch
from jaxtyping import Bool

from flowbank.bank import FlowBank
from flowbank.batch import Labels
from flowbank.errors import BankInputError


class FlowReplacement:
    """Replaces each clip's flow by one drawn from the bank for its label; classes without entries keep their own.

    Category-aware flow memory bank of CFB (see the package's README).

    Args:
        bank: where to draw from.
        reduction: `"random"`, `"confidence"`, or `"mean"`, as in `FlowBank.sample`.
        scale: factor from pixels to what the model takes, e.g. `1 / 20` for flow in [−1, 1].
        generator: makes the draws repeatable; None draws from torch's own generator.
    """

    def __init__(
        self,
        bank: FlowBank,
        *,
        reduction: Literal["random", "confidence", "mean"] = "random",
        scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        self.bank = bank
        self.reduction: Literal["random", "confidence", "mean"] = reduction
        self.scale = scale
        self.generator = generator

    def __call__(self, flow: torch.Tensor, labels: Labels) -> tuple[torch.Tensor, Bool[torch.Tensor, " n"]]:
        """Return the flow to train on and which clips were replaced.

        Args:
            flow: `(n, *clip_shape)` floats on any device; it is not changed.
            labels: `(n,)`.

        Raises:
            BankInputError: the shape is not the bank's.
        """
        shape = self.bank.config.arrays["clip"].shape
        if tuple(flow.shape[1:]) != shape:
            raise BankInputError(f"flow has shape {tuple(flow.shape)}: this bank's clips are (n, {str(shape)[1:]}")
        drawn, hit = self.bank.sample(labels, reduction=self.reduction, generator=self.generator)
        hit = hit.to(flow.device)
        drawn = drawn.mul_(self.scale).to(flow.device, flow.dtype)
        return torch.where(hit.view(-1, *[1] * len(shape)), drawn, flow), hit
