"""Kinetics → BABEL: 12 classes of labelled videos, to classify renders of motion capture.

Hyper-parameters: "GLAD: Global-Local View Alignment and Background Debiasing for Unsupervised Video Domain Adaptation
with Large Domain Gap" (WACV 2024) and its published code. Batch sizes are those of its 8 GPUs together.
"""

from dataclasses import replace
from pathlib import Path

from videoda_train.recipes.config import DannConfig, MethodName, ModelConfig, OptimConfig, TrainOptions
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
        lr=0.000875, batch_size=32, lr_batch_size=32, epochs=3, milestones=(), clip_value=None, clip_norm=40.0
    ),
)
"""Stage 2, as published: 4 videos of each domain on each of 8 GPUs."""

K2B_BASELINE = replace(K2B_GLAD, method="source_only", model=K2B_TOL.model)
"""Source-only, DANN and the upper bound: GLAD's views and schedule, from Kinetics weights."""


METHODS: tuple[MethodName, ...] = ("tol", "glad", "source_only", "dann", "supervised", "zero_shot")


def k2b_options(method: MethodName) -> TrainOptions:
    """Return the recipe of a method."""
    if method == "tol":
        return K2B_TOL
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
    model=replace(K2B_TOL.model, backbone="i3d-inception-tiny-rgb", backbone_weights=None),
    optim=replace(_MINI_OPTIM, lr=0.0005, batch_size=12, lr_batch_size=12, epochs=6),
)
"""Stage 1 of the miniature: a narrow network, frames of 56 px, a few epochs."""

K2B_MINI = replace(
    K2B_MINI_TOL,
    method="glad",
    glad=GladConfig(width=256, background_probability=0.75, background_weight=0.5),
    dann=DannConfig(width=256),
    optim=replace(_MINI_OPTIM, lr=0.001, batch_size=8, lr_batch_size=8, epochs=16),
)
"""Stage 2 of the miniature. Backgrounds are blended more often and more visibly than published: a few hundred videos at
a few places are learnt by heart. The loss on the labelled source then falls for all of the 16 epochs.
"""
