"""A small file system of its own that fills up, and one that becomes read-only: needs the right to mount."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flowbank import BankStorageError, FlowBank, FlowBankError, copy, export_contact_sheet, export_npz, merge, verify
from flowbank.cli import main

SHAPE = (2, 3, 64, 64)
SETTINGS = {"num_classes": 2, "capacity": 40, "clip_shape": SHAPE}  # 24 KiB an entry


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """An empty disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk))
    except FileNotFoundError:
        pytest.skip("there is no mount")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def clips(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, *SHAPE), dtype=np.uint8)


def fill_up(disk: Path, *, leave: int) -> Path:
    """Take the disk's space but the last bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            stream.truncate(max(0, stream.tell() // 4096 * 4096 - leave))
    return filler


def test_inserting_until_the_disk_is_full_loses_nothing_that_was_committed(disk):
    with FlowBank.create(disk / "bank", **SETTINGS) as bank:
        bank.insert([0] * 3, [0.9, 0.8, 0.7], clips(3))
        bank.commit()
        with pytest.raises(BankStorageError, match=r"No space left.*free some space and insert again"):
            bank.insert([1] * 60, np.arange(60) / 60, np.repeat(clips(1), 60, axis=0))
        assert verify(disk / "bank").problems == ()
        assert bank.counts().tolist() == [3, 0]
        bank.clear()
        bank.insert([0], [0.9], clips(1))
        bank.commit()
        assert bank.counts().tolist() == [1, 0]
    assert verify(disk / "bank").problems == ()


@pytest.mark.parametrize("leave", [0, 8192, 32768, 65536, 131072])
def test_committing_on_a_full_disk_keeps_the_last_generation_and_works_once_there_is_space(disk, leave):
    with FlowBank.create(disk / "bank", **SETTINGS) as bank:
        bank.insert([0] * 3, [0.9, 0.8, 0.7], clips(3))
        bank.commit()
        bank.insert([1], [0.9], clips(1), metadata=[{"long": "x" * 20_000}])
        filler = fill_up(disk, leave=leave)
        try:
            bank.commit()
        except BankStorageError as error:
            assert "No space left" in str(error)  # noqa: PT017 - where there was room enough, there is none
            assert bank.generation == 1
        assert verify(disk / "bank").problems == ()
        filler.unlink()
        bank.commit()
        assert bank.counts().tolist() == [3, 1]
    assert verify(disk / "bank").problems == ()


def test_outputs_on_a_full_disk_leave_nothing_and_name_it(disk, tmp_path, capsys):
    with FlowBank.create(tmp_path / "bank", **SETTINGS) as bank:
        bank.insert([0] * 20, np.arange(20.0), clips(20))
        bank.commit()
        fill_up(disk, leave=150_000)
        for write, name in ((export_npz, "x.npz"), (export_contact_sheet, "x.png")):
            with pytest.raises(BankStorageError, match=rf"{name} cannot be written: No space left"):
                write(bank, disk / name, **({"columns": 60} if name == "x.png" else {}))
        for write in (lambda out: copy(bank.folder, out), lambda out: merge([bank.folder], out)):
            with pytest.raises(BankStorageError, match="No space left"):
                write(disk / "made")
            with pytest.raises(FlowBankError, match="not a bank"):
                FlowBank.open(disk / "made")
        assert main(["export", str(bank.folder), "--out", str(disk / "y.npz")]) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert {path.name for path in disk.iterdir()} <= {"filler", "made"}


def test_a_read_only_disk_can_be_read_and_everything_else_is_refused_by_name(disk, tmp_path):
    with FlowBank.create(disk / "bank", **SETTINGS) as bank:
        bank.insert([0] * 3, [0.9, 0.8, 0.7], clips(3))
        bank.commit()
    mount("-o", "remount,ro", str(disk))
    assert verify(disk / "bank").problems == ()
    copy(disk / "bank", tmp_path / "copy")
    with FlowBank.open(disk / "bank") as bank:
        assert bank.sample([0])[1].all()
        for refused in (
            lambda: bank.pin("x"),
            lambda: FlowBank.open(bank.folder, mode="r+"),
            lambda: FlowBank.create(disk / "new", **SETTINGS),
            lambda: export_npz(bank, disk / "x.npz"),
            lambda: copy(bank.folder, disk / "copy"),
        ):
            with pytest.raises(BankStorageError, match=r"Read-only file system"):
                refused()
    assert main(["remove", str(disk / "bank")]) == 2
    assert verify(disk / "bank").problems == ()
