"""What a miniature world of stills and videos holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.miniature.motions import MOTIONS


@dataclass(frozen=True)
class MiniatureConfig:
    """Size and seed of a world; `image_size` is (height, width), `num_frames` (least, most) per video at 30 frames/s.

    `home_share` is the part of the stills taken at their class's own kind of place. Raises `MiniatureError` for values
    that no world can have.
    """

    known_classes: ClassVar[tuple[str, ...]] = tuple(MOTIONS)
    """Those that a world can have, in the label order of the real task."""

    seed: int = 0
    classes: tuple[str, ...] = ("clap", "climb", "drink", "jump", "kick", "push", "run", "wave")
    stills_per_class: int = 60
    videos_per_class: int = 24
    image_size: tuple[int, int] = (120, 160)
    num_frames: tuple[int, int] = (40, 72)
    home_share: float = 0.5

    def __post_init__(self) -> None:
        known = ", ".join(self.known_classes)
        unknown = [name for name in self.classes if name not in self.known_classes]
        if unknown or not self.classes or len(set(self.classes)) != len(self.classes):
            raise MiniatureError(f"classes={self.classes!r}; name each of some of these once: {known}.")
        if list(self.classes) != [name for name in self.known_classes if name in self.classes]:
            raise MiniatureError(f"classes={self.classes!r} must keep the real task's order: {known}.")
        if self.seed < 0:
            raise MiniatureError(f"seed={self.seed}; give an integer of at least 0.")
        if self.stills_per_class < 1 or self.videos_per_class < 1:
            counts = f"stills_per_class={self.stills_per_class}, videos_per_class={self.videos_per_class}"
            raise MiniatureError(f"{counts}; give at least 1 of each.")
        if min(self.image_size) < 32 or any(side % 2 for side in self.image_size):
            raise MiniatureError(f"image_size={self.image_size}; give an even height and width of at least 32 pixels.")
        if not 2 <= self.num_frames[0] <= self.num_frames[1]:
            raise MiniatureError(f"num_frames={self.num_frames}; give (least, most) with 2 <= least <= most.")
        if not 0.0 <= self.home_share <= 1.0:
            raise MiniatureError(f"home_share={self.home_share}; give a share from 0 to 1.")

    def as_json(self) -> dict[str, object]:
        """The configuration with lists in place of tuples, as JSON stores it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
