"""Settings of the methods that see a video through several RGB clips of it: TOL and GLAD.

Every default is the published one: "GLAD: Global-Local View Alignment and Background Debiasing for Unsupervised Video
Domain Adaptation with Large Domain Gap" (WACV 2024) and its code.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from videoda_train.errors import ConfigError
from videoda_train.recipes.path_fields import PathFields

Alignment = Literal["local", "global", "cross"]


@dataclass(frozen=True)
class ViewsConfig:
    """The views of a video: a grid whose rows are local clips and whose columns are global clips."""

    num_clips: int = 8
    """Rows of the grid; also the frames of a global clip."""
    num_frames: int = 8
    """Columns of the grid: the frames of a local clip."""
    source_interval: int = 2
    """Frames from one frame of a local clip to the next."""
    target_interval: int = 2
    local_clips: tuple[int, ...] = (4, 5)
    """Rows that are used, from 0."""
    global_columns: tuple[int, ...] = (3,)
    """Columns that are used, from 0."""
    short_side: int = 256
    """Frames are resized to this shorter side [px]."""
    crop: int = 224
    """Side of the network's square input [px]."""
    crop_scales: tuple[float, ...] = (1.0, 0.875, 0.66)
    """Sides of the training crops in shares of the shorter side."""
    flip_probability: float = 0.5

    def __post_init__(self) -> None:
        """Check ranges that no type can express.

        Raises:
            ConfigError: naming the value and what is allowed.
        """
        for name in ("num_clips", "num_frames", "source_interval", "target_interval"):
            if getattr(self, name) < 1:
                raise ConfigError(f"views.{name} is {getattr(self, name)}; it must be at least 1")
        for name, count in (("local_clips", self.num_clips), ("global_columns", self.num_frames)):
            for index in getattr(self, name):
                if not 0 <= index < count:
                    raise ConfigError(f"views.{name} holds {index}; allowed: 0 to {count - 1}")
        if not self.local_clips and not self.global_columns:
            raise ConfigError("views.local_clips and views.global_columns are both empty; name at least one view")
        if not 32 <= self.crop <= self.short_side:
            raise ConfigError(f"views.crop is {self.crop}; allowed: 32 to views.short_side ({self.short_side})")
        if self.local_clips and self.global_columns and self.num_clips != self.num_frames:
            raise ConfigError(
                f"views.num_clips is {self.num_clips}, views.num_frames {self.num_frames}; local and global clips are "
                "of one length only where the two are equal"
            )


@dataclass(frozen=True)
class TolConfig:
    """Temporal ordering learning, GLAD's first stage: telling in which order a video's clips were put."""

    num_clips: int = 3
    source_interval: int = 2
    target_interval: int = 1
    hidden: int = 512
    """Units of the layer that sees each pair of clips."""
    dropout: float = 0.5


@dataclass(frozen=True)
class GladConfig(PathFields):
    """Global-local view alignment and background debiasing; each part has its own switch."""

    align: tuple[Alignment, ...] = ("local", "global", "cross")
    """Which views of the two domains are aligned; none: no domain classifier."""
    weight: float = 1.0
    """Weight of each domain loss."""
    depth: int = 4
    """Hidden layers of a domain classifier."""
    width: int = 2048
    dropout: float = 0.5
    background: bool = True
    """Blend source clips with backgrounds of other source videos."""
    background_probability: float = 0.25
    background_weight: float = 0.25
    medians: Path | None = None
    """Folder that `videoda data median` made of the source; default: made in the prepared folder."""
    evaluation_views: Literal["all", "published"] = "all"
    """`published`: the last local clip and the global ones, as the published test code takes them by mistake."""

    def __post_init__(self) -> None:
        """Check that no alignment is named twice."""
        super().__post_init__()
        if len(set(self.align)) != len(self.align):
            raise ConfigError(f"glad.align is {' '.join(self.align)}; name each of local, global, cross at most once")
