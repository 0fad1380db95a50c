from pathlib import Path

import numpy as np
import pytest
from flowbank import BankFormatError
from flowbank.slab import Slab, SlotAllocator
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule


def test_a_record_comes_back_through_the_file_and_the_mapping(tmp_path: Path, rng):
    slab = Slab(tmp_path / "s", record_bytes=100, writable=True)
    records = rng.integers(0, 256, (3, 100), dtype=np.uint8)
    for slot in (2, 0, 1):
        slab.write(slot, records[slot])
    back = np.empty(100, np.uint8)
    slab.read_into(1, back)
    np.testing.assert_array_equal(back, records[1])
    np.testing.assert_array_equal(slab.map(3), records)
    slab.close()


def test_a_mapping_outlives_the_closed_file(tmp_path: Path):
    slab = Slab(tmp_path / "s", record_bytes=4, writable=True)
    slab.write(0, np.arange(4, dtype=np.uint8))
    mapped = slab.map(1)
    slab.close()
    assert mapped.tolist() == [[0, 1, 2, 3]]


def test_a_truncated_file_is_refused_when_mapped_and_when_read(tmp_path: Path):
    slab = Slab(tmp_path / "s", record_bytes=4, writable=True)
    slab.write(0, np.arange(4, dtype=np.uint8))
    with pytest.raises(BankFormatError, match="truncated"):
        slab.map(2)
    with pytest.raises(BankFormatError, match="truncated"):
        slab.read_into(1, np.empty(4, np.uint8))
    slab.close()


class AllocatorMachine(RuleBasedStateMachine):
    """Against a plain dictionary of how often each slot is held."""

    taken = Bundle("taken")

    def __init__(self):
        super().__init__()
        self.allocator = SlotAllocator()
        self.held: dict[int, int] = {}

    @rule(target=taken)
    def take(self):
        slot = self.allocator.take()
        assert slot == next(s for s in range(len(self.held) + 1) if s not in self.held)
        self.held[slot] = 1
        return slot

    @rule(slot=taken)
    def hold(self, slot):
        if slot in self.held:
            self.allocator.hold(np.array([slot]))
            self.held[slot] += 1

    @rule(slot=consumes(taken))
    def release(self, slot):
        while slot in self.held:
            self.allocator.release([slot])
            self.held[slot] -= 1
            if not self.held[slot]:
                del self.held[slot]

    @rule()
    def shrink(self):
        assert self.allocator.shrink() == max(self.held, default=-1) + 1

    @invariant()
    def end_is_after_all_held_slots(self):
        assert self.allocator.end > max(self.held, default=-1)


TestAllocator = AllocatorMachine.TestCase
