"""The depth networks that have a short name."""

from __future__ import annotations

from dataclasses import dataclass

from depthmotion.depthmap import DepthKind


class LicenceWarning(UserWarning):
    """Weights that may not be used for everything."""


@dataclass(frozen=True)
class NetworkCard:
    """A depth network: transformers id, git revision of its weights, what it predicts, licence of the weights."""

    model_id: str
    kind: DepthKind
    licence: str
    revision: str = "main"
    commercial: bool = True
    """Whether the licence allows commercial use."""


_SMALL, _LARGE = "Apache-2.0", "CC-BY-NC-4.0"

NETWORKS = {
    "midas-v3.1-beit-large": NetworkCard("Intel/dpt-beit-large-512", "disparity", "MIT"),
    "midas-v3.1-swin2-tiny": NetworkCard("Intel/dpt-swinv2-tiny-256", "disparity", "MIT"),
    "depth-anything-v2-small": NetworkCard("depth-anything/Depth-Anything-V2-Small-hf", "disparity", _SMALL),
    "depth-anything-v2-base": NetworkCard(
        "depth-anything/Depth-Anything-V2-Base-hf", "disparity", _LARGE, commercial=False
    ),
    "depth-anything-v2-large": NetworkCard(
        "depth-anything/Depth-Anything-V2-Large-hf", "disparity", _LARGE, commercial=False
    ),
    "depth-anything-v2-metric-indoor-small": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf", "metric", _SMALL
    ),
    "depth-anything-v2-metric-indoor-base": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Base-hf", "metric", _LARGE, commercial=False
    ),
    "depth-anything-v2-metric-indoor-large": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Large-hf", "metric", _LARGE, commercial=False
    ),
    "depth-anything-v2-metric-outdoor-small": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf", "metric", _SMALL
    ),
    "depth-anything-v2-metric-outdoor-base": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Base-hf", "metric", _LARGE, commercial=False
    ),
    "depth-anything-v2-metric-outdoor-large": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Large-hf", "metric", _LARGE, commercial=False
    ),
    "zoedepth": NetworkCard("Intel/zoedepth-nyu-kitti", "metric", "MIT"),
    "depth-pro": NetworkCard("apple/DepthPro-hf", "metric", "Apple-AMLR (research only)", commercial=False),
}
"""Networks by short name; any other transformers id, or a folder that holds one, works too."""
