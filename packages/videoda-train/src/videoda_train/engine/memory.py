"""How much memory one process of a run will need, from two clips passed through the real networks on the CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor

from videoda_train.data.step_batches import StepBatch
from videoda_train.data.training_data import Batch
from videoda_train.data.view_batches import ViewsBatch
from videoda_train.data.view_flow_batches import ViewsFlowBatch
from videoda_train.methods.method import Method
from videoda_train.recipes.config import TrainConfig

_FLOAT = 4
_EXAMPLES = 2
"""Batch norm needs more than one value per channel; of small clips, one has no more."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes of one process; what kernels need while they run comes on top."""

    weights: int
    gradients: int
    optimizer: int
    average: int
    activations: int
    """What the forward passes of one micro-batch keep for the backward pass."""
    clips: int
    """Clips of each domain in a micro-batch."""

    @property
    def total(self) -> int:
        """The sum."""
        return self.weights + self.gradients + self.optimizer + self.average + self.activations

    def __str__(self) -> str:
        parts = {
            "weights": self.weights,
            "gradients": self.gradients,
            "optimiser": self.optimizer,
            "moving average": self.average,
            f"activations of {self.clips} + {self.clips} clips": self.activations,
        }
        shown = ", ".join(f"{name} {_gib(value)}" for name, value in parts.items() if value)
        return f"about {_gib(self.total)} per process: {shown}"


def estimate_memory(method: Method, config: TrainConfig, *, num_ranks: int, dtype: torch.dtype) -> MemoryEstimate:
    """Pass two clips of each domain through the method and scale what it keeps to a micro-batch.

    In bfloat16 activations are taken to be half of those in float32.
    """
    optim = config.optim
    count = sum(p.numel() for p in method.module.parameters())
    trained = sum(p.numel() for p in method.module.parameters() if p.requires_grad)
    clips = max(optim.batch_size // (num_ranks * optim.accumulation), 1)
    kept = activation_bytes(method, example_batch(config)) * clips // _EXAMPLES
    moments = 2 if optim.optimizer == "adamw" else int(optim.momentum > 0)
    return MemoryEstimate(
        weights=_FLOAT * count,
        gradients=_FLOAT * trained,
        optimizer=_FLOAT * trained * moments,
        average=_FLOAT * count if optim.ema_decay is not None else 0,
        activations=kept // 2 if dtype == torch.bfloat16 else kept,
        clips=clips,
    )


def activation_bytes(method: Method, batch: Batch) -> int:
    """Return the bytes that a training step keeps for its backward pass, weights not counted."""
    known = {_storage(tensor) for tensor in (*method.module.parameters(), *method.module.buffers())}
    kept: dict[int, Tensor] = {}  # held, lest their memory is given to others; detached, lest they hold their own graph

    def keep(tensor: Tensor) -> None:
        if _storage(tensor) not in known:
            kept.setdefault(_storage(tensor), tensor.detach())

    method.module.train()
    state = {name: value.clone() for name, value in method.module.state_dict().items()}
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda nothing: nothing):  # there is no backward pass
        losses = method.training_step(batch, epoch=0, step=0)
        size = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    del losses
    method.module.load_state_dict(state)
    return size


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def example_batch(config: TrainConfig) -> StepBatch | ViewsBatch:
    """Return two black clips of each domain, as large as the configured ones."""
    numbers = torch.zeros(_EXAMPLES, dtype=torch.int64)

    def black(*shape: int) -> Tensor:
        return torch.zeros(_EXAMPLES, *shape, dtype=torch.uint8)

    clip = config.clip
    size = (clip.num_frames, clip.crop, clip.crop)
    if config.inputs == "streams":
        rgb, flow = black(*size, 3), black(*size, 2)
        return StepBatch(rgb, flow, numbers, numbers, rgb.clone(), flow.clone(), numbers)
    views = config.views
    per_video = len(views.local_clips) + len(views.global_columns)
    shape = (config.tol.num_clips if config.method == "tol" else per_video, views.num_frames, views.crop, views.crop, 3)
    batch = ViewsBatch(black(*shape), numbers, numbers, black(*shape), numbers)
    if config.method != "glad_cfb":
        return batch
    return ViewsFlowBatch(
        **vars(batch),
        source_flow=black(*size, 2),
        target_clip=black(*size, 3),
        target_pace=numbers,
        target_flow=black(*size, 2),
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"
