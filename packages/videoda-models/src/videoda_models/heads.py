"""Small networks on top of a backbone's features."""

from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.errors import ModelOptionError
from videoda_models.gradient_reversal import GradientReversal
from videoda_models.video_model import check_num_classes


def pool_features(features: Float[Tensor, "B F *rest"]) -> Float[Tensor, "B F"]:
    """Mean over every axis behind the channels: (B, F, T', 1, 1) or (B, F) -> (B, F)."""
    return features.flatten(2).mean(dim=2) if features.ndim > 2 else features


class ClassificationHead(nn.Module):
    """Pooled features → dropout → linear layer, weights normal with `init_std`, bias 0 (MMAction2's I3D head)."""

    def __init__(self, in_channels: int, num_classes: int, *, dropout: float = 0.5, init_std: float = 0.01) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.fc_cls = nn.Linear(in_channels, check_num_classes(num_classes))
        nn.init.normal_(self.fc_cls.weight, std=init_std)
        nn.init.zeros_(self.fc_cls.bias)

    def forward(self, features: Float[Tensor, "B F *rest"]) -> Float[Tensor, "B K"]:
        """(B, F, T', 1, 1) or (B, F) -> logits (B, K)."""
        return self.fc_cls(self.dropout(pool_features(features)))


class PaceHead(nn.Module):
    """How fast a clip plays: a 1×1×1 convolution with bias, its logits averaged over time (CFB's pace term)."""

    def __init__(self, in_channels: int, num_paces: int = 5) -> None:
        super().__init__()
        if num_paces < 2:
            raise ModelOptionError(f"num_paces is {num_paces}; allowed is 2 or more")
        self.conv3d = nn.Conv3d(in_channels, num_paces, 1)

    def forward(self, features: Float[Tensor, "B F T H W"]) -> Float[Tensor, "B P"]:
        """Feature map (B, F, T', H', W'), pooled or not -> logits (B, num_paces)."""
        return self.conv3d(features).mean(dim=(2, 3, 4))


class DomainClassifier(nn.Module):
    """Source or target: gradient reversal, then `depth` hidden layers (linear, ReLU, dropout), then one logit.

    The default is GLAD's: four hidden layers of 2048, dropout 0.5, reversal with factor −1 and no schedule.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        depth: int = 4,
        width: int = 2048,
        dropout: float = 0.5,
        reversal: GradientReversal | None = None,
    ) -> None:
        super().__init__()
        if depth < 0 or width < 1:
            raise ModelOptionError(
                f"depth {depth}, width {width}; allowed is a depth of 0 or more, a width of 1 or more"
            )
        self.reversal = GradientReversal() if reversal is None else reversal
        layers: list[nn.Module] = []
        channels = in_channels
        for _ in range(depth):
            layers += [nn.Linear(channels, width), nn.ReLU(inplace=True), nn.Dropout(dropout)]
            channels = width
        self.layers = nn.Sequential(*layers, nn.Linear(channels, 1))

    def forward(self, features: Float[Tensor, "B F *rest"]) -> Float[Tensor, " B"]:
        """(B, F, T', 1, 1) or (B, F) -> one logit per clip (B,), high for source by convention."""
        return self.layers(self.reversal(pool_features(features))).squeeze(1)
