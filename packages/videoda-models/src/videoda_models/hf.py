"""transformers' video networks and image towers behind this package's interface (extra `videoda-models[hf]`)."""

from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from videoda_models.errors import InputShapeError, ModelOptionError, WeightsError
from videoda_models.pooled_model import PooledVideoModel

_VIDEO = ("videomae", "timesformer", "vivit")
# Configurations that hold a text tower too, or only the vision tower, and the class of the vision tower.
_TOWERS = {
    "clip": "CLIPVisionModel",
    "clip_vision_model": "CLIPVisionModel",
    "siglip": "SiglipVisionModel",
    "siglip_vision_model": "SiglipVisionModel",
    "dinov2": "Dinov2Model",
    "dinov2_with_registers": "Dinov2WithRegistersModel",
    "vit": "ViTModel",
}


class TransformersModel(PooledVideoModel):
    """A network of transformers with its weights, by hub id or local folder.

    Video networks (VideoMAE, TimeSformer, ViViT) give one feature a clip, image towers (CLIP, SigLIP, DINOv2, ViT) one
    a frame (T' = T). The file's own classifier is kept where it has `num_classes` outputs. Clips must have the frames
    and size of the configuration; normalise them as the model's page says.
    """

    min_size = 1

    def __init__(self, num_classes: int, *, source: str) -> None:
        super().__init__()
        transformers = _transformers()
        config = _load(transformers.AutoConfig, source)
        self.source = source
        self.model_type = str(config.model_type)
        vision = getattr(config, "vision_config", config)
        self.in_channels = int(getattr(vision, "num_channels", 3))
        self._size = _side(vision.image_size)
        self._patch = int(vision.patch_size) if isinstance(getattr(vision, "patch_size", None), int) else 1
        self._frames = int(vision.num_frames) if self.model_type in _VIDEO else None
        if self.model_type in _VIDEO:
            self.net: nn.Module = _load(transformers.AutoModelForVideoClassification, source)
            classifier = self.net.classifier
            assert isinstance(classifier, nn.Linear)
            self.net.classifier = nn.Identity()
            self.add_logits(classifier.in_features, num_classes)
            if classifier.out_features == num_classes:
                self.logits = classifier
        elif self.model_type in _TOWERS:
            self.net = _load(getattr(transformers, _TOWERS[self.model_type]), source)
            self.add_logits(int(vision.hidden_size), num_classes)
        else:
            raise ModelOptionError(
                f"{source} is a {self.model_type}; allowed are {', '.join((*_VIDEO, *_TOWERS))} networks"
            )

    def check_input(self, x: Tensor) -> None:
        """Raise `InputShapeError` unless `x` is a clip of the configuration's frames and size."""
        super().check_input(x)
        frames, (height, width) = x.shape[2], x.shape[3:]
        if self._frames is not None and frames != self._frames:
            raise InputShapeError(f"a clip of {frames} frames; {self.source} takes {self._frames}: sample so many")
        any_size = self.model_type.startswith("dinov2")
        if any_size and (height % self._patch or width % self._patch):
            raise InputShapeError(f"frames of {height}x{width}; {self.source} takes multiples of {self._patch}")
        if not any_size and (height, width) != self._size:
            raise InputShapeError(
                f"frames of {height}x{width}; {self.source} takes {self._size[0]}x{self._size[1]}: resize them"
            )

    def features(self, x: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B F Tf 1 1"]:
        """What the classifier sees: (B, 3, T, H, W) -> (B, F, 1, 1, 1), from an image tower (B, F, T, 1, 1)."""
        self.check_input(x)
        frames = x.transpose(1, 2)
        if self._frames is not None:
            return self.net(pixel_values=frames).logits[:, :, None, None, None]
        pooled = self.net(pixel_values=frames.flatten(0, 1)).pooler_output
        return pooled.unflatten(0, frames.shape[:2]).transpose(1, 2)[..., None, None]


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise ModelOptionError("models named 'hf:…' need transformers: pip install 'videoda-models[hf]'") from error
    return transformers


def _load(kind: Any, source: str) -> Any:
    if source.startswith((".", "/", "~")) and not Path(source).expanduser().is_dir():
        raise WeightsError(f"no folder {source}; allowed is a folder that save_pretrained wrote, or a hub id")
    try:
        return kind.from_pretrained(str(Path(source).expanduser()) if Path(source).expanduser().is_dir() else source)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"transformers cannot load {source!r} ({reason}); allowed is a hub id that can be reached or is cached, "
            "or a folder that save_pretrained wrote"
        ) from error


def _side(image_size: int | list[int] | tuple[int, ...]) -> tuple[int, int]:
    return (image_size, image_size) if isinstance(image_size, int) else (image_size[0], image_size[1])
