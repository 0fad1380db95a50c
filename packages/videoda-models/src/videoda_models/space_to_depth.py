"""A stride-2 convolution of few channels as a stride-1 convolution of eight times as many: same sums, full vectors."""

import torch
import torch.nn.functional as F
from torch import Tensor


def pays_off(x: Tensor, weight: Tensor, *, stride: tuple[int, int, int]) -> bool:
    """Whether `space_to_depth_conv3d` is the faster way: a stem (few channels, stride 2) in 16-bit arithmetic.

    Matrix units work on blocks of 16 or 32 channels; three channels leave them idle. In 32 bit it does not pay.
    """
    return stride == (2, 2, 2) and weight.shape[1] <= 4 and compute_dtype(x) in (torch.bfloat16, torch.float16)


def compute_dtype(x: Tensor) -> torch.dtype:
    """The type that a convolution of `x` will run in: autocast's where it is on, else that of `x`."""
    device = x.device.type
    autocast = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    return torch.get_autocast_dtype(device) if autocast else x.dtype


def space_to_depth_conv3d(x: Tensor, weight: Tensor, bias: Tensor | None, *, before: list[int]) -> Tensor:
    """Stride-2 "same" convolution, (B, C, T, H, W) -> (B, C', ⌈T/2⌉, ⌈H/2⌉, ⌈W/2⌉), with `before` zeros in front.

    The kernel grows to an even size by zeros behind, then both operands move each 2×2×2 cell into the channels.
    """
    dtype = compute_dtype(x)
    kernel = [size + size % 2 for size in weight.shape[2:]]
    pads: list[int] = []
    for size, front, taps in reversed(list(zip(x.shape[2:], before, kernel, strict=True))):
        pads += [front, 2 * (-(-size // 2) - 1) + taps - size - front]
    odd = [new - old for new, old in zip(kernel, weight.shape[2:], strict=True)]
    cells = _cells_to_channels(F.pad(x.to(dtype), pads))
    taps_as_channels = _cells_to_channels(F.pad(weight.to(dtype), [0, odd[2], 0, odd[1], 0, odd[0]]))
    return F.conv3d(cells, taps_as_channels, None if bias is None else bias.to(dtype))


def _cells_to_channels(x: Tensor) -> Tensor:
    """(B, C, 2T, 2H, 2W) -> (B, 8C, T, H, W) with channels last in memory."""
    batch, channels, frames, height, width = x.shape
    cells = x.reshape(batch, channels, frames // 2, 2, height // 2, 2, width // 2, 2).permute(0, 2, 4, 6, 3, 5, 7, 1)
    return cells.reshape(batch, frames // 2, height // 2, width // 2, 8 * channels).permute(0, 4, 1, 2, 3)
