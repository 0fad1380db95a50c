"""What is known about a network and its published weights, one dataclass each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from videoda_models.video_model import VideoModel

_COLOURS = {
    "[-1, 1]": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "ImageNet mean and standard deviation": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


@dataclass(frozen=True, kw_only=True)
class PackageSource:
    """A weights file inside a package of the Python package index.

    `archive_sha256` is that of the package's archive, the other numbers those of the file `member` in it.
    """

    name: str
    version: str
    kind: Literal["sdist", "wheel"]
    licence: str
    archive_sha256: str
    member: str
    member_sha256: str
    member_bytes: int

    def __str__(self) -> str:
        return f"the Python package {self.name} {self.version}"


@dataclass(frozen=True, kw_only=True)
class WeightCard:
    """One set of published weights.

    `sha256` holds the digits that the publisher gives of the file at `url` (all 64, or the leading ones in the file's
    name), "" for none; `tensors_sha256` is `tensors_sha256` of the tensors themselves, whatever file they are in.
    `package` is a second place to get them. `starts_from` is the (model, tag) whose file is read in place of an own.
    `classes` names the list of class names: see `class_names`.
    """

    tag: str
    url: str
    sha256: str
    num_classes: int
    licence: str
    source: str
    tensors_sha256: str = ""
    package: PackageSource | None = None
    starts_from: tuple[str, str] | None = None
    classes: Literal["kinetics400", "imagenet", ""] = ""

    @property
    def filename(self) -> str:
        """The file's name at its source and in the cache folder."""
        return self.url.rsplit("/", 1)[-1]

    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the logits; empty where they are not known."""
        # torchvision has both lists, in the order that every publisher uses (the alphabetical one, or WordNet's).
        if self.classes == "kinetics400":
            from torchvision.models.video import R3D_18_Weights

            return tuple(R3D_18_Weights.KINETICS400_V1.meta["categories"])
        if self.classes == "imagenet":
            from torchvision.models import ResNet18_Weights

            return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
        return ()


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """One network: how it is built, what it takes, where it comes from."""

    name: str
    build: Callable[..., VideoModel]
    paper: str
    licence: str
    frames: int = 16
    size: int = 224
    input_range: str = "[-1, 1]"
    fixed: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[WeightCard, ...] = ()

    def weight(self, tag: str) -> WeightCard | None:
        """The weights with this tag, or None."""
        return next((card for card in self.weights if card.tag == tag), None)


@dataclass(frozen=True, kw_only=True)
class PretrainedConfig:
    """What a network made by `create_model` takes, and where its weights come from: its `pretrained_cfg`.

    `input_size` is (channels, frames, height, width) of the card; `mean` and `std` are those to normalise RGB of 0 to 1
    by, None where `input_range` does not say, or the input is flow. `weights` is the card of published weights, None
    for random ones and a file of the user's.
    """

    model: str
    input_size: tuple[int, int, int, int]
    input_range: str
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    weights: WeightCard | None = None

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return self.input_size[1]

    @property
    def tag(self) -> str | None:
        """The tag of the published weights."""
        return self.weights.tag if self.weights else None

    @property
    def licence(self) -> str:
        """The licence of the published weights; "" where there are none."""
        return self.weights.licence if self.weights else ""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the published weights were trained for, in the order of their logits."""
        return self.weights.class_names() if self.weights else ()


def mean_and_std(input_range: str) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Mean and standard deviation of RGB from 0 to 1 that make a card's `input_range`; None where it does not say.

    Examples:
        >>> mean_and_std("mean 0.45, standard deviation 0.225")
        ((0.45, 0.45, 0.45), (0.225, 0.225, 0.225))
    """
    if input_range in _COLOURS:
        return _COLOURS[input_range]
    found = re.fullmatch(r"mean ([\d. ]+), standard deviation ([\d. ]+)", input_range)
    if found is None:
        return None
    mean, std = (tuple(map(float, values.split())) for values in found.groups())
    return mean * (3 // len(mean)), std * (3 // len(std))
