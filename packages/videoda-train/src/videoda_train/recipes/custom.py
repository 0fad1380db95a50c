"""Anyone's own photos and videos."""

from dataclasses import replace

from videoda_train.recipes.config import (
    NEEDED_INPUTS,
    CfbConfig,
    ClipConfig,
    Inputs,
    MethodName,
    ModelConfig,
    MotionConfig,
    OptimConfig,
    TrainOptions,
)
from videoda_train.recipes.k2b import K2B_MINI, K2B_MINI_TOL, k2b_options

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


def custom_options(method: MethodName, *, inputs: Inputs | None = None) -> TrainOptions:
    """Return the recipe of a method: `CUSTOM` on streams; on views a network as narrow, from random weights too.

    Optimiser and rate are then the miniature Kinetics → BABEL's. No frame of a source clip is skipped: a photo's
    generated clip has 16, of which every second would make all its local clips the same.
    """
    if (inputs or NEEDED_INPUTS.get(method, "streams")) == "streams":
        return replace(CUSTOM, method=method)
    epochs = CUSTOM.optim.epochs
    if method == "zero_shot":
        options = k2b_options(method)
    elif method == "tol":
        options = replace(K2B_MINI_TOL, optim=replace(K2B_MINI_TOL.optim, epochs=epochs))
    else:
        options = replace(K2B_MINI, method=method, optim=replace(K2B_MINI.optim, epochs=epochs))
    return replace(
        options,
        clip=CUSTOM.clip,
        motion=CUSTOM.motion,
        views=replace(options.views, short_side=CUSTOM.clip.resize, crop=CUSTOM.clip.crop, source_interval=1),
        tol=replace(options.tol, source_interval=1),
        model=replace(CUSTOM.model, backbone=K2B_MINI.model.backbone),
        cfb=CUSTOM.cfb,
    )
