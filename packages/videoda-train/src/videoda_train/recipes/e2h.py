"""EADs → HMDB51: 13 classes of labelled photos to classify 1690 videos.

Hyper-parameters and counts: "Unsupervised Image-to-Video Adaptation via Category-aware Flow Memory Bank and Realistic
Video Generation" (ACM MM 2024) and its published code and logs.
"""

from pathlib import Path

from videoda_train.recipes.config import (
    CfbConfig,
    ClipConfig,
    ModelConfig,
    MotionConfig,
    OptimConfig,
    TrainOptions,
)

CLASSES = (
    "clap",
    "climb",
    "drink",
    "hug",
    "jump",
    "kick",
    "kiss",
    "pour",
    "push",
    "run",
    "smoke",
    "talk",
    "wave",
)
NUM_IMAGES = (284, 295, 256, 213, 295, 151, 196, 200, 235, 251, 241, 187, 210)
NUM_VIDEOS = (130, 108, 164, 118, 151, 130, 102, 106, 116, 232, 109, 120, 104)

E2H = TrainOptions(
    clip=ClipConfig(),
    motion=MotionConfig(depth="midas-v3.1-beit-large"),
    model=ModelConfig(
        rgb_weights=Path("weights/rgb_imagenet.pt"),
        flow_weights=Path("weights/flow_imagenet.pt"),
    ),
    optim=OptimConfig(lr=0.05, batch_size=16, lr_batch_size=16, epochs=60, milestones=(30, 40)),
    cfb=CfbConfig(bank_size=60, bank_from_epoch=10, pace_weight=0.2),
)
"""The published recipe. Deviations: one crop and flip for RGB and flow, u negated by a flip; frame 0 of a clip is the
still; generated clips carry their exact flow; target flow by DIS at 256 × 256."""

E2H_MINI = TrainOptions(
    clip=ClipConfig(resize=72, crop=64, flow_bound=20.0 * 72 / 256, flow_estimation_size=144),
    motion=MotionConfig(size=144),
    model=ModelConfig(rgb="i3d-inception-tiny-rgb", flow="i3d-inception-tiny-flow", batch_norm_momentum=0.1),
    optim=OptimConfig(lr=0.05, batch_size=16, lr_batch_size=16, epochs=12, milestones=(8, 10)),
    cfb=CfbConfig(bank_size=12, bank_from_epoch=4, pace_weight=0.2),
)
"""The miniature: narrow networks, frames of 64 px, a bank of half of the videos as published, fewer epochs, and batch
norm's statistics following faster to match. Both streams start from videoda-bench's weights. Target flow is estimated
at twice the size: in 72 px the limbs are too thin for DIS."""
