"""What the miniature S→U and B→U worlds hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from videoda_train.data.prepare import B2U, S2U

from videoda_bench.miniature.config import MiniatureConfig
from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.miniature.ucf.activities import ACTIVITIES


@dataclass(frozen=True)
class UcfConfig(MiniatureConfig):
    """A world whose videos are UCF101's: `clips_per_group` of them show the same person at the same place."""

    clips_per_group: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clips_per_group < 1:
            raise MiniatureError(f"clips_per_group={self.clips_per_group}; give at least 1.")


@dataclass(frozen=True)
class S2uConfig(UcfConfig):
    """Stanford40 → UCF101: its twelve classes."""

    known_classes: ClassVar[tuple[str, ...]] = S2U.classes

    classes: tuple[str, ...] = S2U.classes
    stills_per_class: int = 40
    videos_per_class: int = 20


@dataclass(frozen=True)
class B2uConfig(UcfConfig):
    """BU101 → UCF101: twenty of its 101 classes, those of S→U among them."""

    known_classes: ClassVar[tuple[str, ...]] = tuple(name for name in B2U.classes if name in ACTIVITIES)

    classes: tuple[str, ...] = known_classes
    stills_per_class: int = 24
    videos_per_class: int = 14
