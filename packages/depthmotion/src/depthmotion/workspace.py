"""Arrays that the making of one frame fills and the next frame uses again."""

from __future__ import annotations

import numpy as np


class Workspace:
    """Scratch arrays for frames of one size; belongs to one thread at a time.

    `index` int32: the point that each pixel shows (see `holes` for its codes), -1 none; `nearness` float32: its inverse
    depth, 0 for none, negative where a surface is only continued. Both and `marked` have a border of one pixel
    that shows nothing. `steps`: the cells beside which something nearer was found; `cells` and `mixtures`: see
    `find_silhouettes`.
    """

    def __init__(self, height: int, width: int) -> None:
        size = height * width
        self.index = np.empty((height + 2, width + 2), np.int32)
        self.nearness = np.empty((height + 2, width + 2), np.float32)
        self.marked = np.pad(np.zeros((height, width), np.uint8), 1, constant_values=1)
        self.queue = np.empty(size, np.int32)
        self.ends = np.empty(size, np.int32)
        self.column_ends = np.empty(width + 2, np.int32)
        self.steps = np.empty(2 * size, np.int32)
        self.winners = np.empty(size, np.int32)
        self.values = np.empty(size, np.float32)
        self.cells = np.empty(size, np.int32)
        self.mixtures = np.empty((size, 6), np.float32)
        self.flags = np.zeros(-(-width // 8) * 8, np.uint8)
        self.xy = np.empty((height, width), np.int32)
        self.fraction = np.empty((height, width), np.uint16)

    def clear(self) -> None:
        """Begin a frame that shows nothing yet."""
        self.index.fill(-1)
        self.nearness.fill(0)
