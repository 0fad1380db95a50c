"""Entries drawn from one generation, to be read."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int, UInt64

from flowbank.batch import Values
from flowbank.errors import BankInputError, BankStorageError
from flowbank.snapshot import Snapshot


class Draw:
    """Entries of one generation, one per draw; holds that generation, so what is read belongs together.

    Args:
        snapshot: where the rows are.
        rows: row of each drawn entry, −1 where the class is empty.
    """

    def __init__(self, snapshot: Snapshot, rows: Int[np.ndarray, " n"]) -> None:
        self._snapshot = snapshot
        self._rows = rows

    def __len__(self) -> int:
        return self._rows.size

    def __getitem__(self, places: "slice | Sequence[int] | np.ndarray | torch.Tensor") -> "Draw":
        """Return some of the draws: a slice, or places or a mask as numpy and torch take them."""
        if isinstance(places, torch.Tensor):
            places = places.cpu().numpy()
        elif not isinstance(places, slice):
            places = np.asarray(places, dtype=None if len(places) else np.int64)
        try:
            return Draw(self._snapshot, self._rows[places].reshape(-1))
        except IndexError as error:
            raise BankInputError(f"places do not fit {len(self)} draws ({error}): give places or a mask") from error

    def split(self, size: int) -> "Iterator[Draw]":
        """Yield the draws in parts of `size`, the last one shorter, so that a part at a time is in memory."""
        if size < 1:
            raise BankInputError(f"size is {size}: give at least 1")
        for start in range(0, len(self), size):
            yield self[start : start + size]

    @property
    def labels(self) -> Int[torch.Tensor, " n"]:
        """Class of each entry, −1 for a miss."""
        labels = np.full(self._rows.size, -1, dtype=np.int64)
        found = self._rows >= 0
        labels[found] = self._snapshot.index.entries["label"][self._rows[found]]
        return torch.from_numpy(labels)

    @property
    def uids(self) -> UInt64[np.ndarray, " n"]:
        """A number that no other entry has, 0 for a miss; an update changes it."""
        uids = np.zeros(self._rows.size, dtype=np.uint64)
        found = self._rows >= 0
        uids[found] = self._snapshot.index.entries["uid"][self._rows[found]]
        return uids

    @property
    def hit(self) -> Bool[torch.Tensor, " n"]:
        """Whether the class had an entry."""
        return torch.from_numpy(self._rows >= 0)

    @property
    def confidences(self) -> Float[torch.Tensor, " n"]:
        """Confidence of each entry as inserted, NaN for a miss."""
        confidences = np.full(self._rows.size, np.nan)
        found = self._rows >= 0
        confidences[found] = self._snapshot.index.entries["confidence"][self._rows[found]]
        return torch.from_numpy(confidences)

    @property
    def keys(self) -> list[str | None]:
        """Key of each entry, None for a miss or an entry without one."""
        return [self._snapshot.index.text(row)["key"] if row >= 0 else None for row in self._rows.tolist()]

    @property
    def metadata(self) -> list[dict[str, Any] | None]:
        """Metadata of each entry, None for a miss or an entry without any."""
        return [self._snapshot.index.text(row)["metadata"] if row >= 0 else None for row in self._rows.tolist()]

    def read(
        self,
        *,
        array: str = "clip",
        out: Values | None = None,
        pin_memory: bool = False,
    ) -> "Float32[torch.Tensor, ' n *shape']":
        """Return one array of the drawn entries (flow in px).

        Args:
            array: which array.
            out: a contiguous float32 buffer of shape `(n, *shape)` to fill; the rows of misses keep what they hold.
                Without it a new tensor is returned, zero where the class is empty.
            pin_memory: make the new tensor page-locked, for a fast copy to a GPU (needs CUDA).

        Raises:
            BankInputError: there is no such array, or `out` does not fit.
        """
        target, buffer = output_buffer(self._snapshot, len(self), array=array, out=out, pin_memory=pin_memory)
        if out is None:
            buffer[self._rows < 0] = 0

        for place in np.flatnonzero(self._rows >= 0).tolist():
            self._snapshot.read_into(int(self._rows[place]), buffer[place], array=array)
        return target


def read_means(
    snapshot: Snapshot,
    labels: list[int],
    *,
    array: str,
    out: Values | None,
    pin_memory: bool,
) -> "tuple[Float32[torch.Tensor, ' n *shape'], Bool[torch.Tensor, ' n']]":
    """Return the mean of each label's class and whether the class has one; arguments as in `Draw.read`."""
    if not snapshot.config.keep_means:
        raise BankInputError("reduction is 'mean', but this bank was created with keep_means=False: choose another")
    target, buffer = output_buffer(snapshot, len(labels), array=array, out=out, pin_memory=pin_memory)
    first: dict[int, int] = {}
    for place, label in enumerate(labels):
        if label in first:
            if snapshot.counts[label] or out is None:
                buffer[place] = buffer[first[label]]
            continue
        first[label] = place
        if snapshot.counts[label]:
            snapshot.mean_into(label, buffer[place], array=array)
        elif out is None:
            buffer[place] = 0
    return target, torch.from_numpy(snapshot.counts[labels] > 0)


def output_buffer(
    snapshot: Snapshot, size: int, *, array: str, out: Values | None, pin_memory: bool
) -> tuple[torch.Tensor, np.ndarray]:
    """Return the tensor to hand back and the same memory as an array."""
    if array not in snapshot.config.arrays:
        raise BankInputError(f"array is {array!r}: choose one of {', '.join(snapshot.config.arrays)}")
    shape = (size, *snapshot.config.arrays[array].shape)
    if out is None:
        if pin_memory:
            if not torch.cuda.is_available():
                raise BankInputError("pin_memory is True, but there is no CUDA device: leave it at False")
            target = torch.empty(shape, pin_memory=True)
            return target, target.numpy()
        try:
            buffer = np.empty(shape, dtype=np.float32)  # numpy asks for huge pages, torch does not
        except (MemoryError, ValueError) as error:
            raise BankStorageError(
                f"{size} arrays of shape {shape[1:]} do not fit into memory: read fewer at a time"
            ) from error
        return torch.from_numpy(buffer), buffer
    if pin_memory:
        raise BankInputError("pin_memory is for new tensors: pin the buffer that you pass as out yourself")
    target = torch.from_numpy(out) if isinstance(out, np.ndarray) else out
    if target.shape != shape or target.dtype != torch.float32 or not target.is_contiguous() or target.is_cuda:
        raise BankInputError(
            f"out is {tuple(target.shape)} {target.dtype} on {target.device}: give a contiguous float32 buffer of"
            f" shape {shape} in host memory"
        )
    return target, target.detach().numpy()
