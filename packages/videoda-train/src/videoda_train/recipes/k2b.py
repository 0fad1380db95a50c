"""Kinetics → BABEL: 12 classes of labelled videos, to classify renders of motion capture.

Hyper-parameters: "GLAD: Global-Local View Alignment and Background Debiasing for Unsupervised Video Domain Adaptation
with Large Domain Gap" (WACV 2024) and its published code. Batch sizes are those of its GPUs together: 8 in stage 1,
7 in stage 2.
"""

from dataclasses import replace
from pathlib import Path

from videoda_train.recipes.config import (
    NEEDED_INPUTS,
    CfbConfig,
    DannConfig,
    Inputs,
    MethodName,
    ModelConfig,
    OptimConfig,
    TrainOptions,
)
from videoda_train.recipes.e2h import E2H, E2H_MINI
from videoda_train.recipes.views_config import GladConfig, TolConfig, ViewsConfig

TOL_RUN = Path("runs/k2b-tol")
"""Where `videoda train k2b --method tol` leaves the backbone that GLAD starts from."""

K2B_TOL = TrainOptions(
    method="tol",
    inputs="views",
    model=ModelConfig(backbone="i3d-r50-nl", backbone_weights="kinetics400", batch_norm_momentum=0.1),
    optim=OptimConfig(
        lr=0.002, batch_size=144, lr_batch_size=144, epochs=300, milestones=(285,), clip_value=None, clip_norm=40.0
    ),
)
"""Stage 1, as published: 18 videos of each domain on each of 8 GPUs."""

K2B_GLAD = replace(
    K2B_TOL,
    method="glad",
    model=replace(K2B_TOL.model, backbone_weights=str(TOL_RUN)),
    optim=OptimConfig(
        lr=0.000875, batch_size=28, lr_batch_size=28, epochs=3, milestones=(), clip_value=None, clip_norm=40.0
    ),
)
"""Stage 2, as published: 4 videos of each domain on each of 7 GPUs.

The published configuration is the dump of a run on 7 GPUs, lr = 0.001 · 7/8; the command beside it says 8.
`--optim.batch-size 32` is that reading: the rate follows the batch, to 0.001."""

K2B_GLAD_CFB = replace(
    K2B_GLAD,
    method="glad_cfb",
    model=replace(K2B_GLAD.model, flow_weights=Path("weights/flow_imagenet.pt")),
    cfb=CfbConfig(bank_from_epoch=0, flow_lr_factor=0.05 / K2B_GLAD.optim.lr),
)
"""GLAD with CFB's bank and pace, which nobody has published: the flow network learns at CFB's rate for E→H, and the
bank is used from the second of the three epochs on."""

K2B_BASELINE = replace(K2B_GLAD, method="source_only", model=K2B_TOL.model)
"""Source-only, DANN and the upper bound: GLAD's views and schedule, from Kinetics weights."""


K2B_STREAMS = replace(
    E2H,
    optim=replace(E2H.optim, epochs=12, milestones=(6, 8)),
    cfb=replace(E2H.cfb, bank_from_epoch=2),
)
"""CFB, and source-only and DANN on two streams, which nobody has published on these videos: E→H's recipe, in as many
steps (an epoch has five times as many here)."""


def k2b_options(method: MethodName, *, inputs: Inputs | None = None) -> TrainOptions:
    """Return the recipe of a method; source-only and DANN are on views unless `inputs` says streams."""
    if (inputs or NEEDED_INPUTS.get(method, "views")) == "streams":
        return replace(K2B_STREAMS, method=method)
    if method == "tol":
        return K2B_TOL
    if method == "glad_cfb":
        return K2B_GLAD_CFB
    if method == "zero_shot":
        return replace(K2B_BASELINE, method=method, optim=OptimConfig(epochs=1, milestones=()))
    return K2B_GLAD if method == "glad" else replace(K2B_BASELINE, method=method)


_MINI_OPTIM = OptimConfig(
    optimizer="adamw", weight_decay=0.02, schedule="cosine", clip_value=None, clip_norm=K2B_TOL.optim.clip_norm
)
"""AdamW: in few steps SGD grows the order head's small first weights only at rates that spoil the backbone."""

K2B_MINI_TOL = replace(
    K2B_TOL,
    views=ViewsConfig(short_side=64, crop=56),
    tol=TolConfig(hidden=128),
    model=replace(
        K2B_TOL.model,
        backbone="i3d-inception-tiny-rgb",
        backbone_weights=None,
        backbone_freeze_through="MaxPool3d_3a_3x3",
    ),
    optim=replace(_MINI_OPTIM, lr=0.0005, batch_size=12, lr_batch_size=12, epochs=12),
)
"""Stage 1 of the miniature: a narrow network, its first layers frozen, frames of 56 px, a few epochs."""

K2B_MINI = replace(
    K2B_MINI_TOL,
    method="glad",
    glad=GladConfig(width=256),
    dann=DannConfig(width=256),
    optim=replace(_MINI_OPTIM, lr=0.001, batch_size=8, lr_batch_size=8, epochs=16),
)
"""Stage 2 of the miniature: a narrow network, narrow domain classifiers, a schedule of its own; the rest as published.
The loss on the labelled source falls for all of the 16 epochs."""


def mini_with_cfb(options: TrainOptions, *, flow_weights: Path) -> TrainOptions:
    """Return a miniature's recipe with CFB's parts as in the miniature of E→H: its clips and its flow network.

    The bank holds half of the 20 target videos of a class, and is used from the same part of the run on.
    """
    return replace(
        options,
        clip=E2H_MINI.clip,
        model=replace(options.model, flow=E2H_MINI.model.flow, flow_weights=flow_weights),
        cfb=replace(
            E2H_MINI.cfb,
            bank_size=10,
            bank_from_epoch=E2H_MINI.cfb.bank_from_epoch * options.optim.epochs // E2H_MINI.optim.epochs,
        ),
    )
