"""The names and layouts of the flax port of Inception I3D, which holds DeepMind's published weights."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_BRANCHES = {
    "Branch_0/Conv3d_0a_1x1": "b0",
    "Branch_1/Conv3d_0a_1x1": "b1a",
    "Branch_1/Conv3d_0b_3x3": "b1b",
    "Branch_2/Conv3d_0a_1x1": "b2a",
    "Branch_2/Conv3d_0b_3x3": "b2b",
    "Branch_3/Conv3d_0b_1x1": "b3b",
}
_PARAMETERS = {
    "Conv_0/kernel": "conv3d.weight",
    "Conv_0/bias": "conv3d.bias",
    "BatchNorm_0/bias": "bn.bias",
    "BatchNorm_0/mean": "bn.running_mean",
    "BatchNorm_0/var": "bn.running_var",
}
_NAME = re.compile(r"(params|batch_stats)/(?P<unit>.+)/(?P<parameter>(Conv|BatchNorm)_0/\w+)")


def is_i3d_flax(state: Mapping[str, Tensor]) -> bool:
    """Whether these are a flax network's names."""
    return "params/Conv3d_1a_7x7/Conv_0/kernel" in state


def convert_i3d_flax(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Flax's entries under InceptionI3d's names; a name that is not known stays as it is.

    Kernels (t, h, w, in, out) become (out, in, t, h, w), batch-norm arrays (1, 1, 1, 1, C) become (C). The published
    network has no scale in its batch norm: the weight is 1.
    """
    converted: dict[str, Tensor] = {}
    for name, value in state.items():
        match = _NAME.fullmatch(name)
        parameter = _PARAMETERS.get(match["parameter"]) if match else None
        if match is None or parameter is None:
            converted[name] = value
            continue
        unit = match["unit"]
        for branch, short in _BRANCHES.items():
            unit = unit.replace(branch, short)
        unit = "logits" if unit.lower().startswith("logits") else unit.replace("/", ".")
        new = value.permute(4, 3, 0, 1, 2) if value.ndim == 5 and parameter == "conv3d.weight" else value.flatten()
        converted[f"{unit}.{parameter}"] = new.contiguous()
        if parameter == "bn.running_mean":
            converted[f"{unit}.bn.weight"] = torch.ones_like(new)
            converted[f"{unit}.bn.num_batches_tracked"] = torch.zeros((), dtype=torch.long)
    return converted
