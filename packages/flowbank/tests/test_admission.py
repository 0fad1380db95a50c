import itertools
import math

import numpy as np
import pytest
from flowbank import Admission, BankInputError, FlowBank
from flowbank.admission import survivors
from hypothesis import given
from hypothesis import strategies as st


def test_what_is_less_confident_than_the_minimum_is_refused(make_bank, flows):
    bank = make_bank(admission=Admission(min_confidence=0.5))
    assert bank.insert([0, 0, 0], [0.4, 0.5, 0.6], flows(3)).tolist() == [False, True, True]


def test_a_key_keeps_its_n_most_confident_entries_over_all_classes(make_bank, marked, contents):
    bank = make_bank(codec="float32", admission=Admission(max_per_key=2))
    keys = ["a", "a", "b", "a", "a", None, None, None]
    labels = [0, 1, 0, 2, 0, 1, 1, 1]
    taken = bank.insert(labels, [0.5, 0.3, 0.1, 0.4, 0.2, 0.9, 0.8, 0.7], marked(range(8)), keys=keys)
    bank.commit()
    assert taken.tolist() == [True] * 4 + [False] + [True] * 3
    assert contents(bank) == [[0, 2], [5, 6, 7], [3]]


def test_an_entry_replaces_the_one_with_its_key_even_if_less_confident(make_bank, marked, contents):
    bank = make_bank(codec="float32", admission=Admission(replace_key=True))
    bank.insert([0, 1], [0.9, 0.5], marked([1, 2]), keys=["a", "b"])
    bank.commit()
    bank.insert([2], [0.1], marked([3]), keys=["a"])
    bank.commit()
    assert contents(bank) == [[], [2], [3]]


def test_a_refused_entry_replaces_nothing(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=1, admission=Admission(replace_key=True))
    bank.insert([0, 1], [0.9, 0.5], marked([1, 2]), keys=["a", "b"])
    assert not bank.insert([0], [0.8], marked([3]), keys=["b"])[0]
    bank.commit()
    assert contents(bank) == [[1], [2], []]


def test_replacing_makes_room_in_a_full_class(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=1, admission=Admission(replace_key=True))
    bank.insert([0], [0.9], marked([1]), keys=["a"])
    bank.insert([0], [0.1], marked([2]), keys=["a"])
    bank.commit()
    assert contents(bank)[0] == [2]


def test_keys_are_known_after_reopening(make_bank, marked, contents):
    bank = make_bank(codec="float32", admission=Admission(max_per_key=1))
    bank.insert([0], [0.5], marked([1]), keys=["a"])
    bank.commit()
    bank.close()
    with FlowBank.open(bank.folder, mode="r+") as again:
        taken = again.insert([1, 1], [0.4, 0.6], marked([2, 3]), keys=["a", "a"])
        again.commit()
        assert taken.tolist() == [False, True]
        assert contents(again) == [[], [3], []]


def test_the_top_fraction_of_all_offered_is_kept_over_all_classes(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=10, admission=Admission(top_fraction=0.3))
    bank.insert([0, 1, 2, 0, 1, 2, 0, 1], [0.8, 0.1, 0.2, 0.7, 0.9, 0.3, 0.4, 0.5], marked(range(8)))
    bank.commit()
    assert contents(bank) == [[0, 3], [4], []]
    bank.commit()
    assert sum(map(len, contents(bank))) == math.ceil(0.3 * 8)


def test_a_total_capacity_is_shared_evenly(make_bank, flows):
    bank = make_bank(capacity=10, admission=Admission(total_capacity=7))
    bank.insert([0] * 8 + [1] * 3 + [2], np.linspace(1, 0, 12), flows(12))
    bank.commit()
    assert bank.counts().tolist() == [3, 3, 1]


def test_old_entries_give_way_as_their_confidence_decays(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=1, admission=Admission(age_decay=0.5))
    bank.insert([0], [0.8], marked([1]))
    bank.commit()
    assert not bank.insert([0], [0.39], marked([2]))[0]  # 0.8 · 0.5 = 0.4
    bank.commit()
    assert bank.insert([0], [0.21], marked([3]))[0]  # 0.8 · 0.5² = 0.2
    bank.commit()
    assert contents(bank)[0] == [3]


def test_what_decays_below_the_minimum_goes(make_bank, flows):
    bank = make_bank(admission=Admission(age_decay=0.5, min_confidence=0.3))
    bank.insert([0, 0], [0.9, 0.5], flows(2))
    counts = []
    for _ in range(4):
        bank.commit()
        counts.append(int(bank.counts()[0]))
    assert counts == [2, 1, 0, 0]


def test_decayed_confidences_weigh_the_draws(make_bank, flows):
    bank = make_bank(admission=Admission(age_decay=0.5))
    bank.insert([0], [0.8], flows(1))
    bank.commit()
    bank.insert([0], [0.4], flows(1))
    bank.commit()
    np.testing.assert_allclose(bank.snapshot.weights(0), [0.4, 0.4])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=30),
    st.integers(1, 12),
)
def test_an_even_share_takes_from_the_largest_class_only(entries, total):
    labels = np.array([label for label, _ in entries], dtype=np.int64)
    scores = np.array([score for _, score in entries], dtype=np.float64)
    keep = survivors(
        Admission(total_capacity=total),
        labels=labels,
        scores=scores,
        order=np.arange(labels.size),
        effective=scores,
        offered=labels.size,
    )
    kept = np.bincount(labels[keep], minlength=4)
    had = np.bincount(labels, minlength=4)
    assert kept.sum() == min(total, labels.size)
    for label in range(4):
        if kept[label] < had[label]:
            assert kept[label] >= kept.max() - 1
    for i, j in itertools.permutations(range(labels.size), 2):
        if labels[i] == labels[j] and keep[j] and not keep[i]:
            assert (scores[j], -j) > (scores[i], -i)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_confidence": math.nan},
        {"max_per_key": 0},
        {"total_capacity": -1},
        {"top_fraction": 0.0},
        {"top_fraction": 1.5},
        {"age_decay": -0.1},
        {"replace_key": True, "max_per_key": 2},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BankInputError):
        Admission(**wrong)
