"""An exponential moving average of the weights, kept beside them."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """average ← decay · average + (1 - decay) · weights, after every step; batch norm's statistics are averaged too."""

    def __init__(self, module: nn.Module, *, decay: float):
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in _floating(module).items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average towards the module's weights."""
        current = _floating(module)
        torch._foreach_lerp_(list(self.values.values()), [current[name] for name in self.values], 1 - self.decay)

    def buffers(self, module: nn.Module) -> list[Tensor]:
        """Return the averages of what moves in a forward pass, not by the optimiser: batch norm's statistics."""
        return [self.values[name] for name, _ in module.named_buffers() if name in self.values]

    @contextmanager
    def applied(self, module: nn.Module) -> Iterator[None]:
        """Give the module the averaged weights for the length of a block."""
        current = {name: value.detach().clone() for name, value in _floating(module).items()}
        module.load_state_dict(self.values, strict=False)
        try:
            yield
        finally:
            module.load_state_dict(current, strict=False)


def _floating(module: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in module.state_dict().items() if value.is_floating_point()}
