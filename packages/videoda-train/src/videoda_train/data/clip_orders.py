"""Videos whose label is the order that their clips are in: what temporal ordering is evaluated on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8
from videoda_models import all_permutations

from videoda_train.data.list_file import ListItem
from videoda_train.data.view_videos import ViewVideos
from videoda_train.randomness import derive_rng


def order_names(num_clips: int) -> list[str]:
    """Return the orders of `num_clips` clips as class names, in lexicographic order: `0-1-2`, `0-2-1` and so on."""
    return ["-".join(map(str, order)) for order in all_permutations(num_clips).tolist()]


def with_random_orders(items: Sequence[ListItem], *, num_clips: int, seed: int) -> list[ListItem]:
    """Return the items labelled by an order each, which depends on the seed and the item's name alone."""
    count = len(all_permutations(num_clips))
    return [replace(item, label=int(derive_rng(seed, "evaluation-order", item.name).integers(count))) for item in items]


class OrderedVideos(ViewVideos):
    """`ViewVideos` whose evaluation shows each video's clips in the order that its label says: clip i is order[i]."""

    def evaluation_views(self, index: int) -> UInt8[np.ndarray, "V T S S 3"]:
        """Return the reordered clips."""
        views = super().evaluation_views(index)
        return views[all_permutations(len(views))[self.items[index].known_label].numpy()]
