"""Which network a weights file was made for, by the shapes of its tensors."""

from pathlib import Path

import torch
from videoda_models import InceptionI3d, list_models, model_card, read_state_dict


def i3d_networks() -> list[str]:
    """Return the networks that `fitting_network` chooses from: Inception I3D, full-size and narrow, RGB and flow."""
    return [name for name in list_models() if model_card(name).build is InceptionI3d]


def fitting_network(weights: Path | str) -> str | None:
    """Return the Inception I3D that a file's tensors fit in all but its last layer, or None where none is.

    Raises:
        WeightsError: the file is missing or cannot be read.
    """
    state = read_state_dict(weights)
    return next((name for name in i3d_networks() if _shapes(name, state) == _shapes(name)), None)


def _shapes(name: str, state: dict[str, torch.Tensor] | None = None) -> dict[str, torch.Size]:
    """Return the shapes of a file's tensors under a network's names, or of the network's own; heads are left out."""
    card = model_card(name)
    with torch.device("meta"):
        model = card.build(num_classes=1, **card.fixed)
    tensors = model.state_dict() if state is None else model.convert_checkpoint(state)
    return {
        key: tensor.shape
        for key, tensor in tensors.items()
        if not key.startswith(f"{model.logits_prefix}.") and not key.endswith("num_batches_tracked")
    }
