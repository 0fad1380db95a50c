"""What is known about a network and its published weights, one dataclass each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from videoda_models.video_model import VideoModel


@dataclass(frozen=True, kw_only=True)
class WeightCard:
    """One published weights file.

    `sha256` holds the digits that the publisher gives (all 64, or the leading ones in the file's name), "" for none.
    """

    tag: str
    url: str
    sha256: str
    num_classes: int
    licence: str
    source: str

    @property
    def filename(self) -> str:
        """The file's name at its source and in the cache folder."""
        return self.url.rsplit("/", 1)[-1]


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
        """The weights file with this tag, or None."""
        return next((card for card in self.weights if card.tag == tag), None)
