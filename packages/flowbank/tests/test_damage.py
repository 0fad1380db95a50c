import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from flowbank import (
    ArraySpec,
    BankFormatError,
    BankInputError,
    BankSchemaError,
    BankStorageError,
    FlowBank,
    FlowBankError,
    verify,
)

SHAPE = (2, 3, 4, 5)


@pytest.fixture
def folder(make_bank, flows, rng):
    """A committed bank without free slots, closed."""
    bank = make_bank(arrays={"feature": ArraySpec((3,), "float16")})
    features = rng.standard_normal((6, 3)).astype(np.float32)
    bank.insert([0, 0, 1, 1, 1, 2], rng.random(6), flows(6), keys=list("abcdef"), arrays={"feature": features})
    bank.commit()
    bank.pin("kept")
    bank.close()
    return bank.folder


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


def test_an_unharmed_bank_has_no_problems(folder):
    found = verify(folder)
    assert (found.generations, found.entries, found.problems) == ((1,), 6, ())


def test_verify_finds_any_flipped_byte(folder, rng):
    checked = set()
    for path in files(folder):
        raw = path.read_bytes()
        for position in rng.choice(len(raw), size=min(len(raw), 60), replace=False).tolist():
            flipped = bytearray(raw)
            flipped[position] ^= 1 << int(rng.integers(8))
            path.write_bytes(flipped)
            try:
                problems = verify(folder).problems
            except FlowBankError as error:
                problems = (str(error),)
            assert problems, f"{path.name} at {position}"
        path.write_bytes(raw)
        checked.add(path.name)
    assert checked == {"bank.json", "entries.slab", "sums.slab", "000000000001.index", "kept"}
    assert verify(folder).problems == ()


def test_a_truncated_file_is_refused_when_opened_or_found_by_verify(folder):
    for path in files(folder):
        if path.name == "kept":
            continue
        raw = path.read_bytes()
        for size in (0, 1, len(raw) // 2, len(raw) - 1):
            path.write_bytes(raw[:size])
            with pytest.raises(BankFormatError):
                FlowBank.open(folder)
        path.write_bytes(raw)
    FlowBank.open(folder).close()


@pytest.mark.parametrize("name", ["bank.json", "entries.slab", "sums.slab", "generations"])
def test_a_missing_file_is_named(folder, name):
    path = folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(BankFormatError, match=name):
        FlowBank.open(folder)


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_folder_that_is_not_a_bank_is_refused_and_left_alone(tmp_path, mode):
    (tmp_path / "x").mkdir()
    with pytest.raises(BankFormatError, match="not a bank"):
        FlowBank.open(tmp_path / "x", mode=mode)
    with pytest.raises(BankFormatError, match="not a bank"):
        FlowBank.open(tmp_path / "nowhere", mode=mode)
    assert not list((tmp_path / "x").iterdir())


def test_a_bank_of_a_newer_schema_is_refused(folder):
    content = json.loads((folder / "bank.json").read_text())
    content["schema"] = 99
    del content["checksum"]
    content["checksum"] = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    (folder / "bank.json").write_text(json.dumps(content, indent=1) + "\n")
    with pytest.raises(BankSchemaError, match=r"schema 99.*upgrade flowbank"):
        FlowBank.open(folder)


def test_a_bank_is_not_created_over_something_else(folder, tmp_path):
    with pytest.raises(BankStorageError, match="already holds a bank"):
        FlowBank.create(folder, num_classes=1, capacity=1, clip_shape=(1,))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(BankStorageError, match=r"notes\.txt"):
        FlowBank.create(tmp_path / "full", num_classes=1, capacity=1, clip_shape=(1,))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc, a folder nobody can write to")
def test_a_folder_that_cannot_be_written_is_refused():
    with pytest.raises(BankStorageError, match="cannot hold a bank"):
        FlowBank.create("/proc/bank", num_classes=1, capacity=1, clip_shape=(1,))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_bank_can_be_read_but_not_written(folder):
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    FlowBank.open(folder).close()
    with pytest.raises(BankStorageError, match="permissions"):
        FlowBank.open(folder, mode="r+")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def insert_and_commit(bank, *arguments, **named):
    bank.insert(*arguments, **named)
    bank.commit()


@pytest.mark.parametrize("call", ["pwrite", "fdatasync", "fsync"])
def test_after_a_full_disk_the_last_generation_stays_and_work_goes_on(folder, flows, monkeypatch, call):
    features = {"feature": np.zeros((1, 3), np.float32)}
    with FlowBank.open(folder, mode="r+") as bank:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.raises(BankStorageError, match="No space left"):
                insert_and_commit(bank, [2], [5.0], flows(1), arrays=features)
        assert bank.generation == 1
        assert verify(folder).problems == ()
        assert not list(folder.rglob("*partial*"))
        assert bank.insert([2], [6.0], flows(1), arrays=features).all()
        assert bank.commit() == 2
    assert verify(folder).problems == ()
    assert FlowBank.open(folder).counts()[2] in (2, 3)


def test_a_generation_whose_name_could_not_be_synced_is_published_all_the_same(folder, flows, monkeypatch):
    features = {"feature": np.zeros((1, 3), np.float32)}
    with FlowBank.open(folder, mode="r+") as bank:
        bank.insert([2], [5.0], flows(1), arrays=features)
        with monkeypatch.context() as patch:
            patch.setattr("flowbank.writer.sync_folder", full)
            with pytest.raises(BankStorageError, match="generation 2 is published"):
                bank.commit()
        with FlowBank.open(folder) as reader:
            assert reader.generation == 2
        bank.insert([2], [6.0], flows(1), arrays=features)
        assert bank.commit() == 3
    assert verify(folder).problems == ()


def test_a_file_that_may_not_grow_is_a_clear_error_and_not_a_crash(tmp_path):
    """The kernel's own refusal, in a process of its own."""
    code = f"""
import resource, signal, numpy as np
from flowbank import FlowBank, BankStorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
bank = FlowBank.create({str(tmp_path / "b")!r}, num_classes=1, capacity=99, clip_shape=(1000,), keep_means=False)
bank.insert([0], [1.0], np.zeros((1, 1000), np.float32)); bank.commit()
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
try:
    for _ in range(9):
        bank.insert([0], [1.0], np.zeros((1, 1000), np.float32))
except BankStorageError as error:
    print(error, bank.counts(staged=True).tolist(), bank.commit(), len(bank))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert "[4] 2 4" in done.stdout


@pytest.mark.parametrize(
    ("labels", "confidences", "clips", "message"),
    [
        ([0], [0.5], np.zeros((1, 2, 3, 4, 6), np.float32), "clips has shape"),
        ([0], [0.5], np.zeros(SHAPE, np.float32), "clips has shape"),
        ([0], [0.5], np.zeros((1, *SHAPE), np.int32), "dtype int32"),
        ([0], [0.5], torch.zeros((1, *SHAPE), dtype=torch.int64), "dtype torch.int64"),
        ([0], [0.5], np.full((1, *SHAPE), np.nan, np.float32), "nan"),
        ([0], [float("nan")], np.zeros((1, *SHAPE), np.float32), "finite"),
        ([0, 1], [0.5], np.zeros((2, *SHAPE), np.float32), "one confidence per label"),
        ([3], [0.5], np.zeros((1, *SHAPE), np.float32), "classes are 0 to 2"),
        ([-1], [0.5], np.zeros((1, *SHAPE), np.float32), "classes are 0 to 2"),
        (np.array([0.0]), [0.5], np.zeros((1, *SHAPE), np.float32), "flat sequence of integers"),
        (np.array([[0]]), [0.5], np.zeros((1, *SHAPE), np.float32), "flat sequence of integers"),
    ],
)
def test_a_bad_insert_says_what_is_wrong_and_stages_nothing(make_bank, labels, confidences, clips, message):
    bank = make_bank()
    with pytest.raises(BankInputError, match=message):
        bank.insert(labels, confidences, clips)
    assert bank.counts(staged=True).sum() == 0


@pytest.mark.parametrize("labels", [[3], [-1], torch.tensor([0.5]), torch.tensor(1)])
def test_a_bad_label_to_sample_is_refused(make_bank, labels):
    with pytest.raises(BankInputError, match="labels"):
        make_bank().sample(labels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacity": -1}, "capacity is -1"),
        ({"capacity": 0}, "capacity is 0"),
        ({"capacity": [1, 2]}, "2 numbers for 3 classes"),
        ({"num_classes": 0}, "num_classes is 0"),
        ({"clip_shape": ()}, "shape is"),
        ({"bound": 0.0}, "bound is 0.0"),
        ({"arrays": {"clip": ArraySpec((1,))}}, "arrays names 'clip'"),
        ({"arrays": {"no good": ArraySpec((1,))}}, "not an identifier"),
    ],
)
def test_a_bank_that_cannot_be_is_refused(make_bank, changes, message):
    with pytest.raises(BankInputError, match=message):
        make_bank(**changes)


def test_missing_and_unknown_arrays_keys_and_metadata_are_refused(make_bank, flows):
    bank = make_bank(arrays={"feature": ArraySpec((3,))})
    feature = np.zeros((1, 3), np.float32)
    for arguments, message in (
        ({}, "feature"),
        ({"arrays": {"feature": feature, "other": feature}}, "other"),
        ({"arrays": {"feature": feature[:, :2]}}, "feature has shape"),
        ({"arrays": {"feature": feature}, "keys": ["a", "b"]}, "keys has 2 items"),
    ):
        with pytest.raises(BankInputError, match=message):
            bank.insert([0], [0.5], flows(1), **arguments)
