"""Convolution, batch norm and (mostly) ReLU under MMAction2's names: `conv`, `bn`."""

import torch.nn.functional as F
from torch import Tensor, nn

from videoda_models.folding import fold_batch_norm, is_plain_batch_norm, is_plain_conv
from videoda_models.space_to_depth import pays_off, space_to_depth_conv3d

Triple = tuple[int, int, int]


class ConvUnit3d(nn.Module):
    """Convolution with centred zero padding (no bias) → batch norm → ReLU unless `relu=False`.

    In evaluation mode the batch norm is folded into the convolution. A child that somebody has replaced, changed or put
    a hook on is called as a module instead.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: Triple, *, stride: Triple = (1, 1, 1), relu: bool = True
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
        self.conv = nn.Conv3d(in_channels, out_channels, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm3d(out_channels)
        self.stride = stride
        self.padding = list(padding)
        self.relu = relu
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if pays_off(x, weight, stride=self.stride):
            return space_to_depth_conv3d(x, weight, bias, before=self.padding)
        return F.conv3d(x, weight, bias, stride=self.stride, padding=self.padding)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', ⌈T/s⌉, ⌈H/s⌉, ⌈W/s⌉)."""
        plain_conv = is_plain_conv(self.conv, stride=self.stride, padding=tuple(self.padding))
        plain_bn = is_plain_batch_norm(self.bn)
        if plain_conv and plain_bn and not self.bn.training:
            y = self._convolve(x, *fold_batch_norm(self.conv.weight, self.bn))
        else:
            y = self.bn(self._convolve(x, self.conv.weight, None) if plain_conv else self.conv(x))
        # Not in place where a hook may have kept the batch norm's output.
        return F.relu(y, inplace=plain_bn) if self.relu else y
