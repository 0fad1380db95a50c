"""Labelled videos as the source of a two-stream method: evenly spread frames with their estimated flow."""

import numpy as np
from jaxtyping import UInt8

from videoda_train.data.source_dataset import SourceSample
from videoda_train.data.target_dataset import TargetDataset


class SourceVideos:
    """The videos of one list, prepared like the target's, with their labels."""

    def __init__(self, videos: TargetDataset):
        self.items = videos.items
        self._videos = videos

    def __len__(self) -> int:
        return len(self.items)

    def sample(self, index: int, rng: np.random.Generator) -> SourceSample:
        """Return clip `index` with one crop and flip, drawn from `rng`, for RGB and flow alike."""
        rgb, flow_codes = self._videos.even_clip(index, rng)
        return SourceSample(rgb=rgb, flow_codes=flow_codes, label=self.items[index].known_label)

    def flow(self, index: int, rng: np.random.Generator) -> UInt8[np.ndarray, "T S S 2"]:
        """Return the flow codes of clip `index` alone, no frame decoded."""
        return self._videos.even_flow(index, rng)
