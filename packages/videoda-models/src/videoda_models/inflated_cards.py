"""Cards of inflated image networks, with torchvision's ImageNet weights."""

from videoda_models.cards import ModelCard, WeightCard
from videoda_models.inflate import InflatedModel
from videoda_models.inflated_layers import Init
from videoda_models.mobilenet_npz import InflatedTfMobileNetV2

_IMAGENET = "ImageNet mean and standard deviation"

# Architecture and its ImageNet file.
_ROWS = (
    ("resnet18", "resnet18-f37072fd", "He et al., CVPR 2016"),
    ("resnet50", "resnet50-11ad3fa6", "He et al., CVPR 2016"),
    ("mobilenet_v2", "mobilenet_v2-7ebf99e0", "Sandler et al., CVPR 2018"),
    ("mobilenet_v3_small", "mobilenet_v3_small-047dcff4", "Howard et al., ICCV 2019"),
    ("mobilenet_v3_large", "mobilenet_v3_large-5c1a4163", "Howard et al., ICCV 2019"),
    ("convnext_tiny", "convnext_tiny-983f1562", "Liu et al., CVPR 2022"),
)


def build_inflated(
    num_classes: int,
    in_channels: int = 3,
    *,
    architecture: str,
    time_kernel: int = 3,
    init: Init = "mean",
    dropout: float | None = None,
) -> InflatedModel:
    """`torchvision.models.{architecture}`, freshly initialised, inflated."""
    import torchvision.models as image_networks  # takes seconds

    network = getattr(image_networks, architecture)(weights=None, num_classes=num_classes)
    return InflatedModel(network, in_channels=in_channels, time_kernel=time_kernel, init=init, dropout=dropout)


def _card(architecture: str, file: str, paper: str) -> ModelCard:
    weight = WeightCard(
        tag="imagenet",
        url=f"https://download.pytorch.org/models/{file}.pth",
        sha256=file.rsplit("-", 1)[1],
        num_classes=1000,
        classes="imagenet",
        licence="BSD-3-Clause",
        source="https://github.com/pytorch/vision",
    )
    return ModelCard(
        name=f"inflated-{architecture.replace('_', '-')}",
        build=build_inflated,
        paper=f"{paper}; inflated: Carreira and Zisserman, CVPR 2017",
        licence="BSD-3-Clause",
        input_range=_IMAGENET,
        fixed={"architecture": architecture},
        weights=(weight,),
    )


INFLATED_CARDS = (
    *(_card(*row) for row in _ROWS),
    ModelCard(
        name="inflated-mobilenet-v2-tf",
        build=InflatedTfMobileNetV2,
        paper="Sandler et al., CVPR 2018; inflated: Carreira and Zisserman, CVPR 2017",
        licence="Apache-2.0",
    ),
)
