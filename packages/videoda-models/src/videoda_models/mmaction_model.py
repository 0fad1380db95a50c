"""A backbone with MMAction2's linear head, and the translation of MMAction2's checkpoint names."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.cross_modality import average_first_kernel
from videoda_models.errors import ModelOptionError, WeightsError
from videoda_models.staged_model import StagedVideoModel
from videoda_models.video_model import check_num_classes


class MmactionModel(StagedVideoModel):
    """Stages → space-mean → dropout → one linear layer `fc_cls` (weights normal with `init_std`, bias 0)."""

    init_std = 0.01

    def add_head(self, channels: int, num_classes: int, *, dropout: float) -> None:
        """Dropout and the last layer, behind `channels` features; called once the stages are there."""
        self.feature_channels = channels
        self.num_classes = check_num_classes(num_classes)
        self.dropout = nn.Dropout(dropout)
        self.fc_cls = self._new_logits()

    def _new_logits(self) -> nn.Linear:
        layer = nn.Linear(self.feature_channels, self.num_classes)
        nn.init.normal_(layer.weight, std=self.init_std)
        nn.init.zeros_(layer.bias)
        return layer

    @property
    def logits_prefix(self) -> str:
        """Where the state dict keeps the last layer."""
        return "fc_cls"

    def features(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B F Tf 1 1"]:
        """Space-mean of the last stage after dropout: (B, C, T, H, W) -> (B, F, T', 1, 1)."""
        self.check_input(x)
        return self.dropout(self.trunk(x).mean(dim=(3, 4), keepdim=True))

    def classify(self, features: Float[Tensor, "B F Tf 1 1"]) -> Float[Tensor, "B K Tf"]:
        """Logits per time step; their time-mean is what MMAction2's head gives."""
        return self.fc_cls(features.flatten(2).transpose(1, 2)).transpose(1, 2)

    def replace_logits(self, num_classes: int) -> None:
        """Put a new last layer of `num_classes` outputs in place of the old one."""
        self.num_classes = check_num_classes(num_classes)
        weight = next(self.parameters())
        self.fc_cls = self._new_logits().to(weight.device, weight.dtype)

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Take "backbone." and "cls_head." off every name that has them; other names stay.

        RGB weights start a network for flow by their mean first kernel.
        """
        names = {name: name.removeprefix("backbone.").removeprefix("cls_head.") for name in state}
        twice = [name for name, short in names.items() if short != name and short in state]
        if twice:
            raise WeightsError(f"the checkpoint holds {twice[0]} both with and without its prefix; keep one of the two")
        renamed = {names[name]: tensor for name, tensor in state.items()}
        return average_first_kernel(renamed, "conv1.conv.weight", in_channels=self.in_channels)


def scaled_channels(channels: int, *, width: float) -> int:
    """`channels` times `width`, rounded, at least 2."""
    if not 0 < width <= 8:
        raise ModelOptionError(f"width is {width}; allowed is a factor above 0 and at most 8")
    return max(2, round(channels * width))
