"""What a miniature K→B world holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from videoda_bench.miniature.errors import MiniatureError


@dataclass(frozen=True)
class K2bConfig:
    """Size and seed of a world of all twelve classes; counts are per class.

    `image_size` is (height, width); `source_frames` and `target_frames` are (least, most) frames of a source video and
    of a labelled target stretch, at 30 frames/s; `home_share` is the part of the source videos filmed at the place of
    their Kinetics class. Raises `MiniatureError` for values that no world can have.
    """

    seed: int = 0
    source_videos: int = 24
    source_test_videos: int = 5
    target_stretches: int = 20
    target_test_stretches: int = 12
    image_size: tuple[int, int] = (72, 80)
    source_frames: tuple[int, int] = (48, 112)
    target_frames: tuple[int, int] = (24, 48)
    home_share: float = 0.85

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise MiniatureError(f"seed={self.seed}; give an integer of at least 0.")
        for name in ("source_videos", "source_test_videos", "target_stretches", "target_test_stretches"):
            if getattr(self, name) < 1:
                raise MiniatureError(f"{name}={getattr(self, name)}; give at least 1 per class.")
        if min(self.image_size) < 32:
            raise MiniatureError(f"image_size={self.image_size}; give a height and width of at least 32 pixels.")
        for name in ("source_frames", "target_frames"):
            least, most = getattr(self, name)
            if not 8 <= least <= most:
                raise MiniatureError(f"{name}=({least}, {most}); give (least, most) with 8 <= least <= most.")
        if not 0.0 <= self.home_share <= 1.0:
            raise MiniatureError(f"home_share={self.home_share}; give a share from 0 to 1.")

    def as_json(self) -> dict[str, object]:
        """The configuration with lists in place of tuples, as JSON stores it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
