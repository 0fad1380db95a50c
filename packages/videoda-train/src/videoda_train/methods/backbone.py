"""The one network behind the methods that see a video through views."""

import inspect
from pathlib import Path

import torch
from torch import nn
from videoda_models import VideoModel, create_model, model_card

from videoda_train.data.model_input import input_for
from videoda_train.errors import ConfigError
from videoda_train.methods.frozen_prefix import freeze_prefix, set_batch_norm_momentum
from videoda_train.methods.views_method import ToInput
from videoda_train.recipes.config import ModelConfig
from videoda_train.run_folder import RunFolder


def build_backbone(config: ModelConfig) -> tuple[VideoModel, ToInput]:
    """Return the configured network without its last layer and dropout, and what makes its input.

    Its weights are those of a run's backbone, of a file, of a tag of the network's card, or random.

    Raises:
        ConfigError: the run has no such backbone, or nothing of the network can be frozen.
        VideodaModelsError: no such network, or weights that do not fit.
    """
    card = model_card(config.backbone)
    options = {"dropout": 0.0} if "dropout" in inspect.signature(card.build).parameters else {}
    weights = config.backbone_weights
    run = RunFolder(weights) if weights is not None and Path(weights).is_dir() else None
    # One class: the last layer is taken off.
    backbone = create_model(config.backbone, num_classes=1, pretrained=None if run else weights, **options)
    backbone.set_submodule(backbone.logits_prefix, nn.Identity())
    if run:
        _load_from_run(backbone, run)
    if config.backbone_freeze_through is not None:
        freeze_prefix(backbone, config.backbone_freeze_through, name=config.backbone)
    set_batch_norm_momentum(backbone, config.batch_norm_momentum)
    return backbone, input_for(card.input_range)


def _load_from_run(backbone: VideoModel, run: RunFolder) -> None:
    from videoda_train.engine.checkpoint import load_checkpoint

    state: dict[str, torch.Tensor] = load_checkpoint(run.checkpoint_file)["module"]
    prefix = "backbone."
    own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    wanted = backbone.state_dict()
    if own.keys() != wanted.keys() or any(own[name].shape != wanted[name].shape for name in own):
        made_with = run.read_config().model.backbone if own else "no backbone of this kind"
        raise ConfigError(f"{run.root} was trained with {made_with}; model.backbone must be the same network")
    backbone.load_state_dict(own)
