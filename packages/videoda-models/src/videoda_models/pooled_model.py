"""A network that gives one feature vector a time step (or a clip), with a linear last layer of ours behind it."""

from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.video_model import VideoModel, check_num_classes


class PooledVideoModel(VideoModel):
    """`features` of a foreign network, then `logits`: a linear layer, PyTorch's default initialisation."""

    def add_logits(self, channels: int, num_classes: int) -> None:
        """The last layer behind `channels` features."""
        self.feature_channels = channels
        self.num_classes = check_num_classes(num_classes)
        self.logits = nn.Linear(channels, num_classes)

    @property
    def logits_prefix(self) -> str:
        """Where the state dict keeps the last layer."""
        return "logits"

    def classify(self, features: Float[Tensor, "B F Tf 1 1"]) -> Float[Tensor, "B K Tf"]:
        """Logits per time step from `features`: (B, F, T', 1, 1) -> (B, K, T')."""
        return self.logits(features.flatten(2).transpose(1, 2)).transpose(1, 2)

    def replace_logits(self, num_classes: int) -> None:
        """Put a new last layer (PyTorch's default initialisation) of `num_classes` outputs in place of the old one."""
        self.num_classes = check_num_classes(num_classes)
        weight = next(self.parameters())
        self.logits = nn.Linear(self.feature_channels, num_classes).to(weight.device, weight.dtype)
