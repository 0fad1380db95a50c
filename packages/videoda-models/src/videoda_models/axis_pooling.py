"""Max pooling one axis after the other by whole-slice maxima.

PyTorch's CPU kernel walks contiguous (not channels-last) clips window by window; this is several times faster there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd import forward_ad


def pays_off(x: Tensor) -> bool:
    """Whether `max_pool_axes` is the faster way: contiguous, on a CPU, no derivative wanted, no graph compiled."""
    if x.device.type != "cpu" or not x.is_contiguous() or torch.compiler.is_compiling():
        return False
    return not (torch.is_grad_enabled() and x.requires_grad) and not _has_tangent(x)


def _has_tangent(x: Tensor) -> bool:
    """Whether a forward-mode derivative, or a transform of `torch.func`, is under way."""
    return torch._C._functorch.is_functorch_wrapped_tensor(x) or forward_ad.unpack_dual(x).tangent is not None


def max_pool_axes(x: Tensor, *, kernel: Sequence[int], stride: Sequence[int], before: Sequence[int]) -> Tensor:
    """(B, C, T, H, W) -> (B, C, ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉); windows start `before` entries early and are cut at both ends.

    It has no gradient.
    """
    x = x.detach()
    for axis in (4, 3, 2):
        taps, step, front = kernel[axis - 2], stride[axis - 2], before[axis - 2]
        if taps > 1 or step > 1:
            x = _max_along(x, axis, taps=taps, step=step, front=front)
    return x


def _max_along(x: Tensor, axis: int, *, taps: int, step: int, front: int) -> Tensor:
    size = x.shape[axis]
    count = -(-size // step)
    # The tap at a window's anchor lies inside for every window, the others only for some.
    pooled = _every(x, axis, start=0, step=step, count=count).clone(memory_format=torch.contiguous_format)
    for shift in range(-front, taps - front):
        first = -(-max(0, -shift) // step)
        last = min(count, (size - 1 - shift) // step + 1)
        if shift != 0 and last > first:
            part = pooled.narrow(axis, first, last - first)
            torch.maximum(part, _every(x, axis, start=first * step + shift, step=step, count=last - first), out=part)
    return pooled


def _every(x: Tensor, axis: int, *, start: int, step: int, count: int) -> Tensor:
    index = [slice(None)] * x.ndim
    index[axis] = slice(start, start + (count - 1) * step + 1, step)
    return x[tuple(index)]
