"""The sum of each class's entries, kept up to date from what a commit changes."""

import zlib

import numpy as np
from jaxtyping import Int, UInt8

from flowbank.config import BankConfig
from flowbank.index import Index
from flowbank.slab import Slab, SlotAllocator


def write_sums(
    config: BankConfig,
    *,
    old: Index,
    new: Index,
    changed: set[int],
    entries: Slab,
    sums: Slab,
    slots: SlotAllocator,
) -> Int[np.ndarray, " n"]:
    """Fill the class table of `new` and store the sums of the classes that changed.

    Args:
        config: the bank's config.
        old: the generation before; its records are still in place.
        new: the generation to publish; its class table is filled in.
        changed: the classes whose entries may differ.
        entries: the records of both generations.
        sums: where the sums are stored.
        slots: gives slots of `sums`.

    Returns:
        The slots taken.
    """
    new.classes["sum_slot"] = old.classes["sum_slot"]
    new.classes["sum_crc"] = old.classes["sum_crc"]
    taken: list[int] = []
    buffer = np.empty(config.record_bytes, dtype=np.uint8)
    record = np.empty(config.sum_record_bytes, dtype=np.uint8)
    try:
        for label in sorted(changed):
            before = _slots_of(old, label)
            after = _slots_of(new, label)
            if not after.size:
                new.classes[label] = (0, -1, 0)
                continue
            added = np.setdiff1d(after, before)
            removed = np.setdiff1d(before, after)
            if before.size and added.size + removed.size < after.size:
                sums.read_into(int(old.classes["sum_slot"][label]), record)
            else:
                record[:] = 0
                added, removed = after, removed[:0]
            for slot in added.tolist():
                entries.read_into(slot, buffer)
                _accumulate(config, record, buffer, np.add)
            for slot in removed.tolist():
                entries.read_into(slot, buffer)
                _accumulate(config, record, buffer, np.subtract)
            taken.append(slots.take())
            sums.write(taken[-1], record)
            new.classes[label] = (after.size, taken[-1], zlib.crc32(record.data))
    except BaseException:
        slots.release(taken)
        raise
    return np.array(taken, dtype=np.int64)


def _slots_of(index: Index, label: int) -> Int[np.ndarray, " k"]:
    start = int(index.starts[label])
    return index.entries["slot"][start : start + int(index.classes["count"][label])]


def _accumulate(
    config: BankConfig, record: UInt8[np.ndarray, " sums"], stored: UInt8[np.ndarray, " bytes"], operation: np.ufunc
) -> None:
    """Add an entry to, or subtract it from, a record of sums."""
    for name, spec in config.arrays.items():
        start, sum_start = config.offsets[name], config.sum_offsets[name]
        values = stored[start : start + spec.nbytes].view(spec.dtype)
        total = record[sum_start : sum_start + spec.elements * spec.sum_dtype.itemsize].view(spec.sum_dtype)
        operation(total, values, out=total)
