"""Finding, changing and removing single entries; queues, reservoirs and draws from the whole bank."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from flowbank import Admission, ArraySpec, BankInputError, BankModeError, BankStorageError, FlowBank, merge, verify
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

SHAPE = (2, 3, 4, 5)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def marks(drawn) -> list[float]:
    return drawn.read()[:, 0, 0, 0, 0].tolist()


@pytest.fixture
def bank(make_bank, marked):
    """Class 0: marks 4 3 2 1, best first, keys d c b a; class 1: mark 9 without a key."""
    bank = make_bank(codec="float32", arrays={"feature": ArraySpec((2,))})
    bank.insert(
        [0, 0, 0, 0, 1],
        [1, 2, 3, 4, 1],
        marked([1, 2, 3, 4, 9]),
        keys=["a", "b", "c", "d", None],
        metadata=[{"n": 1}, None, None, None, None],
        arrays={"feature": np.arange(10, dtype=np.float32).reshape(5, 2)},
    )
    bank.commit()
    return bank


def test_all_entries_are_listed_by_class_best_first(bank):
    everything = bank.all()
    assert marks(everything) == [4, 3, 2, 1, 9]
    assert everything.labels.tolist() == [0, 0, 0, 0, 1]
    assert everything.keys == ["d", "c", "b", "a", None]
    assert everything.confidences.tolist() == [4, 3, 2, 1, 1]
    assert marks(bank.all(1)) == [9]
    assert len(bank.all(2)) == 0
    assert len(set(everything.uids.tolist())) == 5


def test_entries_are_indexed_and_split_like_arrays(bank):
    everything = bank.all()
    assert marks(everything[1:3]) == [3, 2]
    assert marks(everything[[4, 0]]) == [9, 4]
    assert marks(everything[everything.labels == 1]) == [9]
    assert marks(everything[np.array([], dtype=np.int64)]) == marks(everything[[]]) == []
    assert [marks(part) for part in everything.split(2)] == [[4, 3], [2, 1], [9]]
    for wrong in ([7], np.ones(3, dtype=bool), np.array([0.5])):
        with pytest.raises(BankInputError, match="places do not fit"):
            everything[wrong]


def test_what_is_staged_can_be_read_until_it_changes(bank, marked):
    bank.delete(["d"])
    bank.insert([2], [1.0], marked([7]), keys=["new"], arrays={"feature": np.full((1, 2), 5, np.float32)})
    staged = bank.staged()
    assert marks(staged) == [3, 2, 1, 9, 7]
    assert staged.keys[-1] == "new"
    assert staged.read(array="feature")[-1].tolist() == [5, 5]
    assert marks(bank.all()) == [4, 3, 2, 1, 9]
    bank.delete(["new"])
    with pytest.raises(BankModeError, match=r"call staged\(\) again"):
        staged.read()
    staged = bank.staged()
    bank.close()
    with pytest.raises(BankModeError, match="has changed"):
        staged.read()


def test_entries_are_deleted_by_key_or_as_drawn(bank, contents):
    assert bank.delete(["a", "nobody", "c"]) == 2
    assert bank.delete(bank.all(1)) == 1
    assert bank.delete(bank.all(1)) == 0
    assert contents(bank)[0] == [4, 3, 2, 1]
    bank.commit()
    assert contents(bank) == [[4, 2], [], []]
    assert verify(bank.folder).problems == ()
    with pytest.raises(BankInputError, match="a list of keys"):
        bank.delete("a")


def test_an_update_changes_what_is_given_and_keeps_the_rest(bank, marked):
    assert bank.update(["a", "nobody"], confidences=[5, 5], metadata=[None, None]).tolist() == [True, False]
    assert bank.update(bank.all(1), labels=[2], clips=marked([8])).tolist() == [True]
    assert bank.update(["b"], arrays={"feature": np.array([[7, 7]], np.float32)}).tolist() == [True]
    bank.commit()
    everything = bank.all()
    assert marks(everything) == [1, 4, 3, 2, 8]
    assert everything.labels.tolist() == [0, 0, 0, 0, 2]
    assert everything.confidences.tolist() == [5, 4, 3, 2, 1]
    assert everything.keys == ["a", "d", "c", "b", None]
    assert everything.metadata == [None] * 5
    assert everything.read(array="feature").tolist() == [[0, 1], [6, 7], [4, 5], [7, 7], [8, 9]]
    assert bank.sample([0], reduction="mean")[0].mean() == 2.5
    assert verify(bank.folder).problems == ()


def test_an_update_into_a_full_class_wins_its_place_or_is_gone(bank, marked, contents):
    bank.insert([1, 1, 1], [3, 2, 5], marked([6, 7, 8]), arrays={"feature": np.zeros((3, 2), np.float32)})
    assert bank.update(["a", "b"], labels=[1, 1], confidences=[0.5, 4]).tolist() == [False, True]
    bank.commit()
    assert contents(bank) == [[4, 3], [8, 2, 6, 7], []]


def test_an_update_that_is_refused_changes_nothing(bank, marked):
    before = bank.state_dict()["digest"]
    for arguments, message in (
        ({"labels": [3]}, "classes are 0 to 2"),
        ({"labels": [0, 1]}, "2 items for 1 entries"),
        ({"confidences": [float("nan")]}, "finite"),
        ({"clips": marked([1, 2])}, "clips has shape"),
        ({"clips": np.full((1, *SHAPE), np.nan, np.float32)}, "finite"),
        ({"arrays": {"other": marked([1])}}, "choose from clip, feature"),
        ({"metadata": []}, "metadata has 0 items"),
        ({"metadata": [{"x": object()}]}, "cannot be stored"),
    ):
        with pytest.raises(BankInputError, match=message):
            bank.update(["a"], **arguments)
    bank.commit()
    assert bank.state_dict()["digest"] == before


def test_a_reader_can_neither_delete_nor_update(bank):
    with FlowBank.open(bank.folder) as reader:
        for refused in (reader.delete, reader.update):
            with pytest.raises(BankModeError, match=r"mode='r\+'"):
                refused(["a"])


class EntriesMachine(RuleBasedStateMachine):
    """Inserts, updates, deletions and commits against a plain list of [label, confidence, mark, key]."""

    CAPACITY = 3

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.bank = FlowBank.create(
            self.folder / "b", num_classes=2, capacity=self.CAPACITY, clip_shape=(2,), codec="float32"
        )
        self.model: list[list] = []
        self.number = 0

    def settle(self, entry: list) -> None:
        """Let an entry into its class, which keeps its best; a newcomer loses a tie, whatever its number."""
        rivals = [other for other in self.model if other[0] == entry[0]]
        if len(rivals) == self.CAPACITY:
            worst = min(rivals, key=lambda other: (other[1], -other[2]))
            if entry[1] <= worst[1]:
                return
            self.model.remove(worst)
        self.model.append(entry)

    @rule(label=st.integers(0, 1), confidence=st.integers(0, 4), key=st.sampled_from("abc"))
    def insert(self, label, confidence, key):
        self.number += 1
        clip = np.full((1, 2), self.number, np.float32)
        self.bank.insert([label], [float(confidence)], clip, keys=[key])
        self.settle([label, float(confidence), self.number, key, self.number])

    @rule(keys=st.lists(st.sampled_from("abc"), unique=True))
    def delete(self, keys):
        assert self.bank.delete(keys) == sum(entry[3] in keys for entry in self.model)
        self.model = [entry for entry in self.model if entry[3] not in keys]

    @rule(
        data=st.data(),
        confidence=st.none() | st.integers(0, 4),
        label=st.none() | st.integers(0, 1),
        clip=st.booleans(),
    )
    def update(self, data, confidence, label, clip):
        staged = self.bank.staged()
        if not len(staged):
            return
        place = data.draw(st.integers(0, len(staged) - 1))
        one = staged[[place]]
        number = self.order()[place]
        (entry,) = [entry for entry in self.model if entry[2] == number]
        self.model.remove(entry)
        changed = list(entry)
        arguments = {}
        if confidence is not None:
            changed[1] = float(confidence)
            arguments["confidences"] = [float(confidence)]
        if label is not None:
            changed[0] = label
            arguments["labels"] = [label]
        if clip:
            self.number += 1
            changed[4] = self.number
            arguments["clips"] = np.full((1, 2), self.number, np.float32)
        self.settle(changed)
        assert self.bank.update(one, **arguments).tolist() == [changed in self.model]

    def order(self) -> list[int]:
        return [e[2] for e in sorted(self.model, key=lambda e: (e[0], -e[1], e[2]))]

    @rule(reopen=st.booleans())
    def commit(self, reopen):
        self.bank.commit()
        if reopen:
            self.bank.close()
            self.bank = FlowBank.open(self.folder / "b", mode="r+")
        self.check(self.bank.all())

    def check(self, drawn):
        expected = sorted(self.model, key=lambda e: (e[0], -e[1], e[2]))
        assert drawn.labels.tolist() == [e[0] for e in expected]
        assert drawn.confidences.tolist() == [e[1] for e in expected]
        assert drawn.keys == [e[3] for e in expected]
        assert drawn.read()[:, 0].tolist() == [e[4] for e in expected]

    @invariant()
    def the_working_set_is_the_list(self):
        self.check(self.bank.staged())

    def teardown(self):
        self.bank.commit()
        assert verify(self.folder / "b").problems == ()
        self.bank.close()
        shutil.rmtree(self.folder)


TestEntries = EntriesMachine.TestCase
TestEntries.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


def test_a_queue_keeps_the_latest_of_each_class(make_bank, marked, contents):
    bank = make_bank(codec="float32", capacity=3, admission=Admission(keep="latest"))
    assert bank.insert([0] * 5, [9, 8, 7, 6, 5], marked([1, 2, 3, 4, 5])).all()
    bank.commit()
    assert contents(bank)[0] == [5, 4, 3]
    bank.close()
    with FlowBank.open(bank.folder, mode="r+") as again:
        again.insert([0, 1], [0, 0], marked([6, 7]))
        again.commit()
        assert contents(again) == [[6, 5, 4], [7], []]
    with merge([bank.folder, bank.folder], bank.folder.parent / "merged", capacity=2) as merged:
        assert contents(merged) == [[6, 5], [7], []]


def test_a_reservoir_is_a_uniform_sample_of_all_that_was_offered(tmp_path):
    """Each of 40 items stays in 4 of 40 places with the same probability: chi-square over 100 classes."""
    with FlowBank.create(
        tmp_path / "bank",
        num_classes=100,
        capacity=4,
        clip_shape=(1,),
        codec="float32",
        admission=Admission(keep="reservoir"),
        keep_means=False,
    ) as bank:
        for item in range(40):
            bank.insert(range(100), np.ones(100), np.full((100, 1), item, np.float32))
        counts = np.bincount(bank.staged().read()[:, 0].long().numpy(), minlength=40)
    assert counts.sum() == 400
    assert ((counts - 10) ** 2 / 10).sum() < 72.1  # 39 degrees of freedom, p = 0.001


def test_a_reservoir_is_repeatable_and_refuses_most_of_what_comes_late(make_bank, marked):
    taken = []
    for name in ("a", "b"):
        bank = make_bank(name, capacity=4, admission=Admission(keep="reservoir", seed=3))
        taken.append(bank.insert([0] * 400, np.zeros(400), marked(np.arange(400) % 20)).tolist())
    assert taken[0] == taken[1]
    assert sum(taken[0][:4]) == 4
    assert sum(taken[0][200:]) < 20  # 4 · ln 2 ≈ 3 are expected


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": True}, {"seed": 1.5}])
def test_a_seed_that_is_no_seed_is_refused(wrong):
    with pytest.raises(Exception, match="seed"):
        Admission(**wrong)


def test_without_replacement_a_classs_draws_differ_and_end_in_misses(bank):
    drawn = bank.draw([0, 1, 0, 0, 1, 0, 0, 2], generator=seeded(), replace=False)
    assert drawn.hit.tolist() == [True, True, True, True, False, True, False, False]
    assert sorted(marks(drawn[drawn.labels == 0])) == [1, 2, 3, 4]


def test_weighted_draws_without_replacement_follow_the_weights_left(bank):
    """Marks 1 to 4 have weights 1 to 4: the second of two differs from the first with w / (10 − w of the first)."""
    pairs = np.zeros((5, 5))
    generator = seeded()
    for _ in range(1500):
        drawn = bank.draw([0, 0], reduction="confidence", generator=generator, replace=False)
        first, second = drawn.confidences.tolist()
        pairs[int(first), int(second)] += 1
    expected = np.array([[a / 10 * b / (10 - a) if a != b else 0 for b in range(1, 5)] for a in range(1, 5)]) * 1500
    seen, wanted = pairs[1:, 1:][expected > 0], expected[expected > 0]
    assert pairs.sum() == seen.sum()
    assert ((seen - wanted) ** 2 / wanted).sum() < 31.3  # 11 degrees of freedom, p = 0.001


def test_draws_from_the_whole_bank_take_every_entry_alike(bank):
    counts = np.bincount(np.array(marks(bank.draw_any(4000, generator=seeded()))).astype(int), minlength=10)
    assert ((counts[[1, 2, 3, 4, 9]] - 800) ** 2 / 800).sum() < 18.5  # 4 degrees of freedom, p = 0.001
    weighted = marks(bank.draw_any(4400, reduction="confidence", generator=seeded()))
    counts = np.bincount(np.array(weighted).astype(int), minlength=10)[[1, 2, 3, 4, 9]]
    expected = np.array([400, 800, 1200, 1600, 400])
    assert ((counts - expected) ** 2 / expected).sum() < 18.5
    distinct = bank.draw_any(7, generator=seeded(), replace=False)
    assert sorted(marks(distinct[distinct.hit])) == [1, 2, 3, 4, 9]
    assert distinct.hit.sum() == 5


def test_draws_from_an_empty_bank_are_misses(make_bank):
    for replace in (True, False):
        assert make_bank(f"b{replace}").draw_any(3, replace=replace).hit.tolist() == [False] * 3


def test_open_or_create_makes_a_bank_once_and_refuses_other_settings(tmp_path, marked):
    settings = {"num_classes": 3, "capacity": 4, "clip_shape": SHAPE, "codec": "float32"}
    with FlowBank.open_or_create(tmp_path / "b", **settings) as bank:
        bank.insert([0], [1.0], marked([1]))
        bank.commit()
    with FlowBank.open_or_create(tmp_path / "b", **settings) as bank:
        assert len(bank) == 1
    for change in ({"capacity": 5}, {"num_classes": 4}, {"codec": "float16"}, {"admission": Admission(max_per_key=1)}):
        with pytest.raises(BankInputError, match="was created with"):
            FlowBank.open_or_create(tmp_path / "b", **(settings | change))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(BankStorageError, match=r"notes\.txt"):
        FlowBank.open_or_create(tmp_path / "full", **settings)
