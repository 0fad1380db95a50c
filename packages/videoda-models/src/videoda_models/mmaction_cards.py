"""Cards of I3D-R50 and TSM-R50, whose weights MMAction2 publishes."""

from videoda_models.cards import ModelCard, WeightCard
from videoda_models.resnet3d import ResNet3d
from videoda_models.tsm import TsmResNet50

_SOURCE = "https://github.com/open-mmlab/mmaction2"
_FILES = "https://download.openmmlab.com/mmaction/v1.0/recognition"
_I3D_PAPER = "Carreira and Zisserman, CVPR 2017; Wang et al., Non-local Neural Networks, CVPR 2018"
_TSM_PAPER = "Lin et al., TSM: Temporal Shift Module for Efficient Video Understanding, ICCV 2019"
_IMAGENET = "ImageNet mean and standard deviation"


def _weight(config: str, *, stamp: str) -> WeightCard:
    return WeightCard(
        tag="kinetics400",
        url=f"{_FILES}/{config}/{config.split('/')[1]}_{stamp}.pth",
        sha256=stamp.split("-")[1],
        num_classes=400,
        classes="kinetics400",
        licence="Apache-2.0",
        source=_SOURCE,
    )


_I3D_NL = "i3d/i3d_imagenet-pretrained-r50-nl-dot-product_8xb8-32x2x1-100e_kinetics400-rgb"
_TSM = "tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb"

MMACTION_CARDS = (
    ModelCard(
        name="i3d-r50-nl",
        build=ResNet3d,
        paper=_I3D_PAPER,
        licence="Apache-2.0",
        frames=8,
        input_range=_IMAGENET,
        weights=(_weight(_I3D_NL, stamp="20220812-8e1f2148"),),
    ),
    ModelCard(
        name="i3d-r50",
        build=ResNet3d,
        paper=_I3D_PAPER,
        licence="Apache-2.0",
        frames=8,
        input_range=_IMAGENET,
        fixed={"non_local": False},
    ),
    ModelCard(
        name="i3d-r50-tiny",
        build=ResNet3d,
        paper=_I3D_PAPER,
        licence="Apache-2.0",
        frames=8,
        size=112,
        input_range=_IMAGENET,
        fixed={"width": 0.1875},
    ),
    ModelCard(
        name="tsm-r50",
        build=TsmResNet50,
        paper=_TSM_PAPER,
        licence="Apache-2.0",
        frames=8,
        input_range=_IMAGENET,
        weights=(_weight(_TSM, stamp="20220831-64d69186"),),
    ),
    ModelCard(
        name="tsm-r50-tiny",
        build=TsmResNet50,
        paper=_TSM_PAPER,
        licence="Apache-2.0",
        frames=8,
        size=112,
        input_range=_IMAGENET,
        fixed={"width": 0.25},
    ),
)
