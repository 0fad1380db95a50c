"""The mean of a class is that of its entries, whatever came and went."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from flowbank import ArraySpec, BankInputError, FlowBank
from hypothesis import given, settings
from hypothesis import strategies as st

EXTREMES = [0.0, 1.0, 2.0, 3.0, -1.0, 1e30, -1e30, 3.4e38, -3.4e38, 1e-30, 1e-45, 0.1, 16777216.0, 1e16, -1e16]
floats = st.one_of(st.sampled_from(EXTREMES), st.floats(width=32, allow_nan=False, allow_infinity=False))
small = st.floats(width=16, allow_nan=False, allow_infinity=False)
entries = st.lists(st.tuples(st.integers(0, 9), floats, small, st.integers(0, 255)), min_size=0, max_size=6)


def make(folder: Path, *, capacity: int = 4) -> FlowBank:
    arrays = {"single": ArraySpec((2,), "float32"), "half": ArraySpec((1,), "float16")}
    return FlowBank.create(folder, num_classes=1, capacity=capacity, clip_shape=(1,), bound=127.5, arrays=arrays)


def insert(bank: FlowBank, given: list[tuple[int, float, float, int]]) -> None:
    bank.insert(
        [0] * len(given),
        [float(confidence) for confidence, *_ in given],
        np.array([[code] for *_, code in given], np.uint8).reshape(-1, 1),
        arrays={
            "single": np.array([[single, -single] for _, single, _, _ in given], np.float32).reshape(-1, 2),
            "half": np.array([[half] for _, _, half, _ in given], np.float32).reshape(-1, 1),
        },
    )


def check_means(bank: FlowBank) -> None:
    """Against exact sums of what is stored (math.fsum rounds once); the bank may round once more, to float32."""
    snapshot = bank.snapshot
    rows = range(len(bank))
    if not rows:
        assert bank.sample([0], reduction="mean")[1].tolist() == [False]
        return
    for name in bank.config.arrays:
        mean = bank.sample([0], reduction="mean", array=name)[0][0].double().numpy()
        stored = np.array([snapshot.stored(row, array=name) for row in rows], np.float64)
        if name == "clip":
            stored -= 127.5
        for place in range(stored.shape[1]):
            values = stored[:, place].tolist()
            exact = math.fsum(values) / len(values)
            assert abs(mean[place] - exact) <= 2**-22 * abs(exact) + 1e-45 + 1e-5 * (name == "clip"), (name, values)


def test_a_huge_entry_that_left_leaves_no_trace_in_the_mean(tmp_path):
    with make(tmp_path / "bank", capacity=3) as bank:
        insert(bank, [(9, 1e30, 0, 0), (8, 1, 0, 0), (7, 2, 0, 0)])
        bank.commit()
        check_means(bank)
        bank.clear()
        insert(bank, [(1, 1e30, 0, 0), (8, 1, 0, 0), (7, 2, 0, 0)])
        bank.commit()
        insert(bank, [(6, 3, 0, 0)])
        bank.commit()
        assert bank.sample([0], reduction="mean", array="single")[0][0].tolist() == [2.0, -2.0]


def test_values_that_cancel_are_summed_exactly(tmp_path):
    with make(tmp_path / "bank") as bank:
        insert(bank, [(9, 1e30, 0, 0), (8, 1, 0, 0), (7, 1e16, 0, 0), (6, -1e30, 0, 0)])
        bank.commit()
        check_means(bank)
        insert(bank, [(10, -1e16, 0, 0)])
        bank.commit()
        check_means(bank)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(entries, st.sampled_from(["commit", "clear", "reopen", "go back"])), max_size=7))
def test_the_mean_is_right_after_any_inserts_of_any_values(steps):
    with tempfile.TemporaryDirectory() as folder:
        bank = make(Path(folder) / "bank")
        bank.pin("start")
        state = bank.state_dict()
        for given_entries, act in steps:
            insert(bank, given_entries)
            if act == "clear":
                bank.clear()
            elif act == "reopen":
                bank.commit()
                bank.close()
                bank = FlowBank.open(Path(folder) / "bank", mode="r+")
            elif act == "go back":
                bank.commit()
                bank.pin("now")
                now = bank.state_dict()
                bank.load_state_dict(state)
                check_means(bank)
                bank.load_state_dict(now)
            bank.commit()
            check_means(bank)
        bank.close()


def test_a_commit_reads_only_what_changed_where_sums_stay_exact(tmp_path, monkeypatch):
    """Whole numbers in doubles do not round, so a class need not be summed anew."""
    with make(tmp_path / "bank", capacity=50) as bank:
        insert(bank, [(n, n, 0, n) for n in range(40)])
        bank.commit()
        reads = []
        read_into = type(bank.writer._entries).read_into

        def counted(slab, slot, record):
            reads.append(slot)
            read_into(slab, slot, record)

        monkeypatch.setattr(type(bank.writer._entries), "read_into", counted)
        insert(bank, [(90, 90, 0, 1)])
        bank.commit()
        assert len(reads) == 2  # the old sums and the new entry
        insert(bank, [(91, 1e30, 0, 1)])
        bank.commit()
        assert len(reads) > 40
        check_means(bank)


def test_more_entries_than_a_sum_of_codes_can_hold_need_a_bank_without_means(tmp_path):
    settings = {"num_classes": 1, "capacity": 2**24 + 1, "clip_shape": (1,)}
    with pytest.raises(BankInputError, match="keep_means=False"):
        FlowBank.create(tmp_path / "x", **settings)
    FlowBank.create(tmp_path / "x", **settings, keep_means=False).close()
