"""RGB weights as a start for optical flow (cross-modality initialisation: Wang et al., TSN, ECCV 2016)."""

import logging
from collections.abc import Mapping

from torch import Tensor

RGB_CHANNELS = 3
_LOGGER = logging.getLogger(__name__)


def mean_over_channels(kernel: Tensor, *, in_channels: int) -> Tensor:
    """(O, C, …) -> (O, in_channels, …): the mean over the input channels, given to each of the new ones."""
    return kernel.mean(dim=1, keepdim=True).expand(-1, in_channels, *kernel.shape[2:])


def average_first_kernel(state: Mapping[str, Tensor], name: str, *, in_channels: int) -> dict[str, Tensor]:
    """`state` with its first kernel, `name`, made for `in_channels` where it is one for RGB and they are not 3."""
    kernel = state.get(name)
    if kernel is None or kernel.ndim < 4 or in_channels == RGB_CHANNELS or kernel.shape[1] != RGB_CHANNELS:
        return dict(state)
    _LOGGER.info("RGB weights start a network of %d channels: %s is averaged over its colours", in_channels, name)
    return {**state, name: mean_over_channels(kernel, in_channels=in_channels).contiguous()}
