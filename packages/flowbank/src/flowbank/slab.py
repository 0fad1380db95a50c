"""A file of equally large records, and who uses which."""

import heapq
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8

from flowbank.errors import BankFormatError
from flowbank.files import open_regular


class Slab:
    """A file of records of `record_bytes` bytes each, addressed by slot number.

    Written with `pwrite`, never through a mapping: a full disk is then an error and not a SIGBUS.
    """

    def __init__(self, path: Path, *, record_bytes: int, writable: bool) -> None:
        self.path = path
        self.record_bytes = record_bytes
        flags = (os.O_RDWR | os.O_CREAT) if writable else os.O_RDONLY
        self._fd = open_regular(path, flags, written_in_place=writable)

    def write(self, slot: int, record: UInt8[np.ndarray, " bytes"]) -> None:
        """Write one record into the page cache; `sync` makes it last."""
        view = record.data.cast("B")
        position = slot * self.record_bytes
        while view:
            written = os.pwrite(self._fd, view, position)
            view = view[written:]
            position += written

    def read_into(self, slot: int, record: UInt8[np.ndarray, " bytes"]) -> None:
        """Fill `record` from one slot.

        Raises:
            BankFormatError: the file ends before the slot does.
        """
        got = os.preadv(self._fd, [record.data], slot * self.record_bytes)
        if got != self.record_bytes:
            raise BankFormatError(f"{self.path} is truncated: slot {slot} holds {got} of {self.record_bytes} bytes")

    @property
    def slots(self) -> int:
        """Number of whole records in the file."""
        return os.fstat(self._fd).st_size // self.record_bytes

    def sync(self) -> None:
        """Wait until every written record is on the disk."""
        os.fdatasync(self._fd)

    def truncate(self, slots: int) -> None:
        """Give the space of all slots from `slots` on back to the file system."""
        if os.fstat(self._fd).st_size > slots * self.record_bytes:
            os.ftruncate(self._fd, slots * self.record_bytes)

    def map(self, slots: int) -> UInt8[np.ndarray, "slots bytes"]:
        """Map the first `slots` records for reading; the array lives on after `close`.

        Raises:
            BankFormatError: the file is shorter than that.
        """
        if slots == 0:
            return np.zeros((0, self.record_bytes), dtype=np.uint8)
        size = os.fstat(self._fd).st_size
        if size < slots * self.record_bytes:
            raise BankFormatError(
                f"{self.path} is truncated: {size} of {slots * self.record_bytes} bytes; restore it from a copy"
            )
        mapping = mmap.mmap(self._fd, slots * self.record_bytes, access=mmap.ACCESS_READ)
        return np.frombuffer(mapping, dtype=np.uint8).reshape(slots, self.record_bytes)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class SlotAllocator:
    """Counts the holders of every slot (generations, staged entries) and hands out free ones, lowest first."""

    def __init__(self) -> None:
        self._holders = np.zeros(64, dtype=np.int32)
        self._free: list[int] = []
        self._end = 0

    @property
    def end(self) -> int:
        """The first slot after all those in use."""
        return self._end

    def take(self) -> int:
        """Return a free slot, now held once."""
        if self._free:
            slot = heapq.heappop(self._free)
        else:
            slot = self._end
            self._grow(slot + 1)
        self._holders[slot] = 1
        return slot

    def hold(self, slots: Int[np.ndarray, " n"]) -> None:
        """Add a holder to each of these distinct slots."""
        if slots.size:
            self._grow(int(slots.max()) + 1)
            self._holders[slots] += 1
            self._free = np.flatnonzero(self._holders[: self._end] == 0).tolist()

    def release(self, slots: Int[np.ndarray, " n"] | Iterable[int]) -> None:
        """Take a holder from each of these distinct slots; those left with none are free at once."""
        slots = np.fromiter(slots, dtype=np.int64) if not isinstance(slots, np.ndarray) else slots
        self._holders[slots] -= 1
        for slot in slots[self._holders[slots] == 0].tolist():
            heapq.heappush(self._free, slot)

    def shrink(self) -> int:
        """Forget the free slots at the end and return the new end."""
        used = np.flatnonzero(self._holders[: self._end])
        self._end = int(used[-1]) + 1 if used.size else 0
        self._free = np.flatnonzero(self._holders[: self._end] == 0).tolist()
        return self._end

    def _grow(self, end: int) -> None:
        if end > self._holders.size:
            self._holders = np.concatenate([self._holders, np.zeros(max(end, self._holders.size), dtype=np.int32)])
        self._end = max(self._end, end)
