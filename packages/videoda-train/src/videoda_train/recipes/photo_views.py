"""Methods on views for the photo → video tasks: a photo's generated clip takes the place of a labelled video."""

from dataclasses import replace

from videoda_train.recipes.config import NEEDED_INPUTS, Inputs, MethodName, TrainOptions
from videoda_train.recipes.k2b import k2b_options


def photo_options(
    streams: TrainOptions, *, method: MethodName, inputs: Inputs | None, tol_run: str, epochs: int
) -> TrainOptions:
    """Return the recipe of a method on a task whose two-stream recipe is `streams`.

    On views it is Kinetics → BABEL's, for `epochs` epochs, and no frame of the 16 of a generated clip is skipped: with
    every second one, all local clips of a video would be the same. CFB's parts inside GLAD are those of the two-stream
    recipe, the bank's first epoch in proportion to the epochs, rounded down. None of this is published.
    """
    if (inputs or NEEDED_INPUTS.get(method, "streams")) == "streams":
        return replace(streams, method=method)
    options = k2b_options(method)
    if method in ("tol", "zero_shot"):
        epochs = options.optim.epochs
    cfb = replace(
        streams.cfb,
        bank_from_epoch=streams.cfb.bank_from_epoch * epochs // streams.optim.epochs,
        flow_lr_factor=streams.optim.lr / options.optim.lr,
    )
    return replace(
        options,
        clip=streams.clip,
        motion=streams.motion,
        views=replace(options.views, source_interval=1),
        tol=replace(options.tol, source_interval=1),
        model=replace(options.model, backbone_weights=tol_run) if method in ("glad", "glad_cfb") else options.model,
        cfb=cfb if method == "glad_cfb" else options.cfb,
        optim=replace(options.optim, epochs=epochs),
    )
