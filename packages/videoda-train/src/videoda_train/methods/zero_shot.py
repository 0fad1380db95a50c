"""Zero-shot: a model of images and text (CLIP, SigLIP) names the class whose description fits the frames best.

No training and no source: what is at hand before any adaptation. Each class is described by several sentences, whose
embeddings are averaged; so are those of a video's frames. Source: "Learning Transferable Visual Models From Natural
Language Supervision", ICML 2021, section 3.1.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from videoda_train.data.model_input import normalised_input
from videoda_train.data.view_videos import EvaluationViews
from videoda_train.errors import ConfigError, RunError
from videoda_train.evaluation import Scores
from videoda_train.methods.method import Method, ParameterGroup
from videoda_train.recipes.zero_shot_config import ZeroShotConfig


def spoken(class_name: str) -> str:
    """Return a class name as words: `shooting_an_arrow` and `ShootingAnArrow` are `shooting an arrow`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", class_name.replace("_", " ")).lower()


class ZeroShot(Method):
    """A pretrained model, on the side: a checkpoint keeps none of it.

    Raises:
        ConfigError: transformers is not installed, or the model cannot be loaded.
    """

    def __init__(self, classes: Sequence[str], *, config: ZeroShotConfig, device: torch.device):
        self.module = nn.ModuleDict()
        kinds = ("AutoModel", "AutoTokenizer", "AutoImageProcessor")
        self._model, tokenizer, processor = (_fetch(kind, config.model) for kind in kinds)
        self._model.requires_grad_(False).eval().to(device)
        self._mean, self._std = processor.image_mean, processor.image_std
        texts = [template.format(spoken(name)) for name in classes for template in config.templates]
        padding = "max_length" if self._model.config.model_type.startswith("siglip") else True
        tokens = tokenizer(texts, padding=padding, truncation=True, return_tensors="pt").to(device)
        with torch.inference_mode():
            embedded = _embedding(self._model.get_text_features(**tokens))
        self._classes = _mean_direction(embedded.unflatten(0, (len(classes), len(config.templates))))

    def training_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, Float[Tensor, ""]]:
        """Refuse: its data has no steps.

        Raises:
            RunError: always.
        """
        raise RunError("zero-shot does not train; its data has no steps")

    def score(self, batch: EvaluationViews) -> Scores:
        """Return scaled cosines between each video's mean frame and the classes."""
        frames = normalised_input(batch.views.flatten(0, 1), mean=self._mean, std=self._std).movedim(2, 1)
        embedded = _embedding(self._model.get_image_features(pixel_values=frames.flatten(0, 1)))
        videos = _mean_direction(embedded.unflatten(0, (len(batch.views), -1)))
        logits = self._model.logit_scale.exp() * (videos @ self._classes.T)
        return Scores.of_frames({"rgb": logits.float()[..., None]})

    def parameter_groups(self) -> list[ParameterGroup]:
        """Return one group of nothing."""
        return [ParameterGroup([])]


def _mean_direction(embedded: Float[Tensor, "N M F"]) -> Float[Tensor, "N F"]:
    return F.normalize(F.normalize(embedded.float(), dim=-1).mean(dim=1), dim=-1)


def _embedding(output: Any) -> Tensor:
    """Return the projected embeddings, which transformers 4 gives bare."""
    return output if isinstance(output, Tensor) else output.pooler_output


def image_side(source: str) -> int:
    """Return the side of the images that a model takes [px]."""
    return int(_fetch("AutoConfig", source).vision_config.image_size)


def _fetch(kind: str, source: str) -> Any:
    """Return what one of transformers' classes loads from a hub id, perhaps with `@revision`, or a folder."""
    try:
        import transformers
    except ImportError as error:
        raise ConfigError("zero-shot needs transformers: pip install 'videoda-train[zero-shot]'") from error
    name, _, revision = (source, "", "") if Path(source).is_dir() else source.partition("@")
    options = {"use_safetensors": True} if kind == "AutoModel" else {}
    try:
        fetched = getattr(transformers, kind).from_pretrained(name, revision=revision or "main", **options)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"zero_shot.model {source!r} cannot be loaded ({reason}); "
            "allowed: a CLIP or SigLIP with safetensors weights, by hub id or folder"
        ) from error
    if kind == "AutoConfig" and not hasattr(fetched, "text_config"):
        raise ConfigError(f"zero_shot.model {source!r} is a {fetched.model_type}; allowed: CLIP and SigLIP")
    return fetched
