"""What a run computes on, with whom, and how it hears that it is to stop."""

from dataclasses import dataclass, field

import torch

from videoda_train.engine.distributed import Ranks
from videoda_train.engine.interrupt import StopRequest


@dataclass(frozen=True)
class Runtime:
    """Device, arithmetic, the other processes, the request to stop, and whether this process shows progress."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    """Of matrix products and convolutions."""
    ranks: Ranks = field(default_factory=Ranks)
    stop: StopRequest = field(default_factory=StopRequest)
    progress: bool = False
