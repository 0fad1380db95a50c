"""Damage, interruptions, and folders that were copied, mailed or put on another file system."""

import errno
import fcntl
import itertools
import json
import multiprocessing
import os
import pickle
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from flowbank import (
    BankFormatError,
    BankInputError,
    BankModeError,
    BankSchemaError,
    BankStorageError,
    FlowBank,
    FlowBankError,
    copy,
    merge,
    verify,
)
from flowbank.cli import main

SHAPE = (2, 3, 4, 5)
DATA = Path(__file__).parent / "data"
fork = pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")


def stored(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "generations").iterdir())


def dump(bank: FlowBank) -> list:
    snapshot = bank.snapshot
    return [
        {
            "label": int(row["label"]),
            "confidence": float(row["confidence"]),
            "text": snapshot.index.text(place),
            **{name: snapshot.stored(place, array=name).tolist() for name in bank.config.arrays},
        }
        for place, row in enumerate(snapshot.index.entries)
    ]


@pytest.fixture
def bank(make_bank, marked):
    bank = make_bank(codec="float32")
    bank.insert([0, 0, 1], [0.5, 0.6, 0.7], marked([1, 2, 3]), keys=["a", None, "c"])
    bank.commit()
    return bank


# Banks written by version 0.1


@pytest.fixture
def old(tmp_path):
    shutil.copytree(DATA / "schema1", tmp_path / "old")
    return tmp_path / "old"


def test_a_bank_written_by_version_0_1_opens_with_all_that_is_in_it(old):
    expected = json.loads((DATA / "schema1.json").read_text())
    assert verify(old).problems == ()
    with FlowBank.open(old, verify="on-read") as bank:
        assert bank.config.schema == 1
        assert dump(bank) == expected["entries"]
        assert bank.state_dict() == expected["state"]
        for name, means in expected["means"].items():
            np.testing.assert_allclose(bank.sample([0, 2], reduction="mean", array=name)[0], means, rtol=1e-6)
    with FlowBank.open(old, generation=1) as first:
        assert len(first) == 3


def test_a_bank_written_by_version_0_1_can_be_written_to_and_its_pins_get_a_checksum(old):
    with FlowBank.open(old, mode="r+") as bank:
        bank.clear()
        bank.commit()
        assert (old / "pins" / "first").read_bytes().startswith(b"flowbank-pin 1 1 ")
        assert stored(old) == ["000000000001.index", "000000000003.index"]
        bank.unpin("first")
        bank.commit()
    assert stored(old) == ["000000000004.index"]


# Pins


def test_a_damaged_pin_keeps_every_generation_and_disturbs_no_commit(bank, marked):
    bank.pin("kept")
    path = bank.folder / "pins" / "kept"
    raw = path.read_bytes()
    for position, bit in itertools.product(range(0, len(raw), 3), (0, 4)):
        flipped = bytearray(raw)
        flipped[position] ^= 1 << bit
        path.write_bytes(flipped)
        bank.insert([2], [1.0 + position], marked([9]))
        before = stored(bank.folder)
        generation = bank.commit()
        assert "000000000001.index" in stored(bank.folder)
        assert set(before) < set(stored(bank.folder))
        assert bank.generation == generation
        if position % 5 == 0 and bit == 0:
            (problem,) = verify(bank.folder).problems
            assert "pins/kept" in problem
            assert main(["info", str(bank.folder)]) == 0
        path.write_bytes(raw)
        if bit == 0:
            bank.commit()
    bank.commit()
    assert len(stored(bank.folder)) == 2
    assert verify(bank.folder).problems == ()


def test_a_damaged_pin_can_be_set_again_and_removed(bank):
    bank.pin("kept")
    (bank.folder / "pins" / "kept").write_text("?")
    bank.pin("kept")
    assert verify(bank.folder).problems == ()
    (bank.folder / "pins" / "kept").write_text("?")
    bank.unpin("kept")
    assert verify(bank.folder).problems == ()


def _pin_often(folder, start, failures):
    start.wait(30)
    try:
        with FlowBank.open(folder) as reader:
            for _ in range(100):
                reader.pin("same")
    except FlowBankError as error:
        failures.put(str(error))


@fork
def test_four_readers_pin_one_name_at_once_while_writers_come_and_go(bank):
    bank.close()
    context = multiprocessing.get_context("fork")
    start, failures = context.Event(), context.SimpleQueue()
    readers = [context.Process(target=_pin_often, args=(bank.folder, start, failures)) for _ in range(4)]
    for reader in readers:
        reader.start()
    start.set()
    while any(reader.is_alive() for reader in readers):
        FlowBank.open(bank.folder, mode="r+").close()  # which removes unfinished files
    assert failures.empty()
    assert verify(bank.folder).problems == ()
    assert [path.name for path in (bank.folder / "pins").iterdir()] == ["same"]


# Checks on read


@pytest.mark.parametrize("arrays", [None, {"feature": (3, "float16")}])
def test_with_checks_on_read_no_flipped_bit_goes_unnoticed(make_bank, flows, rng, arrays):
    from flowbank import ArraySpec

    specs = {name: ArraySpec((size,), codec) for name, (size, codec) in (arrays or {}).items()}
    bank = make_bank(arrays=specs)
    features = {name: rng.standard_normal((5, 3)).astype(np.float32) for name in specs}
    bank.insert([0, 0, 1, 1, 2], rng.random(5), flows(5), keys=list("abcde"), arrays=features or None)
    bank.commit()
    bank.close()
    flips = 0
    for path in sorted(path for path in bank.folder.rglob("*") if path.is_file() and path.stat().st_size):
        raw = path.read_bytes()
        for position in rng.choice(len(raw), size=min(len(raw), 60), replace=False).tolist():
            flipped = bytearray(raw)
            flipped[position] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            flips += 1
            with pytest.raises(FlowBankError, match=path.name):
                read_all(bank.folder)
        path.write_bytes(raw)
    assert flips > 150


def read_all(folder: Path) -> None:
    """Read every entry, text and mean."""
    with FlowBank.open(folder, verify="on-read") as bank:
        for row in range(len(bank)):
            bank.snapshot.index.text(row)
            for name, spec in bank.config.arrays.items():
                bank.snapshot.read_into(row, np.empty(spec.shape, np.float32), array=name)
        for name in bank.config.arrays:
            bank.sample(list(range(bank.num_classes)), reduction="mean", array=name)


def test_checks_on_read_stay_on_after_refresh_commit_and_pickling(bank, marked):
    bank.close()
    with FlowBank.open(bank.folder, mode="r+", verify="on-read") as writer:
        writer.insert([0], [0.9], marked([9]))
        writer.commit()
        reader = pickle.loads(pickle.dumps(writer))
        writer.commit()
        reader.refresh()
        raw = bytearray((bank.folder / "entries.slab").read_bytes())
        (bank.folder / "entries.slab").write_bytes(bytes(byte ^ 1 for byte in raw))
        for checked in (writer, reader):
            with pytest.raises(BankFormatError, match=r"entries\.slab.*entry \d of class 0 is damaged"):
                checked.sample([0])
        reader.close()


# Pickling


def test_a_pickled_bank_survives_a_commit_of_its_parent(bank, marked, contents):
    raw = pickle.dumps(bank)
    bank.clear()
    bank.insert([2], [1.0], marked([7]))
    bank.commit()
    with pickle.loads(raw) as reader:
        assert contents(reader) == [[], [], [7]]


def test_a_pickled_bank_does_not_open_another_bank_in_its_place(bank, tmp_path):
    raw = pickle.dumps(bank)
    bank.close()
    shutil.rmtree(bank.folder)
    FlowBank.create(bank.folder, num_classes=1, capacity=1, clip_shape=(1,)).close()
    with pytest.raises(BankFormatError, match=r"not the .* that was pickled"):
        pickle.loads(raw)


# Locks


def no_locks(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.parametrize("flock", [no_locks, lambda fd, operation: None], ids=["refuses", "keeps nobody out"])
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_file_system_without_working_locks_is_named_when_a_bank_is_opened(bank, monkeypatch, flock, mode):
    bank.close()
    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(BankStorageError, match=r"without working locks .*move the bank to a local disk"):
        FlowBank.open(bank.folder, mode=mode)


def test_a_hard_linked_copy_of_the_folder_does_not_confuse_readers(bank, tmp_path, marked):
    """`cp -al` gives every file a second name, which keeps a dropped index file alive."""
    with FlowBank.open(bank.folder) as reader:
        os.link(bank.folder / "generations" / "000000000001.index", tmp_path / "twin")
        reader.close()
    bank.insert([2], [1.0], marked([7]))
    bank.commit()
    assert stored(bank.folder) == ["000000000002.index"]
    with FlowBank.open(bank.folder) as reader:
        assert reader.generation == 2


# Copies


def _write_on(folder, ready, stop):
    with FlowBank.open(folder, mode="r+") as bank:
        number = 0
        while not stop.is_set():
            number += 1
            bank.clear()
            bank.insert([0, 1, 2], [1.0, 1.0, 1.0], np.full((3, *SHAPE), number % 20, np.float32))
            bank.commit()
            ready.set()


@fork
def test_a_copy_of_a_live_bank_is_whole(bank, tmp_path):
    bank.pin("kept")
    bank.close()
    context = multiprocessing.get_context("fork")
    ready, stop = context.Event(), context.Event()
    writer = context.Process(target=_write_on, args=(bank.folder, ready, stop))
    writer.start()
    assert ready.wait(30)
    generations = [copy(bank.folder, tmp_path / f"copy{number}") for number in range(10)]
    stop.set()
    writer.join()
    for number, generation in enumerate(generations):
        folder = tmp_path / f"copy{number}"
        assert verify(folder).problems == ()
        with FlowBank.open(folder, mode="r+", verify="on-read") as copied:
            assert copied.generation == generation
            marks = {float(value) for value in copied.sample([0, 1, 2])[0].unique()}
            assert len(marks) == 1
            copied.commit()
        with FlowBank.open(folder, generation=1) as first:
            assert len(first) == 3


def test_a_copy_is_the_same_bank_in_every_way(bank, tmp_path, marked):
    bank.pin("kept")
    state, kept = bank.state_dict(), dump(bank)
    bank.insert([2], [0.1], marked([4]), metadata=[{"x": 1}])
    bank.commit()
    assert main(["copy", str(bank.folder), "--out", str(tmp_path / "copy")]) == 0
    with FlowBank.open(tmp_path / "copy", mode="r+") as copied:
        assert copied.state_dict() == bank.state_dict()
        assert dump(copied) == dump(bank)
        copied.load_state_dict(state)
        assert dump(copied) == kept


def test_a_damaged_bank_is_not_copied(bank, tmp_path):
    bank.close()
    raw = bytearray((bank.folder / "entries.slab").read_bytes())
    raw[5] ^= 1
    (bank.folder / "entries.slab").write_bytes(raw)
    with pytest.raises(BankFormatError, match="damaged"):
        copy(bank.folder, tmp_path / "copy")
    with pytest.raises(BankFormatError, match="not a bank"):
        FlowBank.open(tmp_path / "copy")


# Interruptions


def test_an_interruption_at_any_call_leaves_a_bank_that_goes_on(tmp_path, monkeypatch, marked):
    """Ctrl-C at each call in turn; the same object then says so once, and works."""

    def run(limit: int) -> bool:
        folder = tmp_path / str(limit)
        bank = FlowBank.create(folder, num_classes=3, capacity=2, clip_shape=SHAPE, codec="float32")
        calls = itertools.count(1)

        def counted(function):
            def wrapper(*arguments, **named):
                if next(calls) == limit:
                    raise KeyboardInterrupt
                return function(*arguments, **named)

            return wrapper

        finished = True
        committed = {0: []}
        with monkeypatch.context() as patch:
            for name in ("pwrite", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "fstat"):
                patch.setattr(os, name, counted(getattr(os, name)))
            patch.setattr("heapq.heappush", counted(__import__("heapq").heappush))
            try:
                for step in range(1, 3):
                    committed[step] = [step]
                    bank.clear()
                    bank.insert([0], [1.0], marked([step]))
                    bank.commit()
            except KeyboardInterrupt:
                finished = False
        assert verify(folder).problems == ()
        if not finished:
            with FlowBank.open(folder) as reader:
                assert marks(reader) == committed[reader.generation]
            with suppress(BankModeError):  # once, if the working set was lost
                bank.counts(staged=True)
        for step in (7, 8):
            bank.clear()
            bank.insert([0], [1.0], marked([step]))
            bank.commit()
            assert marks(bank) == [step]
        assert verify(folder).problems == ()
        assert len(stored(folder)) == 1
        assert (folder / "entries.slab").stat().st_size <= 2 * bank.config.record_bytes
        bank.close()
        return finished

    def marks(bank: FlowBank) -> list[float]:
        return [float(bank.snapshot.stored(row, array="clip").flat[0]) for row in range(len(bank))]

    limit = 1
    while not run(limit):
        limit += 1
    assert limit > 30


@pytest.mark.parametrize("make", ["merge", "copy"])
def test_a_merge_or_copy_interrupted_at_any_call_leaves_no_bank_or_all_of_it(bank, tmp_path, monkeypatch, make):
    class Crash(BaseException):
        pass

    whole = dump(bank)

    def run(limit: int) -> bool:
        calls = itertools.count(1)

        def counted(function):
            def wrapper(*arguments, **named):
                if next(calls) > limit:
                    raise Crash
                return function(*arguments, **named)

            return wrapper

        def act(folder: Path) -> None:
            copy(bank.folder, folder) if make == "copy" else merge([bank.folder], folder).close()

        finished, out = True, tmp_path / f"out{limit}"
        with monkeypatch.context() as patch:
            for name in ("pwrite", "fdatasync", "fsync", "unlink", "rename"):
                patch.setattr(os, name, counted(getattr(os, name)))
            try:
                act(out)
            except Crash:
                finished = False
        if not (out / "bank.json").exists():
            with pytest.raises(BankFormatError, match="not a bank"):
                FlowBank.open(out)
            act(out)  # over what was left
        with FlowBank.open(out, mode="r+") as made:
            assert dump(made) == whole
            made.commit()
        assert verify(out).problems == ()
        return finished

    limit = 0
    while not run(limit):
        limit += 1
    assert limit > 10


def test_metadata_that_json_cannot_hold_is_refused_and_disturbs_nothing(bank, marked):
    bank.insert([2], [0.5], marked([4]))
    loop: dict = {}
    loop["self"] = loop
    for metadata in ({"x": object()}, {"x": np.float32(1)}, loop):
        with pytest.raises(BankInputError, match="metadata cannot be stored"):
            bank.insert([2], [0.9], marked([5]), metadata=[metadata])
    bank.commit()
    assert bank.counts().tolist() == [2, 1, 1]


def test_a_bank_of_a_newer_schema_says_so_to_this_version(bank):
    bank.close()
    text = (bank.folder / "bank.json").read_text().replace('"schema": 2', '"schema": 3')
    (bank.folder / "bank.json").write_text(text)
    with pytest.raises(BankSchemaError, match="upgrade flowbank"):
        FlowBank.open(bank.folder)
