"""Which network a weights file was made for, by the shapes of its tensors."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from videoda_models import InceptionI3d, VideoModel, list_models, model_card, read_state_dict


def i3d_networks() -> list[str]:
    """Return the networks that `fitting_networks` looks at: Inception I3D, full-size and narrow, RGB before flow."""
    names = [name for name in list_models() if model_card(name).build is InceptionI3d]
    return sorted(names, key=lambda name: (-model_card(name).fixed["in_channels"], name))


def fitting_networks(weights: Path | str) -> list[str]:
    """Return the Inception I3Ds that a file's tensors fit in all but the last layer, that it was made for first.

    A file for RGB fits a flow network too, which takes the mean over its colours.

    Raises:
        WeightsError: the file is missing or cannot be read.
    """
    state = read_state_dict(weights)
    return [name for name in i3d_networks() if _fits(name, state)]


def _fits(name: str, state: Mapping[str, Tensor]) -> bool:
    card = model_card(name)
    with torch.device("meta"):
        model = card.build(num_classes=1, **card.fixed)
    return _shapes(model, model.convert_checkpoint(state)) == _shapes(model, model.state_dict())


def _shapes(model: VideoModel, state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """Return the shapes of a state by name, without the last layer's and the step counters that old files lack."""
    return {
        name: tensor.shape
        for name, tensor in state.items()
        if not name.startswith(f"{model.logits_prefix}.") and not name.endswith("num_batches_tracked")
    }
