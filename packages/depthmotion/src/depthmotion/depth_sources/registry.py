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
    revision: str
    commercial: bool = True
    """Whether the licence allows commercial use."""


_SMALL, _LARGE = "Apache-2.0", "CC-BY-NC-4.0"

NETWORKS = {
    "midas-v3.1-beit-large": NetworkCard(
        "Intel/dpt-beit-large-512",
        "disparity",
        "MIT",
        "ead58c150f1fcebca5de8edc0fbc80a947572243",
    ),
    "midas-v3.1-swin2-tiny": NetworkCard(
        "Intel/dpt-swinv2-tiny-256",
        "disparity",
        "MIT",
        "f7f350e1a10a5ea58671b68ab5f49dc18ec00483",
    ),
    "depth-anything-v2-small": NetworkCard(
        "depth-anything/Depth-Anything-V2-Small-hf",
        "disparity",
        _SMALL,
        "5426e4f0f36572d16453bbda7a8389317b1bef99",
    ),
    "depth-anything-v2-base": NetworkCard(
        "depth-anything/Depth-Anything-V2-Base-hf",
        "disparity",
        _LARGE,
        "b1958afc87fb45a9e3746cb387596094de553ed8",
        commercial=False,
    ),
    "depth-anything-v2-large": NetworkCard(
        "depth-anything/Depth-Anything-V2-Large-hf",
        "disparity",
        _LARGE,
        "7581137eff8d4e94f6e796d3baea0e9fa79b22d2",
        commercial=False,
    ),
    "depth-anything-v2-metric-indoor-small": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf",
        "metric",
        _SMALL,
        "8078d68a9c75a972131914f6afd0c1723be0da7f",
    ),
    "depth-anything-v2-metric-indoor-base": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Base-hf",
        "metric",
        _LARGE,
        "c6d9784685727bfc6d0a7b5452ce94afaee1e7f5",
        commercial=False,
    ),
    "depth-anything-v2-metric-indoor-large": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Indoor-Large-hf",
        "metric",
        _LARGE,
        "d2fc6a93601aabb1139a3bf0ebfcb4e89c67817f",
        commercial=False,
    ),
    "depth-anything-v2-metric-outdoor-small": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf",
        "metric",
        _SMALL,
        "fd2c22027eaf20374204f14099b8341e1925ad39",
    ),
    "depth-anything-v2-metric-outdoor-base": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Base-hf",
        "metric",
        _LARGE,
        "5b575fded0346068343a6d96d0ce3ab6dbc9fb49",
        commercial=False,
    ),
    "depth-anything-v2-metric-outdoor-large": NetworkCard(
        "depth-anything/Depth-Anything-V2-Metric-Outdoor-Large-hf",
        "metric",
        _LARGE,
        "4eab4cf1983c2801c515804005214de56a4b67cc",
        commercial=False,
    ),
    "zoedepth": NetworkCard(
        "Intel/zoedepth-nyu-kitti",
        "metric",
        "MIT",
        "f364d4c7936e91f465abba182208dd68142bf0ca",
    ),
    "depth-pro": NetworkCard(
        "apple/DepthPro-hf",
        "metric",
        "Apple-AMLR (research only)",
        "de816c8ce7168afcb231f96d501d72b869d0beda",
        commercial=False,
    ),
}
"""Networks by short name; any other transformers id, or a folder that holds one, works too."""
