"""I3D-R50: a 3-D ResNet-50 with non-local blocks, with MMAction2's layer names."""

import torch.nn.functional as F
from torch import Tensor, nn

from videoda_models.conv_unit import ConvUnit3d
from videoda_models.mmaction_model import MmactionModel, scaled_channels
from videoda_models.non_local import NonLocalBlock

# Per stage: bottleneck channels, stride; per block: is its first kernel 3×1×1, does a non-local block follow.
_STAGES = (
    (64, 1, (1, 1, 1), (0, 0, 0)),
    (128, 2, (1, 0, 1, 0), (0, 1, 0, 1)),
    (256, 2, (1, 0, 1, 0, 1, 0), (0, 1, 0, 1, 0, 1)),
    (512, 2, (0, 1, 0), (0, 0, 0)),
)
EXPANSION = 4


class Bottleneck3d(nn.Module):
    """Residual block t×1×1 → 1×3×3 (strided) → 1×1×1, the shortcut projected where the shape changes."""

    def __init__(self, in_channels: int, channels: int, *, stride: int, temporal: bool, project: bool) -> None:
        super().__init__()
        out_channels = channels * EXPANSION
        self.conv1 = ConvUnit3d(in_channels, channels, (3 if temporal else 1, 1, 1))
        self.conv2 = ConvUnit3d(channels, channels, (1, 3, 3), stride=(1, stride, stride))
        self.conv3 = ConvUnit3d(channels, out_channels, (1, 1, 1), relu=False)
        if project:
            self.downsample = ConvUnit3d(in_channels, out_channels, (1, 1, 1), stride=(1, stride, stride), relu=False)
        self.project = project

    def residual(self, x: Tensor) -> Tensor:
        """The three convolutions."""
        return self.conv3(self.conv2(self.conv1(x)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, 4·channels, T, ⌈H/s⌉, ⌈W/s⌉)."""
        shortcut = self.downsample(x) if self.project else x
        return F.relu(self.residual(x) + shortcut, inplace=True)


class NonLocalBottleneck3d(Bottleneck3d):
    """A residual block with a non-local block behind its last ReLU."""

    def __init__(self, in_channels: int, channels: int, *, stride: int, temporal: bool, project: bool) -> None:
        super().__init__(in_channels, channels, stride=stride, temporal=temporal, project=project)
        self.non_local_block = NonLocalBlock(channels * EXPANSION)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, H, W) -> (B, 4·channels, T, ⌈H/s⌉, ⌈W/s⌉)."""
        return self.non_local_block(super().forward(x))


class ResNet3d(MmactionModel):
    """I3D-R50 with dot-product non-local blocks, as GLAD uses it (`non_local=False`: without them).

    Time is halved in the stem, in the first pool and behind stage 1: 8 frames leave one time step, features are
    (B, 2048, T/8, 1, 1). Input normalised by ImageNet's mean and standard deviation. `width` multiplies every channel
    count but the input's.
    """

    stages = ("conv1", "maxpool", "layer1", "pool2", "layer2", "layer3", "layer4")
    min_frames = 5

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 3,
        *,
        width: float = 1.0,
        non_local: bool = True,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        channels = scaled_channels(64, width=width)
        self.conv1 = ConvUnit3d(in_channels, channels, (5, 7, 7), stride=(2, 2, 2))
        self.maxpool = nn.MaxPool3d((1, 3, 3), stride=(2, 2, 2), padding=(0, 1, 1))
        self.pool2 = nn.MaxPool3d((2, 1, 1), stride=(2, 1, 1))
        for stage, (count, stride, temporal, attending) in enumerate(_STAGES, start=1):
            inner = scaled_channels(count, width=width)
            blocks: list[nn.Module] = []
            for three, attend in zip(temporal, attending, strict=True):
                first = not blocks
                block = NonLocalBottleneck3d if attend and non_local else Bottleneck3d
                blocks.append(
                    block(channels, inner, stride=stride if first else 1, temporal=bool(three), project=first)
                )
                channels = inner * EXPANSION
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.add_head(channels, num_classes, dropout=dropout)
