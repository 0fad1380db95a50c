"""One of the two networks behind the methods that see a clip as RGB and flow."""

import inspect
from pathlib import Path

from videoda_models import VideoModel, create_model, model_card

from videoda_train.errors import ConfigError
from videoda_train.methods.frozen_prefix import freeze_prefix, set_batch_norm_momentum
from videoda_train.recipes.config import ModelConfig

RGB_CHANNELS = 3
FLOW_CHANNELS = 2
_INPUT_RANGE = "[-1, 1]"


def build_stream(
    name: str, weights: Path | None, *, in_channels: int, num_classes: int, config: ModelConfig
) -> VideoModel:
    """Return a network that scores every frame of RGB or flow, both in [-1, 1].

    Of the configured options it is given those it has. One that starts from weights is frozen through
    `config.freeze_through`. An inflated image network's first kernel is averaged over the colours for flow.

    Raises:
        ConfigError: it takes another input.
        VideodaModelsError: no such network or endpoint, or weights that do not fit.
    """
    card = model_card(name)
    if in_channels == RGB_CHANNELS and card.input_range != _INPUT_RANGE:
        raise ConfigError(
            f"{name} takes values of {card.input_range}; a stream gives {_INPUT_RANGE}. Give --model.rgb a network "
            "with that range, or take --inputs views, where any range will do"
        )
    wanted = {"in_channels": in_channels, "time_stride": config.time_stride, "dropout": config.dropout}
    known = inspect.signature(card.build).parameters
    options = {option: value for option, value in wanted.items() if option in known}
    pretrained = None if weights is None else str(weights)
    model = create_model(name, num_classes=num_classes, pretrained=pretrained, **options)
    if model.in_channels != in_channels:
        raise ConfigError(f"{name} takes {model.in_channels} channels; this stream has {in_channels} (RGB 3, flow 2)")
    if config.freeze_through is not None and weights is not None:
        freeze_prefix(model, config.freeze_through, name=name)
    set_batch_norm_momentum(model, config.batch_norm_momentum)
    return model
