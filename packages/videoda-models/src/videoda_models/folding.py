"""Batch norm folded into the convolution before it."""

import torch
from torch import Tensor, nn

BatchNorm = nn.BatchNorm2d | nn.BatchNorm3d


def fold_batch_norm(weight: Tensor, bn: BatchNorm) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that equals `weight` without bias followed by `bn` in evaluation mode."""
    assert bn.running_mean is not None
    assert bn.running_var is not None
    scale = bn.weight * torch.rsqrt(bn.running_var + bn.eps)
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), bn.bias - bn.running_mean * scale
