"""2-D layers made 3-D so that every frame of a still video sees what the 2-D layer sees."""

import copy
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoda_models.errors import ModelOptionError

Init = Literal["mean", "centre"]


class TfSameConv2d(nn.Conv2d):
    """A strided convolution with TensorFlow's padding for even sizes: all of it behind, none in front."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) with H and W even -> (N, C', H/2, W/2)."""
        behind = [int(k) - int(s) for k, s in zip(self.kernel_size, self.stride, strict=True)]
        padded = F.pad(x, (0, behind[1], 0, behind[0]))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class InflatedConv3d(nn.Conv3d):
    """A 2-D convolution with a kernel over time; the first and last frame are repeated at the ends."""

    def __init__(self, flat: nn.Conv2d, *, time_kernel: int) -> None:
        kernel, stride, dilation = flat.kernel_size, flat.stride, flat.dilation
        time = time_kernel if max(kernel) > 1 else 1
        behind = isinstance(flat, TfSameConv2d)
        if isinstance(flat.padding, str) or flat.padding_mode != "zeros":
            raise ModelOptionError(
                f"a convolution padded by {flat.padding!r} ({flat.padding_mode}); allowed are numbers"
            )
        super().__init__(
            flat.in_channels,
            flat.out_channels,
            (time, kernel[0], kernel[1]),
            stride=(1, stride[0], stride[1]),
            padding=(0, 0, 0) if behind else (0, flat.padding[0], flat.padding[1]),
            dilation=(1, dilation[0], dilation[1]),
            groups=flat.groups,
            bias=flat.bias is not None,
        )
        self.behind = (kernel[1] - stride[1], kernel[0] - stride[0]) if behind else (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, H', W')."""
        reach = self.kernel_size[0] // 2
        if reach:
            x = torch.cat([x[:, :, :1]] * reach + [x] + [x[:, :, -1:]] * reach, dim=2)
        if any(self.behind):
            x = F.pad(x, (0, self.behind[0], 0, self.behind[1]))
        return super().forward(x)


class ChannelLayerNorm3d(nn.LayerNorm):
    """Layer norm over the channels of (B, C, T, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def spread_kernel(flat: Tensor, *, time: int, init: Init) -> Tensor:
    """(O, I, h, w) -> (O, I, time, h, w) whose sum over time is `flat`: evenly, or all in the centre."""
    if init == "mean":
        return (flat / time).unsqueeze(2).repeat(1, 1, time, 1, 1)
    kernel = flat.new_zeros(*flat.shape[:2], time, *flat.shape[2:])
    kernel[:, :, time // 2] = flat
    return kernel


def with_in_channels(network: nn.Module, in_channels: int | None) -> nn.Module:
    """A copy of a 2-D network whose first convolution, newly initialised, takes `in_channels`; None: as it is."""
    name, first = next((name, m) for name, m in network.named_modules() if isinstance(m, nn.Conv2d))
    if in_channels is None or first.in_channels == in_channels:
        return network
    if first.groups != 1:
        raise ModelOptionError(f"in_channels is {in_channels}; allowed is {first.in_channels}: {name} is grouped")
    network = copy.deepcopy(network)
    wider = network.get_submodule(name)
    assert isinstance(wider, nn.Conv2d)
    wider.in_channels = in_channels
    wider.weight = nn.Parameter(first.weight.new_empty(first.out_channels, in_channels, *first.kernel_size))
    wider.reset_parameters()
    return network


def make_3d(module: nn.Module, *, time_kernel: int) -> nn.Module:
    """A 3-D copy of `module` and everything in it; values of the kernels are not copied (see `spread_kernel`)."""
    from torchvision.models.convnext import CNBlock, LayerNorm2d
    from torchvision.ops import Permute

    def pair(value: int | tuple[int, int]) -> tuple[int, int]:
        return (value, value) if isinstance(value, int) else (value[0], value[1])

    def max_pool(m: nn.MaxPool2d) -> nn.Module:
        kernel, stride, padding = pair(m.kernel_size), pair(m.stride), pair(m.padding)
        return nn.MaxPool3d((1, *kernel), stride=(1, *stride), padding=(0, *padding), ceil_mode=m.ceil_mode)

    def avg_pool(m: nn.AvgPool2d) -> nn.Module:
        kernel, stride, padding = pair(m.kernel_size), pair(m.stride), pair(m.padding)
        return nn.AvgPool3d((1, *kernel), stride=(1, *stride), padding=(0, *padding), ceil_mode=m.ceil_mode)

    def permute(m: Permute) -> nn.Module:
        return Permute([0, 2, 3, 4, 1]) if m.dims == [0, 2, 3, 1] else Permute([0, 4, 1, 2, 3])

    converters: dict[type[nn.Module], Callable[..., nn.Module]] = {
        TfSameConv2d: lambda m: InflatedConv3d(m, time_kernel=time_kernel),
        nn.Conv2d: lambda m: InflatedConv3d(m, time_kernel=time_kernel),
        nn.BatchNorm2d: lambda m: nn.BatchNorm3d(m.num_features, eps=m.eps, momentum=m.momentum, affine=m.affine),
        nn.MaxPool2d: max_pool,
        nn.AvgPool2d: avg_pool,
        nn.AdaptiveAvgPool2d: lambda m: nn.AdaptiveAvgPool3d((None, *pair(m.output_size))),
        nn.Dropout2d: lambda m: nn.Dropout3d(m.p),
        LayerNorm2d: lambda m: ChannelLayerNorm3d(m.normalized_shape, eps=m.eps),
        Permute: permute,
    }
    if type(module) in converters:
        return converters[type(module)](module)
    twin = copy.copy(module)
    twin._modules = {name: child and make_3d(child, time_kernel=time_kernel) for name, child in module._modules.items()}
    twin._parameters = {
        name: p if p is None else nn.Parameter(p.detach().clone()) for name, p in module._parameters.items()
    }
    if isinstance(module, CNBlock):
        twin.layer_scale = nn.Parameter(module.layer_scale.detach()[None, ..., None].clone())
    return twin
