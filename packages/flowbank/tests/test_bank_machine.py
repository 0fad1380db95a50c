import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from flowbank import FlowBank, verify
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

CLASSES, CAPACITY, SHAPE = 3, 4, (5,)


class BankMachine(RuleBasedStateMachine):
    """A bank against sorted lists of (confidence, number), with a reader that lags behind."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.bank = FlowBank.create(
            self.folder / "bank", num_classes=CLASSES, capacity=CAPACITY, clip_shape=SHAPE, codec="float32"
        )
        self.reader = FlowBank.open(self.folder / "bank")
        self.staged: list[list[tuple[float, int]]] = [[] for _ in range(CLASSES)]
        self.committed = self.copy()
        self.seen_by_reader = self.copy()
        self.states: dict[str, tuple[dict, list]] = {}
        self.number = 0

    def copy(self):
        return [list(own) for own in self.staged]

    @rule(entries=st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, 5)), min_size=1, max_size=12))
    def insert(self, entries):
        numbers = np.arange(self.number, self.number + len(entries))
        clips = np.repeat(numbers[:, None], 5, axis=1).astype(np.float32)
        self.bank.insert([label for label, _ in entries], [float(c) for _, c in entries], clips)
        for (label, confidence), number in zip(entries, numbers.tolist(), strict=True):
            own = sorted([*self.staged[label], (float(confidence), number)], key=lambda e: (-e[0], e[1]))
            self.staged[label] = own[:CAPACITY]
        self.number += len(entries)

    @rule()
    def commit(self):
        self.bank.commit()
        self.committed = self.copy()

    @rule()
    def clear(self):
        self.bank.clear()
        self.staged = [[] for _ in range(CLASSES)]

    @rule()
    def refresh_the_reader(self):
        self.reader.refresh()
        self.seen_by_reader = [list(own) for own in self.committed]

    @rule()
    def reopen(self):
        self.bank.close()
        self.bank = FlowBank.open(self.folder / "bank", mode="r+")
        self.staged = [list(own) for own in self.committed]

    @rule(name=st.sampled_from(["a", "b"]))
    def pin(self, name):
        self.bank.pin(name)
        self.states[name] = (self.bank.state_dict(), [list(own) for own in self.committed])

    @precondition(lambda self: self.states)
    @rule(data=st.data())
    def go_back(self, data):
        state, contents = self.states[data.draw(st.sampled_from(sorted(self.states)))]
        self.bank.load_state_dict(state)
        self.committed = [list(own) for own in contents]
        self.staged = self.copy_of(self.committed)

    @staticmethod
    def copy_of(contents):
        return [list(own) for own in contents]

    @rule(seed=st.integers(0, 5))
    def sample(self, seed):
        generator = torch.Generator().manual_seed(seed)
        clips, hit = self.bank.sample(list(range(CLASSES)), generator=generator)
        for label in range(CLASSES):
            assert hit[label].item() == bool(self.committed[label])
            if hit[label]:
                assert clips[label, 0].item() in [number for _, number in self.committed[label]]

    @invariant()
    def banks_hold_what_the_lists_hold(self):
        for bank, expected in ((self.bank, self.committed), (self.reader, self.seen_by_reader)):
            assert bank.counts().tolist() == [len(own) for own in expected]
            for label, own in enumerate(expected):
                rows = bank.snapshot.rows_of(label)
                clips = [bank.snapshot.stored(row, array="clip").tolist() for row in range(rows.start, rows.stop)]
                assert clips == [[number] * 5 for _, number in own]
                if own:
                    mean = bank.sample([label], reduction="mean")[0][0, 0].item()
                    assert abs(mean - np.mean([number for _, number in own])) < 1e-3
        assert self.bank.counts(staged=True).tolist() == [len(own) for own in self.staged]

    def teardown(self):
        assert verify(self.folder / "bank").problems == ()
        held = {self.bank.generation, self.reader.generation, *(s["generation"] for s, _ in self.states.values())}
        self.bank.commit()
        assert len(list((self.folder / "bank" / "generations").iterdir())) <= len(held) + 1
        self.bank.close()
        self.reader.close()
        shutil.rmtree(self.folder)


TestBankMachine = BankMachine.TestCase
TestBankMachine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
