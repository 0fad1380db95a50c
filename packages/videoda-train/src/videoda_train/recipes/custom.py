"""Anyone's own photos and videos."""

from dataclasses import dataclass, replace
from pathlib import Path

from videoda_models import VideodaModelsError, model_card

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
from videoda_train.recipes.e2h import E2H
from videoda_train.recipes.fitting_network import fitting_networks
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
"""A start that runs on any machine without weights: narrow networks, 112 px."""


@dataclass(frozen=True)
class StreamWeights:
    """The files that the two streams start from."""

    rgb: Path | None = None
    flow: Path | None = None


def custom_options(
    method: MethodName, *, inputs: Inputs | None = None, weights: StreamWeights | None = None
) -> TrainOptions:
    """Return the recipe of a method: `with_networks_of(weights)` on streams; on views a network as narrow.

    On views networks start from random weights too. Optimiser and rate are then the miniature Kinetics → BABEL's. No
    frame of a source clip is skipped: a photo's generated clip has 16, of which every second would make all its local
    clips the same.
    """
    base = with_networks_of(weights or StreamWeights())
    if (inputs or NEEDED_INPUTS.get(method, "streams")) == "streams":
        return replace(base, method=method)
    epochs = base.optim.epochs
    if method == "zero_shot":
        options = k2b_options(method)
    elif method == "tol":
        options = replace(K2B_MINI_TOL, optim=replace(K2B_MINI_TOL.optim, epochs=epochs))
    else:
        options = replace(K2B_MINI, method=method, optim=replace(K2B_MINI.optim, epochs=epochs))
    return replace(
        options,
        clip=base.clip,
        motion=base.motion,
        views=replace(options.views, short_side=base.clip.resize, crop=base.clip.crop, source_interval=1),
        tol=replace(options.tol, source_interval=1),
        model=replace(base.model, backbone=K2B_MINI.model.backbone),
        cfb=base.cfb,
    )


def with_networks_of(weights: StreamWeights) -> TrainOptions:
    """Return `CUSTOM` with the networks that the files fit; full-size ones bring E→H's frames and batch norm along.

    A file that is missing, cannot be read or fits no Inception I3D changes nothing here: it is refused before a run.
    """
    rgb, flow = CUSTOM.model.rgb, CUSTOM.model.flow
    narrow = model_card(rgb).size
    rgb, flow = _network(weights.rgb, default=rgb), _network(weights.flow, default=flow)
    options = replace(CUSTOM, model=replace(CUSTOM.model, rgb=rgb, flow=flow))
    if all(model_card(name).size == narrow for name in (rgb, flow)):
        return options
    return replace(
        options,
        clip=E2H.clip,
        motion=replace(CUSTOM.motion, size=E2H.motion.size),
        model=replace(options.model, batch_norm_momentum=E2H.model.batch_norm_momentum),
    )


def _network(weights: Path | None, *, default: str) -> str:
    """Return the network among those that the file fits that takes the default's channels, or the default."""
    try:
        fitting = [] if weights is None else fitting_networks(weights)
    except VideodaModelsError:
        return default
    channels = model_card(default).fixed["in_channels"]
    return next((name for name in fitting if model_card(name).fixed["in_channels"] == channels), default)
