"""Batch norm folded into the convolution before it, and when that may be done."""

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

BatchNorm = nn.BatchNorm2d | nn.BatchNorm3d


_GLOBAL_HOOKS = (
    "_global_forward_pre_hooks",
    "_global_forward_hooks",
    "_global_backward_pre_hooks",
    "_global_backward_hooks",
)


def _any_global_hook() -> bool:
    """Whether a hook on all modules is set; PyTorch's own function for it came after 2.5."""
    return any(getattr(torch_module, name) for name in _GLOBAL_HOOKS)


def fold_batch_norm(weight: Tensor, bn: BatchNorm) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that equals `weight` without bias followed by `bn` in evaluation mode."""
    assert bn.running_mean is not None
    assert bn.running_var is not None
    scale = bn.weight * torch.rsqrt(bn.running_var + bn.eps)
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), bn.bias - bn.running_mean * scale


def is_plain_conv(conv: nn.Module, *, stride: tuple[int, ...], padding: tuple[int, ...]) -> bool:
    """Whether a function of `conv.weight` can stand for calling `conv`: nobody has changed it or is watching it."""
    return (
        type(conv) is nn.Conv3d
        and _is_unwatched(conv)
        and conv.bias is None
        and conv.stride == stride
        and conv.padding == padding
        and conv.dilation == (1, 1, 1)
        and conv.groups == 1
        and conv.padding_mode == "zeros"
    )


def is_plain_batch_norm(bn: nn.Module) -> bool:
    """The same for a batch norm, one with weights and running statistics."""
    return type(bn) is nn.BatchNorm3d and _is_unwatched(bn) and bn.affine and bn.running_mean is not None


def _is_unwatched(module: nn.Module) -> bool:
    # Pruning and weight norm are hooks; adapters, quantisation and parametrisation change the type.
    if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
        return False
    # Some tools put a `forward` of theirs into the instance; what a compiler sees of either is not for it to trace.
    return torch.compiler.is_compiling() or not ("forward" in vars(module) or _any_global_hook())
