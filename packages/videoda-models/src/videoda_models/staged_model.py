"""A network whose trunk is a chain of named stages: endpoints to look at, a prefix to freeze."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from videoda_models.errors import ModelOptionError
from videoda_models.video_model import VideoModel


class StagedVideoModel(VideoModel):
    """A `VideoModel` that runs the submodules named in `stages` one after the other, then pools."""

    stages: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self._frozen = 0
        self._frozen_batch_norm: Literal["update", "eval"] = "update"

    def trunk(self, x: Tensor) -> Tensor:
        """Every stage; the frozen ones without recording anything for backward."""
        if self._frozen:
            with torch.no_grad():
                for name in self.stages[: self._frozen]:
                    x = self.get_submodule(name)(x)
        for name in self.stages[self._frozen :]:
            x = self.get_submodule(name)(x)
        return x

    def endpoints(self, x: Float[Tensor, "B C T H W"], names: Sequence[str]) -> dict[str, Tensor]:
        """Feature maps by stage name (see `stages`); nothing behind the last one asked for is computed."""
        last = max((self._stage_index(name) + 1 for name in names), default=0)
        self.check_input(x)
        found: dict[str, Tensor] = {}
        y = x
        for index, name in enumerate(self.stages[:last]):
            with torch.set_grad_enabled(torch.is_grad_enabled() and index >= self._frozen):
                y = self.get_submodule(name)(y)
            if name in names:
                found[name] = y
        return found

    def freeze_through(self, endpoint: str, *, batch_norm: Literal["update", "eval"]) -> None:
        """Stop training everything up to and including `endpoint`; its forward pass then keeps nothing for backward.

        `batch_norm="update"`: in training mode the frozen layers still normalise by, and move, batch statistics;
        `"eval"`: they keep the running statistics they have.
        """
        if batch_norm not in ("update", "eval"):
            raise ModelOptionError(f"batch_norm is {batch_norm!r}; allowed are 'update' and 'eval'")
        self._frozen = self._stage_index(endpoint) + 1
        self._frozen_batch_norm = batch_norm
        for index, name in enumerate(self.stages):
            self.get_submodule(name).requires_grad_(index >= self._frozen)
        self.train(self.training)

    def train(self, mode: bool = True) -> "StagedVideoModel":
        """Training mode, except for frozen layers whose batch norm is to keep its statistics."""
        super().train(mode)
        if self._frozen_batch_norm == "eval":
            for name in self.stages[: self._frozen]:
                self.get_submodule(name).eval()
        return self

    def _stage_index(self, name: str) -> int:
        if name not in self.stages:
            raise ModelOptionError(
                f"no endpoint {name!r} in {type(self).__name__}; allowed are {', '.join(self.stages)}"
            )
        return self.stages.index(name)
