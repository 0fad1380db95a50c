"""Decoded arrays kept in memory up to a budget."""

from collections.abc import Callable, Hashable

import numpy as np


class ArrayCache:
    """Keeps arrays by key until a byte budget is full; later keys are then computed at every call."""

    def __init__(self, *, max_bytes: int):
        self._max_bytes = max_bytes
        self._bytes = 0
        self._arrays: dict[Hashable, np.ndarray] = {}

    def has_room_for(self, key: Hashable, num_bytes: int) -> bool:
        """Say whether `key` is kept already, or an array of `num_bytes` would be."""
        return key in self._arrays or self._bytes + num_bytes <= self._max_bytes

    def get(self, key: Hashable, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the array of `key`, computing it if it is not kept."""
        if key in self._arrays:
            return self._arrays[key]
        array = compute()
        if self.has_room_for(key, array.nbytes):
            self._arrays[key] = array
            self._bytes += array.nbytes
        return array
