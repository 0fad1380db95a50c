"""Depth without files or networks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depthmotion.depth_sources.source import DepthSource, Photo, read_photo
from depthmotion.depthmap import DepthMap


class PlaneDepth(DepthSource):
    """A fronto-parallel plane at depth 1: everything moves alike."""

    def __call__(self, image: Photo, *, file: str | Path | None = None) -> DepthMap:
        """Return depth 1 everywhere."""
        image, _ = read_photo(image, file)
        return DepthMap(np.ones(image.shape[:2], np.float32), "depth")


@dataclass(frozen=True)
class GroundDepth(DepthSource):
    """A ground plane below the horizon and an upright background behind it, for any photo, without a network.

    The camera stands 1 unit over the ground and looks along it; the horizon is at `horizon` of the image height. Ground
    farther than `background` units is hidden by the background.
    """

    horizon: float = 0.42
    background: float = 6.0
    focal_factor: float = 0.58

    def __call__(self, image: Photo, *, file: str | Path | None = None) -> DepthMap:
        """Return the depth of the ground and of the background above it."""
        image, _ = read_photo(image, file)
        height, width = image.shape[:2]
        below = (np.arange(height) - self.horizon * (height - 1)) / (self.focal_factor * height)
        ground = 1.0 / np.maximum(below, 1.0 / self.background)
        column = np.minimum(ground, self.background).astype(np.float32)
        return DepthMap(np.repeat(column[:, None], width, axis=1), "depth")
