"""torchvision's video networks behind this package's interface."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.errors import InputShapeError, ModelOptionError
from videoda_models.pooled_model import PooledVideoModel

# Where each family keeps its last layer.
_HEADS = {"r3d": "fc", "mc3": "fc", "r2plus1d": "fc", "s3d": "classifier.1", "mvit": "head.1", "swin3d": "head"}
# MViT's position tables fix the clip: frames, height, width.
_MVIT_CLIP = (16, 224, 224)


class TorchvisionVideoModel(PooledVideoModel):
    """`torchvision.models.video.{architecture}`: one feature vector a clip (T' = 1), RGB only.

    torchvision's own files load as they are. MViT takes 16 frames of 224×224 only, S3D 14 frames of 224×224 or more.
    """

    in_channels = 3

    def __init__(self, num_classes: int, *, architecture: str) -> None:
        super().__init__()
        import torchvision.models.video as networks  # takes seconds, and most users need no torchvision network

        family = architecture.split("_")[0]
        if family not in _HEADS or not hasattr(networks, architecture):
            raise ModelOptionError(
                f"architecture {architecture!r}; allowed are torchvision's {', '.join(_HEADS)} networks"
            )
        if family == "s3d":
            self.min_frames, self.min_size = 14, 224
        self.architecture = architecture
        self._head = _HEADS[family]
        self.net: nn.Module = getattr(networks, architecture)(weights=None)
        old = self.net.get_submodule(self._head)
        self.net.set_submodule(self._head, nn.Identity())
        channels = old.in_channels if isinstance(old, nn.Conv3d) else old.in_features
        assert isinstance(channels, int)
        self.add_logits(channels, num_classes)

    def check_input(self, x: Tensor) -> None:
        """Raise `InputShapeError` unless `x` is a clip that this network can take."""
        super().check_input(x)
        if self.architecture.startswith("mvit") and tuple(x.shape[2:]) != _MVIT_CLIP:
            raise InputShapeError(
                f"a clip of shape {tuple(x.shape)}; {self.architecture} takes 16 frames of 224x224 only: resample it"
            )

    def features(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B F 1 1 1"]:
        """What torchvision's last layer sees: (B, 3, T, H, W) -> (B, F, 1, 1, 1)."""
        self.check_input(x)
        return self.net(x)[:, :, None, None, None]

    def convert_checkpoint(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Torchvision's names become this model's."""
        if any(name.startswith("net.") for name in state):
            return dict(state)
        converted: dict[str, Tensor] = {}
        for name, tensor in state.items():
            if name.startswith(f"{self._head}."):
                parameter = name.rsplit(".", 1)[1]
                converted[f"logits.{parameter}"] = tensor.flatten(1) if tensor.ndim > 1 else tensor
            else:
                converted[f"net.{name}"] = tensor
        return converted
