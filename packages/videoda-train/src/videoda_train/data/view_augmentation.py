"""From whole frames to training views: one crop and flip per video, and for GLAD's source a background."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.background import blend_background
from videoda_train.data.image_file import read_image
from videoda_train.data.multi_scale_crop import random_multi_scale_crop
from videoda_train.data.resize import resize_short_side
from videoda_train.data.transforms import centre_crop


def keep(views: UInt8[np.ndarray, "V T S S 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "V T S S 3"]:
    """Return the views as they are."""
    return views


@dataclass(frozen=True)
class RandomCrop:
    """A multi-scale crop and a flip, one draw for all frames of a video."""

    size: int
    scales: Sequence[float]
    flip_probability: float

    def __call__(
        self, views: UInt8[np.ndarray, "V T H W 3"], rng: np.random.Generator
    ) -> UInt8[np.ndarray, "V T S S 3"]:
        """Crop and flip."""
        crop = random_multi_scale_crop(
            *views.shape[2:4], size=self.size, rng=rng, scales=self.scales, flip_probability=self.flip_probability
        )
        return crop(views)


@dataclass(frozen=True)
class RandomBackground:
    """After another augmentation, with some probability, the background of a random video of any class blended in.

    Attributes:
        augment: what comes first.
        backgrounds: the source videos' median images.
        short_side: what their shorter side is resized to before a square is cropped from the centre [px].
        probability: how often, per video.
        weight: the background's share of the mixture.
        cache: keeps the cropped images.
    """

    augment: RandomCrop
    backgrounds: Sequence[Path]
    short_side: int
    probability: float
    weight: float
    cache: ArrayCache

    def __call__(
        self, views: UInt8[np.ndarray, "V T H W 3"], rng: np.random.Generator
    ) -> UInt8[np.ndarray, "V T S S 3"]:
        """Crop, flip, and blend or not."""
        views = self.augment(views, rng)
        if rng.random() >= self.probability:
            return views
        path = self.backgrounds[int(rng.integers(len(self.backgrounds)))]
        background = self.cache.get(("background", path), lambda: self._read(path))
        return blend_background(views, background, weight=self.weight)

    def _read(self, path: Path) -> UInt8[np.ndarray, "S S 3"]:
        image = resize_short_side(read_image(path)[None], side=self.short_side)
        return centre_crop(*image.shape[1:3], size=self.augment.size).rgb(image)[0]
