"""Anyone's own photos and videos."""

from videoda_train.recipes.config import CfbConfig, ClipConfig, ModelConfig, MotionConfig, OptimConfig, TrainOptions

CUSTOM = TrainOptions(
    clip=ClipConfig(resize=128, crop=112, flow_bound=10.0),
    motion=MotionConfig(depth="ground", size=192),
    model=ModelConfig(
        rgb="i3d-inception-tiny-rgb",
        flow="i3d-inception-tiny-flow",
        batch_norm_momentum=0.1,
    ),
    optim=OptimConfig(lr=0.05, batch_size=16, lr_batch_size=16, epochs=24, milestones=(16, 21)),
    cfb=CfbConfig(bank_size=60, bank_from_epoch=6),
)
"""A start that runs on any machine without weights: narrow networks, 112 px. With Kinetics weights at hand, give
`--model.rgb i3d-inception-rgb --model.flow i3d-inception-flow --model.rgb-weights … --model.flow-weights …
--model.batch-norm-momentum 0.01 --clip.resize 256 --clip.crop 224
--clip.flow-bound 20 --motion.size 384`."""
