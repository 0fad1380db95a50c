"""TensorFlow's "same" padding, without copies where the backend can pad by itself."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from videoda_models import axis_pooling
from videoda_models.folding import fold_batch_norm, is_plain_batch_norm, is_plain_conv
from videoda_models.space_to_depth import pays_off, space_to_depth_conv3d

Triple = tuple[int, int, int]


def same_padding(size: int, *, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after an axis of `size` so that the output has ceil(size / stride) entries.

    An odd total puts the extra entry behind, as TensorFlow does.
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _axis_paddings(shape: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> list[tuple[int, int]]:
    return [same_padding(int(n), kernel=k, stride=s) for n, k, s in zip(shape, kernel, stride, strict=True)]


def same_pad(x: Tensor, *, kernel: Triple, stride: Triple) -> Tensor:
    """Zeros around (B, C, T, H, W) for a convolution without padding of its own to be "same"."""
    pads = _axis_paddings(x.shape[2:], kernel, stride)
    return F.pad(x, [n for pair in reversed(pads) for n in pair])


def same_conv3d(x: Tensor, weight: Tensor, bias: Tensor | None, *, stride: Triple) -> Tensor:
    """3-D convolution with zero "same" padding, (B, C, T, H, W) -> (B, C', ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉).

    Equal padding on both sides goes to the convolution; only an unequal one costs a padded copy of the input.
    """
    kernel = (weight.shape[2], weight.shape[3], weight.shape[4])
    if x.shape[2] == 1 and kernel[0] > 1:
        # All but one slice of the kernel meets padding; of some numbers of channels oneDNN's bfloat16 makes NaN there.
        before, _ = same_padding(1, kernel=kernel[0], stride=stride[0])
        weight, kernel = weight[:, :, before : before + 1], (1, kernel[1], kernel[2])
    pads = _axis_paddings(x.shape[2:], kernel, stride)
    if pays_off(x, weight, stride=stride):
        return space_to_depth_conv3d(x, weight, bias, before=[before for before, _ in pads])
    inside = [before if before == after else 0 for before, after in pads]
    if any(before != after for before, after in pads):
        outside = [(0, 0) if before == after else (before, after) for before, after in pads]
        x = F.pad(x, [n for pair in reversed(outside) for n in pair])
    return F.conv3d(x, weight, bias, stride=stride, padding=inside)


class SameMaxPool3d(nn.Module):
    """Max pooling with zero "same" padding of an input that is nowhere negative (after a ReLU).

    There zeros never win against a real entry, so the pool's own (−inf) padding and, for an unequal padding, its
    ceiling mode give the zero-padded result without a padded copy; an even kernel of stride 1 needs the copy.
    """

    def __init__(self, kernel: Triple, *, stride: Triple) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W), entries ≥ 0 -> (B, C, ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉)."""
        # An axis of one entry needs no pooling; compiled, a wider window there loses gradients (seen in torch 2.15).
        kernel, stride = (
            tuple(1 if size == 1 else n for size, n in zip(x.shape[2:], counts, strict=True))
            for counts in (self.kernel, self.stride)
        )
        pads = _axis_paddings(x.shape[2:], kernel, stride)
        if axis_pooling.pays_off(x):
            before = [before for before, _ in pads]
            return axis_pooling.max_pool_axes(x, kernel=kernel, stride=stride, before=before)
        outside = [after - before if s == 1 else 0 for (before, after), s in zip(pads, stride, strict=True)]
        if any(outside):
            x = F.pad(x, [n for after in reversed(outside) for n in (0, after)])
        inside = [before for before, _ in pads]
        # With indices, because autocast would run the plain pool in float32 and so copy every large map twice.
        return F.max_pool3d_with_indices(x, kernel, stride, inside, ceil_mode=True)[0]

    def extra_repr(self) -> str:
        """Kernel and stride, for `print(model)`."""
        return f"kernel={self.kernel}, stride={self.stride}"


class SameConvUnit3d(nn.Module):
    """Convolution ("same" padding, no bias) → batch norm (eps 1e-3, momentum 0.01) → ReLU.

    In evaluation mode the normalisation is folded into the convolution on the fly: one pass over memory less, the
    same result up to rounding, and still differentiable. A child that somebody has replaced, changed or put a hook on
    is called as a module instead.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: Triple, *, stride: Triple = (1, 1, 1)) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(in_channels, out_channels, kernel, stride=stride, bias=False)
        self.bn = nn.BatchNorm3d(out_channels, eps=1e-3, momentum=0.01)
        self.kernel = kernel
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉)."""
        plain_conv = is_plain_conv(self.conv3d, stride=self.stride, padding=(0, 0, 0))
        plain_bn = is_plain_batch_norm(self.bn)
        if plain_conv and plain_bn and not self.bn.training:
            weight, bias = fold_batch_norm(self.conv3d.weight, self.bn)
            return F.relu(same_conv3d(x, weight, bias, stride=self.stride), inplace=True)
        if plain_conv:
            y = same_conv3d(x, self.conv3d.weight, None, stride=self.stride)
        else:
            y = self.conv3d(same_pad(x, kernel=self.kernel, stride=self.stride))
        # Not in place where a hook may have kept the batch norm's output.
        return F.relu(self.bn(y), inplace=plain_bn)
