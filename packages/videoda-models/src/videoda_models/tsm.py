"""TSM-R50: a ResNet-50 that shifts channels along time (Lin et al., ICCV 2019), with MMAction2's layer names."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.conv_unit import ConvUnit3d
from videoda_models.mmaction_model import MmactionModel, scaled_channels
from videoda_models.resnet3d import EXPANSION, Bottleneck3d

_STAGES = ((64, 1, 3), (128, 2, 4), (256, 2, 6), (512, 2, 3))


def temporal_shift(x: Float[Tensor, "B C T H W"], *, divisor: int = 8) -> Float[Tensor, "B C T H W"]:
    """C/divisor channels come from the next frame, as many from the one before (0 past the ends), the rest stay."""
    fold = x.shape[1] // divisor
    shifted = torch.zeros_like(x)
    shifted[:, :fold, :-1] = x[:, :fold, 1:]
    shifted[:, fold : 2 * fold, 1:] = x[:, fold : 2 * fold, :-1]
    shifted[:, 2 * fold :] = x[:, 2 * fold :]
    return shifted


class ShiftedBottleneck(Bottleneck3d):
    """A residual block whose residual branch, and only that, sees the shifted channels."""

    def residual(self, x: Tensor) -> Tensor:
        """The three convolutions of the shifted input."""
        return super().residual(temporal_shift(x))


class TsmResNet50(MmactionModel):
    """TSM on ResNet-50: every frame is a time step (T' = T). Input normalised as for I3D-R50; trained on 8 frames."""

    stages = ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4")
    min_frames = 2
    init_std = 0.001

    def __init__(self, num_classes: int, in_channels: int = 3, *, width: float = 1.0, dropout: float = 0.5) -> None:
        super().__init__()
        self.in_channels = in_channels
        channels = scaled_channels(64, width=width)
        self.conv1 = ConvUnit3d(in_channels, channels, (1, 7, 7), stride=(1, 2, 2))
        self.maxpool = nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
        for stage, (count, stride, depth) in enumerate(_STAGES, start=1):
            inner = scaled_channels(count, width=width)
            blocks: list[nn.Module] = []
            for index in range(depth):
                first = index == 0
                blocks.append(
                    ShiftedBottleneck(channels, inner, stride=stride if first else 1, temporal=False, project=first)
                )
                channels = inner * EXPANSION
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.add_head(channels, num_classes, dropout=dropout)

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """MMAction2's names become this model's (its shift adds "net."), its 2-D kernels become 1×k×k ones."""
        renamed = {name.replace(".conv.net.", ".conv."): x for name, x in super().convert_checkpoint(state).items()}
        return {name: x.unsqueeze(2) if x.ndim == 4 else x for name, x in renamed.items()}
