"""Every network by name: `create_model`, `list_models` and their cards."""

import difflib
import fnmatch
import inspect
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from videoda_models.cards import ModelCard, PretrainedConfig, WeightCard, mean_and_std
from videoda_models.errors import ModelOptionError, UnknownModelError, WeightsError
from videoda_models.hf import TransformersModel
from videoda_models.i3d_cards import I3D_CARDS
from videoda_models.inflated_cards import INFLATED_CARDS
from videoda_models.mmaction_cards import MMACTION_CARDS
from videoda_models.torchvision_cards import TORCHVISION_CARDS
from videoda_models.video_model import VideoModel
from videoda_models.weight_cache import fetch_hub_file, fetch_weights, keep_file
from videoda_models.weights import check_state, checkpoint_classes, read_state_dict

_CARDS = {card.name: card for card in (*I3D_CARDS, *MMACTION_CARDS, *TORCHVISION_CARDS, *INFLATED_CARDS)}
_LOGGER = logging.getLogger(__name__)


def list_models(filter: str = "*", *, pretrained: bool = False) -> list[str]:
    """Names that `create_model` knows, sorted; `filter` is a shell pattern, `pretrained` keeps those with weights."""
    names = (name for name, card in _CARDS.items() if card.weights or not pretrained)
    return sorted(fnmatch.filter(names, filter))


def model_card(name: str) -> ModelCard:
    """The card of one network ("hf:…": one of transformers); `UnknownModelError` names the nearest otherwise."""
    if name.startswith("hf:"):
        return transformers_card(name.removeprefix("hf:"))
    if name not in _CARDS:
        near = difflib.get_close_matches(name, _CARDS, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"allowed are {', '.join(list_models())}"
        raise UnknownModelError(f"no model named {name!r}; {hint}")
    return _CARDS[name]


def create_model(
    name: str, *, num_classes: int, pretrained: str | Path | bool | None = None, **options: Any
) -> VideoModel:
    """A network by name, on the CPU in training mode.

    `name` is one of `list_models()`, or "hf:" and the hub id or folder of a transformers network, which brings its
    weights along. `pretrained` is None or False (random weights), a tag of the model's card such as "kinetics400"
    (fetched once, checked, kept in the cache folder), True (the card's first tag), "hf://OWNER/REPOSITORY/FILE" or a
    file. A file of another class count is loaded with that, then the last layer is replaced by a new one of
    `num_classes`. With `num_classes=0` there is no last layer: the network gives its pooled features, (B, F, T').
    `options` go to the network (`time_stride`, `dropout`, `width` …). What it takes stands in its `pretrained_cfg`.

    Examples:
        >>> model = create_model("i3d-inception-tiny-rgb", num_classes=13, time_stride="cfb")
        >>> model.feature_channels
        256
        >>> model.pretrained_cfg.input_size
        (3, 16, 112, 112)
    """
    card = model_card(name)
    _check_options(card, options)
    if pretrained is True:
        if not card.weights:
            raise WeightsError(f"{name} has no published weights; allowed are None, a path and hf://…")
        pretrained = card.weights[0].tag
    # Without classes: one, for now, since the networks are made with a last layer.
    model = card.build(num_classes=num_classes or 1, **{**card.fixed, **options})
    if pretrained:
        _load_pretrained(model, weights_file(card, pretrained))
    if num_classes == 0:
        model.set_submodule(model.logits_prefix, nn.Identity())
        model.num_classes = 0
    model.pretrained_cfg = pretrained_config(card, model, pretrained or None)
    return model


def get_weights(name: str, *, tag: str | None = None, file: str | Path | None = None) -> Path:
    """The published weights of a network in the cache folder, fetched first if they are not there.

    `tag` is one of the card's (default: its first). `file`, one of your own that holds these weights, is put there in
    place of a download. Sources and cache: see `weight_cache.fetch_weights`.

    Raises:
        WeightsError: there is no such tag, no source has it, or the file is not the published one.
    """
    card = model_card(name)
    wanted = tag if tag is not None else card.weights[0].tag if card.weights else ""
    weight = card.weight(wanted)
    if weight is None:
        known = ", ".join(repr(other.tag) for other in card.weights) or "none for this model"
        raise WeightsError(f"{name} has no weights {wanted!r}; allowed are {known}")
    if weight.starts_from is not None:
        return get_weights(weight.starts_from[0], tag=weight.starts_from[1], file=file)

    def convert(state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
        return _own(card, weight, state, source)

    if file is not None:
        return keep_file(weight, Path(file), model=name, convert=convert)
    return fetch_weights(weight, model=name, convert=convert)


def pretrained_config(card: ModelCard, model: VideoModel, pretrained: str | Path | None) -> PretrainedConfig:
    """What `model`, made from `card` with the weights `pretrained`, takes and comes from."""
    colours = mean_and_std(card.input_range)
    mean, std = colours if colours is not None and model.in_channels == 3 else (None, None)
    return PretrainedConfig(
        model=card.name,
        input_size=(model.in_channels, card.frames, card.size, card.size),
        input_range=card.input_range,
        mean=mean,
        std=std,
        weights=None if pretrained is None or Path(pretrained).is_file() else card.weight(str(pretrained)),
    )


def weights_file(card: ModelCard, pretrained: str | Path) -> Path:
    """The local file that `pretrained`, a tag of `card` or a path, stands for; a tag's file is fetched if need be."""
    if str(pretrained).startswith("hf://"):
        return fetch_hub_file(str(pretrained))
    path = Path(pretrained)
    weight = card.weight(str(pretrained))
    if weight is not None and not path.is_file():
        return get_weights(card.name, tag=weight.tag)
    if not path.is_file():
        tags = ", ".join(repr(known.tag) for known in card.weights) or "none for this model"
        raise WeightsError(f"pretrained={str(pretrained)!r} is no file; allowed is a path, hf://…, or a tag ({tags})")
    return path


def _own(card: ModelCard, weight: WeightCard, state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """The tensors of a file under the names of the network, all of them; `WeightsError` where they do not fit."""
    with torch.device("meta"):
        model = card.build(num_classes=weight.num_classes, **card.fixed)
    own = model.convert_checkpoint(state)
    check_state(model, own, source=source)
    return own


def transformers_card(source: str) -> ModelCard:
    """The card of a transformers network by hub id or folder; its own page has the paper, licence and input range."""
    page = f"see https://huggingface.co/{source}"
    return ModelCard(
        name=f"hf:{source}",
        build=TransformersModel,
        paper=page,
        licence=page,
        input_range=page,
        fixed={"source": source},
    )


def _check_options(card: ModelCard, options: dict[str, Any]) -> None:
    allowed = [name for name in inspect.signature(card.build).parameters if name != "num_classes"]
    for name in options:
        if name not in allowed:
            raise ModelOptionError(f"{card.name} has no option {name!r}; allowed are {', '.join(allowed)}")


def _load_pretrained(model: VideoModel, path: Path) -> None:
    state = model.convert_checkpoint(read_state_dict(path))
    classes, wanted = checkpoint_classes(model, state), model.num_classes
    if classes is not None and classes != wanted:
        model.replace_logits(classes)
    check_state(model, state, source=str(path))
    model.load_state_dict(state, strict=False)
    if model.num_classes != wanted:
        model.replace_logits(wanted)
        _LOGGER.info("%s has %d classes: its last layer is replaced by a new one of %d", path, classes, wanted)
