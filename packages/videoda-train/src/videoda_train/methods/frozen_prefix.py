"""The part of a pretrained network that does not train."""

from torch import nn
from videoda_models import StagedVideoModel, VideoModel

from videoda_train.errors import ConfigError


def freeze_prefix(model: VideoModel, endpoint: str, *, name: str) -> None:
    """Stop training everything up to and including `endpoint`; its batch norm still uses and moves batch statistics.

    Raises:
        ConfigError: the network called `name` has no stages to freeze.
        VideodaModelsError: it has no such endpoint; those it has are named.
    """
    if not isinstance(model, StagedVideoModel):
        raise ConfigError(f"{name} has no stages, so nothing of it can be frozen; give None in place of {endpoint!r}")
    model.freeze_through(endpoint, batch_norm="update")


def set_batch_norm_momentum(model: nn.Module, momentum: float) -> None:
    """Set how fast every batch norm's running statistics follow."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.momentum = momentum
