"""What every backbone of this package can do: the interface that methods and training rely on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.errors import InputShapeError, ModelOptionError

if TYPE_CHECKING:
    from videoda_models.cards import PretrainedConfig


def check_num_classes(num_classes: int) -> int:
    """`num_classes` itself, or one clear error."""
    if num_classes < 1:
        raise ModelOptionError(f"num_classes is {num_classes}; allowed is 1 or more")
    return num_classes


class VideoModel(nn.Module):
    """A video network in two halves: `features` (pooled over space) and `classify` (a linear layer per time step)."""

    in_channels: int
    num_classes: int
    feature_channels: int
    min_frames: int = 1
    min_size: int = 32
    pretrained_cfg: "PretrainedConfig | None" = None
    """Set by `create_model`: what the network takes, and where its weights come from."""

    def features(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B F Tf 1 1"]:
        """Features pooled over space, after dropout: (B, C, T, H, W) -> (B, F, T', 1, 1)."""
        raise NotImplementedError

    def classify(self, features: Float[Tensor, "B F Tf 1 1"]) -> Float[Tensor, "B K Tf"]:
        """Logits per time step from `features`: (B, F, T', 1, 1) -> (B, K, T')."""
        raise NotImplementedError

    def forward(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B K Tf"]:
        """Logits per time step: (B, C, T, H, W) -> (B, K, T')."""
        return self.classify(self.features(x))

    def replace_logits(self, num_classes: int) -> None:
        """Put a new last layer (PyTorch's default initialisation) of `num_classes` outputs in place of the old one."""
        raise NotImplementedError

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A published checkpoint's entries under this model's own names; every other entry keeps its name."""
        return dict(state)

    @property
    def logits_prefix(self) -> str:
        """Where the state dict keeps the last layer: `{prefix}.weight` and `{prefix}.bias`."""
        raise NotImplementedError

    def check_input(self, x: Tensor) -> None:
        """Raise `InputShapeError` unless `x` is a float clip (B, C, T, H, W) that this network can take."""
        if x.ndim != 5:
            raise InputShapeError(
                f"a clip of shape {tuple(x.shape)} has {x.ndim} axes; allowed is (batch, channels, time, height, width)"
            )
        if not x.is_floating_point():
            raise InputShapeError(f"a clip of {x.dtype}; allowed is a float type: normalise it first")
        _, channels, frames, height, width = x.shape
        if channels != self.in_channels:
            raise InputShapeError(
                f"a clip of shape {tuple(x.shape)} has {channels} channels (axis 1); this network takes "
                f"{self.in_channels} (RGB is 3, optical flow 2)"
            )
        if frames < self.min_frames:
            raise InputShapeError(f"a clip of {frames} frames; allowed is {self.min_frames} or more: repeat the last")
        if min(height, width) < self.min_size:
            raise InputShapeError(
                f"frames of {height}x{width}; allowed is {self.min_size}x{self.min_size} or larger: resize them"
            )
