"""Infinities and NaNs found before they spread, and the buffers that a forward pass moves put back."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

ANEW = "Start anew in another --run-dir with a lower --optim.lr, or with --precision fp32"
"""What to do about it; a run's settings stay as they are, so `--resume` cannot change them."""


def not_finite_count(tensors: Mapping[str, Tensor], *, device: torch.device) -> Float[Tensor, ""]:
    """Return how many of the tensors, none of them empty, hold an infinity or a NaN, without a wait for the device."""
    if not tensors:
        return torch.zeros((), device=device)
    # The largest absolute value: a sum of squares would overflow on values that are finite.
    largest = torch.stack(torch._foreach_norm(list(tensors.values()), ord=torch.inf))
    return (~largest.isfinite()).sum().float()


def some(names: Sequence[str]) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


class StepBuffers:
    """A module's buffers as they were before a step: a forward pass moves batch norm's statistics, whatever follows."""

    def __init__(self, module: nn.Module):
        self._current = list(module.buffers())
        self._kept = [value.detach().clone() for value in self._current]
        named = {name: value for name, value in module.named_buffers() if value.is_floating_point()}
        self.watched = {name: value for name, value in named.items() if value.numel() and bool(value.isfinite().all())}
        """Those that must stay finite; a network may have others that never were, such as a mask."""

    def keep(self) -> None:
        """Remember the buffers as they are."""
        if self._current:
            torch._foreach_copy_(self._kept, self._current)

    @torch.no_grad()
    def restore(self) -> None:
        """Put the buffers back."""
        if self._current:
            torch._foreach_copy_(self._current, self._kept)
