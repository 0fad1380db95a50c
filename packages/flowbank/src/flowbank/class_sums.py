"""The sum of each class's entries, kept up to date from what a commit changes.

Sums of codes are integers and exact. A sum of floats is kept in double precision and changed by what came and went
only as long as no addition has to round; from the first that does, the class is summed anew at each of its commits, in
three doubles that catch each other's rounding. So one huge value cannot wash out the others, and leaves no trace once
it has gone.
"""

import zlib

import numpy as np
from jaxtyping import Float64, Int, UInt8

from flowbank.codec import BLOCK
from flowbank.config import BankConfig
from flowbank.index import Index
from flowbank.slab import Slab, SlotAllocator


def write_sums(
    config: BankConfig,
    *,
    old: Index,
    new: Index,
    changed: set[int],
    exact: set[int],
    entries: Slab,
    sums: Slab,
    slots: SlotAllocator,
) -> tuple[Int[np.ndarray, " n"], set[int]]:
    """Fill the class table of `new` and store the sums of the classes that changed.

    Args:
        config: the bank's config.
        old: the generation before; its records are still in place.
        new: the generation to publish; its class table is filled in.
        changed: the classes whose entries may differ.
        exact: the classes whose stored sums of `old` are known to be exact.
        entries: the records of both generations.
        sums: where the sums are stored.
        slots: gives slots of `sums`.

    Returns:
        The slots taken, and the classes whose sums of `new` are known to be exact.
    """
    new.classes["sum_slot"] = old.classes["sum_slot"]
    new.classes["sum_crc"] = old.classes["sum_crc"]
    now_exact = set(exact)
    taken: list[int] = []
    total = _Total(config, entries)
    integers = all(spec.codec == "flow-uint8" for spec in config.arrays.values())
    try:
        for label in sorted(changed):
            before = _slots_of(old, label)
            after = _slots_of(new, label)
            if not after.size:
                new.classes[label] = (0, -1, 0)
                now_exact.discard(label)
                continue
            added = np.setdiff1d(after, before)
            removed = np.setdiff1d(before, after)
            is_exact = False
            if before.size and added.size + removed.size < after.size and (integers or label in exact):
                sums.read_into(int(old.classes["sum_slot"][label]), total.record)
                total.start(from_record=True)
                is_exact = total.add(removed, sign=-1, may_round=False) and total.add(added, sign=1, may_round=False)
            if not is_exact:
                total.start(from_record=False)
                is_exact = total.add(after, sign=1, may_round=True)
            total.finish()
            (now_exact.add if is_exact else now_exact.discard)(label)
            taken.append(slots.take())
            sums.write(taken[-1], total.record)
            new.classes[label] = (after.size, taken[-1], zlib.crc32(total.record.data))
    except BaseException:
        slots.release(taken)
        raise
    return np.array(taken, dtype=np.int64), now_exact


class _Total:
    """A record of sums under way.

    Args:
        config: the bank's config.
        entries: where records are read.
    """

    def __init__(self, config: BankConfig, entries: Slab) -> None:
        self._config = config
        self._entries = entries
        self._stored = np.empty(config.record_bytes, dtype=np.uint8)
        self.record: UInt8[np.ndarray, " sums"] = np.empty(config.sum_record_bytes, dtype=np.uint8)
        self._rest: dict[str, Float64[np.ndarray, "2 elements"]] = {}

    def start(self, *, from_record: bool) -> None:
        """Begin with what `record` holds, or with nothing."""
        self._rest = {}
        if not from_record:
            self.record[:] = 0

    def add(self, slots: Int[np.ndarray, " n"], *, sign: int, may_round: bool) -> bool:
        """Add (sign 1) or subtract (−1) entries; return whether the sums are exact, or False once they must round."""
        is_exact = True
        for slot in slots.tolist():
            self._entries.read_into(slot, self._stored)
            for name, spec in self._config.arrays.items():
                start, sum_start = self._config.offsets[name], self._config.sum_offsets[name]
                values = self._stored[start : start + spec.nbytes].view(spec.dtype)
                total = self.record[sum_start : sum_start + spec.elements * spec.sum_dtype.itemsize].view(
                    spec.sum_dtype
                )
                if spec.codec == "flow-uint8":
                    (np.add if sign > 0 else np.subtract)(total, values, out=total)
                    continue
                for first in range(0, spec.elements, BLOCK):
                    part = slice(first, first + BLOCK)
                    error = _add_exactly(total[part], sign * values[part].astype(np.float64))
                    if error is None:
                        continue
                    is_exact = False
                    if not may_round:
                        return False
                    if name not in self._rest:
                        self._rest[name] = np.zeros((2, spec.elements))
                    middle, low = self._rest[name][:, part]
                    error = _add_exactly(middle, error)
                    if error is not None:
                        low += error
        return is_exact

    def finish(self) -> None:
        """Round what the three doubles hold to the one that is stored."""
        for name, (middle, low) in self._rest.items():
            spec, start = self._config.arrays[name], self._config.sum_offsets[name]
            total = self.record[start : start + spec.elements * spec.sum_dtype.itemsize].view(spec.sum_dtype)
            error = _add_exactly(total, middle)
            total += low if error is None else low + error


def _add_exactly(
    total: Float64[np.ndarray, " n"], values: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"] | None:
    """Add to `total` and return what rounding lost, None where that is nothing (Knuth's two-sum)."""
    before = total.copy()
    total += values
    share = total - before
    error = (before - (total - share)) + (values - share)
    return error if error.any() else None


def _slots_of(index: Index, label: int) -> Int[np.ndarray, " k"]:
    start = int(index.starts[label])
    return index.entries["slot"][start : start + int(index.classes["count"][label])]
