"""The videos of one list as views: clips for training, and for evaluation without labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.failed_item import naming_item
from videoda_train.data.item_reader import open_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.training_data import EvaluationData
from videoda_train.data.transforms import centre_crop
from videoda_train.data.video_facts import VideoFacts
from videoda_train.data.view_plan import ViewPlan

Resize = Callable[[UInt8[np.ndarray, "T H W 3"]], UInt8[np.ndarray, "T H2 W2 3"]]


@dataclass(frozen=True)
class EvaluationViews:
    """The views of videos to classify, local ones first."""

    views: UInt8[Tensor, "B V T S S 3"]

    def to(self, device: torch.device) -> "EvaluationViews":
        """Return the batch on a device."""
        return replace(self, **{f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)})


class ViewVideos(EvaluationData):
    """Videos, folders of raw frames or stretches of them, each with its facts.

    Args:
        items: the list.
        facts: what is known of each item.
        plan: which frames make the views.
        resize: what is done to every frame before any crop.
        size: side of the square that evaluation crops from the centre [px].
        cache: keeps resized videos; give each `ViewVideos` its own `name` in it.
    """

    def __init__(
        self,
        items: Sequence[ListItem],
        facts: Sequence[VideoFacts],
        *,
        plan: ViewPlan,
        resize: Resize,
        size: int,
        cache: ArrayCache,
        name: str,
    ):
        self.items = items
        self.plan = plan
        self._facts = facts
        self._resize = resize
        self._size = size
        self._cache = cache
        self._name = name

    def drawn(self, index: int, rng: np.random.Generator) -> UInt8[np.ndarray, "V T H W 3"]:
        """Return the whole frames of views whose clips start where `rng` says."""
        return self._read(index, self.plan.draw(self._facts[index].num_frames, rng))

    def centred(self, index: int) -> UInt8[np.ndarray, "V T H W 3"]:
        """Return the whole frames of views whose clips are spread evenly."""
        return self._read(index, self.plan.centred(self._facts[index].num_frames))

    def evaluation_views(self, index: int) -> UInt8[np.ndarray, "V T S S 3"]:
        """Return the evenly spread views, cropped from the centre."""
        frames = self.centred(index)
        crop = centre_crop(*frames.shape[2:4], size=self._size)
        return np.stack([crop.rgb(view) for view in frames])

    def evaluation_batch(self, indices: Sequence[int]) -> EvaluationViews:
        """Return the views of the given videos."""
        return EvaluationViews(torch.from_numpy(np.stack([self.evaluation_views(index) for index in indices])))

    def _read(self, index: int, wanted: Int[np.ndarray, "V T"]) -> UInt8[np.ndarray, "V T H W 3"]:
        needed, places = np.unique(wanted, return_inverse=True)
        key = (self._name, index)
        # Nobody knows the resized width before decoding; twice the square is more than most videos need.
        if self._cache.has_room_for(key, self._facts[index].num_frames * 6 * self._size**2):
            frames = self._cache.get(key, lambda: self._decode(index, np.arange(self._facts[index].num_frames)))[needed]
        else:
            frames = self._decode(index, needed)
        return frames[places.reshape(wanted.shape)]

    def _decode(self, index: int, wanted: Int[np.ndarray, " N"]) -> UInt8[np.ndarray, "N H W 3"]:
        with naming_item(self.items[index]):
            reader = open_item(self.items[index], self._facts[index])
            return self._resize(reader.frames(wanted))
