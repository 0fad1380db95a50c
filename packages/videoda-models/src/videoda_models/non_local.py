"""The non-local block with dot-product affinity (Wang et al., CVPR 2018), as MMAction2 configures it."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def dot_product_attention(
    theta: Float[Tensor, "B C n"], phi: Float[Tensor, "B C m"], g: Float[Tensor, "B C m"]
) -> Float[Tensor, "B C n"]:
    """For every query the mean over the m keys of (θ·φ) g, no softmax: (B, C, n), (B, C, m) twice -> (B, C, n).

    Without a softmax the product is associative, so the cheaper of the two orders is taken.
    """
    channels, queries, keys = theta.shape[1], theta.shape[2], phi.shape[2]
    if channels * (queries + keys) < 2 * queries * keys:
        return (g @ phi.transpose(1, 2) / keys) @ theta
    return g @ (phi.transpose(1, 2) @ theta / keys)


class NonLocalBlock(nn.Module):
    """x + batch_norm(W · attention(x)): C/2 channels inside, keys and values max-pooled (1, 2, 2).

    The batch norm starts at 0, so that a new block is the identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 2
        self.g = nn.Sequential(_Projection(channels, inner), nn.MaxPool3d((1, 2, 2)))
        self.conv_out = _OutputProjection(inner, channels)
        self.theta = _Projection(channels, inner)
        self.phi = nn.Sequential(_Projection(channels, inner), nn.MaxPool3d((1, 2, 2)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) with H, W ≥ 2 -> the same shape."""
        attended = dot_product_attention(self.theta(x).flatten(2), self.phi(x).flatten(2), self.g(x).flatten(2))
        channels_last = x.is_contiguous(memory_format=torch.channels_last_3d) and not x.is_contiguous()
        attended = attended.unflatten(2, x.shape[2:])
        if channels_last:
            attended = attended.contiguous(memory_format=torch.channels_last_3d)
        return x + self.conv_out(attended)


class _Projection(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, 1)
        nn.init.normal_(self.conv.weight, std=0.01)
        assert self.conv.bias is not None
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _OutputProjection(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm3d(out_channels)
        nn.init.zeros_(self.bn.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x))
