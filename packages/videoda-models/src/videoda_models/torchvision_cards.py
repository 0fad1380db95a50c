"""Cards of torchvision's video networks, with torchvision's own Kinetics weights."""

from videoda_models.cards import ModelCard, WeightCard
from videoda_models.torchvision_video import TorchvisionVideoModel

_MVIT = "mean 0.45, standard deviation 0.225"
_IMAGENET = "ImageNet mean and standard deviation"
_KINETICS = "mean 0.43216 0.394666 0.37645, standard deviation 0.22803 0.22145 0.216989"
_TRAN = "Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018"
_SWIN = "Liu et al., Video Swin Transformer, CVPR 2022"

# Name, architecture, file, side of the input, input range, paper.
_ROWS = (
    ("r3d-18", "r3d_18", "r3d_18-b3b3357e", 112, _KINETICS, _TRAN),
    ("mc3-18", "mc3_18", "mc3_18-a90a0ba3", 112, _KINETICS, _TRAN),
    ("r2plus1d-18", "r2plus1d_18", "r2plus1d_18-91a641e6", 112, _KINETICS, _TRAN),
    ("s3d", "s3d", "s3d-d76dad2f", 224, _KINETICS, "Xie et al., Rethinking Spatiotemporal Feature Learning, ECCV 2018"),
    (
        "mvit-v1-b",
        "mvit_v1_b",
        "mvit_v1_b-dbeb1030",
        224,
        _MVIT,
        "Fan et al., Multiscale Vision Transformers, ICCV 2021",
    ),
    ("mvit-v2-s", "mvit_v2_s", "mvit_v2_s-ae3be167", 224, _MVIT, "Li et al., MViTv2, CVPR 2022"),
    ("swin3d-t", "swin3d_t", "swin3d_t-7615ae03", 224, _IMAGENET, _SWIN),
    ("swin3d-s", "swin3d_s", "swin3d_s-da41c237", 224, _IMAGENET, _SWIN),
    ("swin3d-b", "swin3d_b", "swin3d_b_1k-24f7c7c6", 224, _IMAGENET, _SWIN),
)


def _weight(file: str) -> WeightCard:
    return WeightCard(
        tag="kinetics400",
        url=f"https://download.pytorch.org/models/{file}.pth",
        sha256=file.rsplit("-", 1)[1],
        num_classes=400,
        classes="kinetics400",
        licence="BSD-3-Clause",
        source="https://github.com/pytorch/vision",
    )


TORCHVISION_CARDS = tuple(
    ModelCard(
        name=name,
        build=TorchvisionVideoModel,
        paper=paper,
        licence="BSD-3-Clause",
        size=size,
        input_range=input_range,
        fixed={"architecture": architecture},
        weights=(_weight(file),),
    )
    for name, architecture, file, size, input_range, paper in _ROWS
)
