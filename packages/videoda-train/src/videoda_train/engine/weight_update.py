"""One step: micro-batches forwards and backwards, gradients of all processes, clipping, the optimiser."""

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from jaxtyping import Float
from torch import Tensor, nn

from videoda_train.data.training_data import Batch, StepKey
from videoda_train.engine.checkpoint import load_weights
from videoda_train.engine.device import autocast
from videoda_train.engine.distributed import without_exchange
from videoda_train.engine.finite import StepBuffers, not_finite_count, some
from videoda_train.engine.optimisation import build_optimizer, clip_gradients, learning_rate, set_learning_rate
from videoda_train.engine.runtime import Runtime
from videoda_train.engine.weight_average import WeightAverage
from videoda_train.errors import ConfigError, RunError
from videoda_train.methods.method import Method
from videoda_train.randomness import seeded_torch
from videoda_train.recipes.config import TrainConfig


class StepModule(nn.Module):
    """A method's step as a module's forward pass: what is replicated over processes."""

    def __init__(self, method: Method):
        super().__init__()
        self.module = method.module
        self._method_step = method.training_step

    def forward(self, batch: Batch, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Return the loss terms."""
        return self._method_step(batch, epoch=epoch, step=step)


class NotFinite(Exception):  # noqa: N818 - an event; the loop makes the error of it
    """A loss, gradient or running statistic of this step is infinite or not a number, in any process.

    Nothing has moved: weights and buffers are those before the step.
    """


@dataclass(frozen=True)
class StepOutcome:
    """The loss terms, means over all processes' clips, and whether any process was asked to stop."""

    losses: dict[str, float]
    stop: bool


class WeightUpdate:
    """Moves a method's weights step by step."""

    def __init__(self, method: Method, config: TrainConfig, runtime: Runtime, *, steps_per_epoch: int):
        ranks = runtime.ranks
        optim = config.optim
        self.num_parts = ranks.count * optim.accumulation
        if optim.batch_size % self.num_parts:
            raise ConfigError(
                f"optim.batch_size is {optim.batch_size}; it must be a multiple of {self.num_parts} "
                f"({ranks.count} processes × {optim.accumulation} micro-batches)"
            )
        if optim.sync_batch_norm and ranks.count > 1:
            if runtime.device.type != "cuda":
                raise ConfigError(f"optim.sync_batch_norm needs CUDA, this run is on {runtime.device}; leave it off")
            nn.SyncBatchNorm.convert_sync_batchnorm(method.module)
        self.module = method.module
        self.optimizer = build_optimizer(method.parameter_groups(), optim)
        self.average = WeightAverage(method.module, decay=optim.ema_decay) if optim.ema_decay is not None else None
        self._replica = ranks.replicate(StepModule(method), runtime.device)
        self._buffers = StepBuffers(method.module)
        self._config = config
        self._steps_per_epoch = steps_per_epoch
        self._device = runtime.device
        self._dtype = runtime.dtype
        self._ranks = ranks

    def keys(self, epoch: int, *, first_step: int) -> list[StepKey]:
        """Return the keys of this process's micro-batches of an epoch, in the order that `__call__` takes them."""
        micro_batches = range(self._config.optim.accumulation)
        steps = range(first_step, self._steps_per_epoch)
        return [StepKey(epoch, step, self._part(micro), self.num_parts) for step in steps for micro in micro_batches]

    def rate(self, epoch: int, step: int) -> float:
        """Return a step's learning rate, before the groups' factors."""
        return learning_rate(self._config.optim, epoch=epoch, step=step, steps_per_epoch=max(self._steps_per_epoch, 1))

    def _part(self, micro: int) -> int:
        return self._ranks.rank * self._config.optim.accumulation + micro

    def __call__(self, batches: Iterator[Any], *, epoch: int, step: int, stop: bool) -> StepOutcome:
        """Take one step with the next micro-batches.

        Raises:
            NotFinite: a loss, a gradient or a running statistic is infinite or not a number.
        """
        optim = self._config.optim
        self._buffers.keep()
        set_learning_rate(self.optimizer, self.rate(epoch, step))
        self.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        for micro in range(optim.accumulation):
            last = micro == optim.accumulation - 1
            try:
                with nullcontext() if last else without_exchange(self._replica):
                    terms = self._forward(next(batches), epoch=epoch, step=step, micro=micro)
                    torch.stack([term / optim.accumulation for term in terms.values()]).sum().backward()
            except torch.OutOfMemoryError as error:
                raise RunError(
                    f"{self._device} is out of memory at epoch {epoch}, step {step}: raise --optim.accumulation (now "
                    f"{optim.accumulation}; the same step in smaller parts), lower --clip.crop, or use --precision bf16"
                ) from error
            except ValueError as error:
                if "more than 1 value per channel" not in str(error):
                    raise
                raise RunError(
                    f"epoch {epoch}, step {step} has one clip, too few for batch norm to normalise by: the last one of "
                    f"an epoch holds what is left; take an --optim.batch-size (now {optim.batch_size}) that leaves "
                    "more, or larger frames"
                ) from error
            for name, term in terms.items():
                sums[name] = sums.get(name, 0) + term.detach() / self.num_parts
        # All processes hear of what is wrong in any, in the one exchange of a step.
        gradients = not_finite_count(self._gradients(), device=self._device)
        buffers = not_finite_count(self._buffers.watched, device=self._device)
        exchanged = torch.stack([*sums.values(), gradients, buffers, torch.tensor(float(stop), device=self._device)])
        *values, bad_gradients, bad_buffers, asked = self._ranks.sum(exchanged).tolist()
        losses = dict(zip(sums, values, strict=True))
        if bad_gradients or bad_buffers or not all(map(math.isfinite, values)):
            self._refuse(losses)
        clip_gradients(self.module, optim)
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.module)
        return StepOutcome(losses, stop=asked > 0)

    def _gradients(self) -> dict[str, Tensor]:
        named = self.module.named_parameters()
        return {name: p.grad for name, p in named if p.grad is not None and p.grad.numel()}

    def _refuse(self, losses: dict[str, float]) -> NoReturn:
        """Put the buffers back and say what is not finite here."""
        told = [f"the loss is {losses}"] if not all(map(math.isfinite, losses.values())) else []
        for kind, tensors in (("gradient", self._gradients()), ("running statistic", self._buffers.watched)):
            if names := [name for name, value in tensors.items() if not value.isfinite().all()]:
                told.append(f"the {kind} of {some(names)} is infinite or not a number")
        self._buffers.restore()
        raise NotFinite("; ".join(told) or "a gradient or running statistic of another process")

    def share_buffers(self) -> None:
        """Give every process the leading one's batch-norm statistics, so that all evaluate the model that is saved."""
        self._ranks.share(self.module.buffers())
        if self.average is not None:
            self._ranks.share(self.average.buffers(self.module))

    def not_finite(self) -> list[str]:
        """Return the names of what `state` holds that is infinite or not a number."""
        named = {**dict(self.module.named_parameters()), **self._buffers.watched}
        averaged = {} if self.average is None else {n: v for n, v in self.average.values.items() if n in named}
        named |= {f"average of {name}": value for name, value in averaged.items()}
        for index, moments in enumerate(self.optimizer.state.values()):
            named |= {f"{key} of parameter {index}": v for key, v in moments.items() if isinstance(v, Tensor)}
        return [name for name, value in named.items() if not value.isfinite().all()]

    def _forward(self, batch: Batch, *, epoch: int, step: int, micro: int) -> dict[str, Tensor]:
        # Dropout draws from the default generator: seeded per part, it needs no place in a checkpoint.
        draws = seeded_torch(self._config.seed, "step", epoch, step, self._part(micro))
        with draws, autocast(self._device, self._dtype):
            return self._replica(batch.to(self._device), epoch, step)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; the schedule is a closed form of the position and needs nothing."""
        average = None if self.average is None else self.average.values
        return {"module": self.module.state_dict(), "optimizer": self.optimizer.state_dict(), "average": average}

    def load_state(self, state: dict[str, Any], *, path: Path) -> None:
        """Restore `state()`'s output, read from `path`."""
        load_weights(self.module, state["module"], path)
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            for name, value in self.average.values.items():
                value.copy_(state["average"][name])
