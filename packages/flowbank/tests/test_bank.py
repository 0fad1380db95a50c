from pathlib import Path

import numpy as np
import pytest
import torch
from flowbank import ArraySpec, BankModeError, FlowBank


def test_a_class_keeps_its_most_confident_entries(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=2)
    taken = bank.insert([0, 0, 0, 1], [0.1, 0.3, 0.2, 0.0], marked([1, 3, 2, 9]))
    bank.commit()
    assert taken.tolist() == [True] * 4
    assert contents(bank) == [[3, 2], [9], []]


def test_a_tie_keeps_the_earlier(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=2)
    taken = bank.insert([0] * 4, [0.5, 0.5, 0.5, 0.6], marked([1, 2, 3, 4]))
    bank.commit()
    assert taken.tolist() == [True, True, False, True]
    assert contents(bank)[0] == [4, 1]


def test_the_published_rule_on_ten_thousand_inserts_equals_a_sorted_list(make_bank, rng, marked, contents):
    bank = make_bank(codec="float32", num_classes=5, capacity=60, keep_means=False)
    labels = rng.integers(0, 5, 10_000)
    confidences = rng.integers(0, 2000, 10_000) / 2000  # many ties
    for start in range(0, 10_000, 500):
        part = slice(start, start + 500)
        bank.insert(labels[part], confidences[part], marked(np.arange(10_000)[part]))
        if start % 2000 == 0:
            bank.commit()
    bank.commit()
    expected = [
        sorted(np.flatnonzero(labels == label).tolist(), key=lambda i: (-confidences[i], i))[:60] for label in range(5)
    ]
    assert contents(bank) == expected


def test_inserts_are_seen_after_commit_only(make_bank, marked):
    bank = make_bank()
    bank.insert([0], [0.5], marked([1]))
    assert bank.counts().tolist() == [0, 0, 0]
    assert bank.counts(staged=True).tolist() == [1, 0, 0]
    assert bank.commit() == 1
    assert bank.counts().tolist() == [1, 0, 0]


def test_clear_is_seen_after_commit_only_and_a_refill_can_share_its_commit(make_bank, marked, contents):
    bank = make_bank(codec="float32")
    bank.insert([0, 1], [0.9, 0.9], marked([1, 2]))
    bank.commit()
    bank.clear()
    bank.insert([1], [0.1], marked([3]))
    assert contents(bank) == [[1], [2], []]
    bank.commit()
    assert contents(bank) == [[], [3], []]


def test_a_cleared_bank_gives_its_disk_space_back(make_bank, flows):
    bank = make_bank()
    bank.insert([0] * 4, [1, 2, 3, 4], flows(4))
    bank.commit()
    bank.clear()
    bank.commit()
    assert (bank.folder / "entries.slab").stat().st_size == 0
    assert (bank.folder / "sums.slab").stat().st_size == 0


def test_reopening_finds_what_was_committed_and_nothing_else(make_bank, tmp_path: Path, marked, contents):
    bank = make_bank(codec="float32")
    bank.insert([0, 2], [0.5, 0.25], marked([1, 2]), keys=["a", None], metadata=[None, {"frame": 7}])
    bank.commit()
    bank.insert([1], [1.0], marked([3]))
    bank.close()
    with FlowBank.open(tmp_path / "bank", mode="r+") as again:
        assert contents(again) == [[1], [], [2]]
        drawn = again.draw([0, 1, 2])
        assert drawn.hit.tolist() == [True, False, True]
        assert drawn.keys == ["a", None, None]
        assert drawn.metadata == [None, None, {"frame": 7}]
        assert drawn.confidences.nan_to_num(-1).tolist() == [0.5, -1.0, 0.25]


def test_an_entry_beats_committed_ones_after_reopening(make_bank, tmp_path: Path, marked, contents):
    bank = make_bank(codec="float32", capacity=2)
    bank.insert([0, 0], [0.5, 0.7], marked([1, 2]))
    bank.commit()
    bank.close()
    with FlowBank.open(tmp_path / "bank", mode="r+") as again:
        assert again.insert([0, 0], [0.5, 0.6], marked([3, 4])).tolist() == [False, True]
        again.commit()
        assert contents(again)[0] == [2, 4]


def test_several_arrays_of_an_entry_stay_together(make_bank, rng, flows):
    bank = make_bank(arrays={"feature": ArraySpec((7,), "float32"), "logits": ArraySpec((3, 2), "float16")})
    clips, features = flows(4), rng.standard_normal((4, 7)).astype(np.float32)
    logits = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0)).half()
    bank.insert([0, 1, 2, 2], [1, 1, 1, 0], clips, arrays={"feature": features, "logits": logits})
    bank.commit()
    drawn = bank.draw([0, 1, 2], reduction="nearest", query=features[[0, 1, 3]])
    assert torch.equal(drawn.read(array="feature"), torch.from_numpy(features[[0, 1, 3]]))
    assert torch.equal(drawn.read(array="logits"), logits[[0, 1, 3]].float())
    np.testing.assert_allclose(drawn.read(), clips[[0, 1, 3]], atol=20 / 255 + 1e-5)


def test_a_capacity_per_class_is_kept_and_zero_shuts_a_class_out(make_bank, flows):
    bank = make_bank(capacity=[1, 0, 3])
    bank.insert([0, 1, 2] * 4, list(range(12)), flows(12))
    bank.commit()
    assert bank.counts().tolist() == [1, 0, 3]


def test_a_closed_bank_says_so(make_bank):
    bank = make_bank()
    bank.close()
    with pytest.raises(BankModeError, match="closed"):
        bank.sample([0])
    with pytest.raises(BankModeError, match="closed"):
        bank.commit()
    assert "closed" in repr(bank)


def test_a_reader_cannot_insert(make_bank, flows):
    with FlowBank.open(make_bank().folder) as reader, pytest.raises(BankModeError, match=r"mode='r\+'"):
        reader.insert([0], [0.5], flows(1))


def test_length_and_repr_tell_what_is_in_the_bank(make_bank, flows):
    bank = make_bank()
    bank.insert([0, 1], [1, 1], flows(2))
    bank.commit()
    assert len(bank) == 2
    assert "generation=1, entries=2" in repr(bank)
