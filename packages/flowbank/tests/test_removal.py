import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from flowbank import BankFormatError, BankLockedError, FlowBank, remove

SETTINGS = {"num_classes": 2, "capacity": 3, "clip_shape": (4,)}


@pytest.fixture
def folder(make_bank, flows):
    """A closed bank with two generations and a pin."""
    bank = make_bank()
    for _ in range(2):
        bank.insert([0, 2], [0.5, 0.25], flows(2))
        bank.commit()
        bank.pin("kept")
    bank.close()
    return bank.folder


def tree(folder: Path) -> dict[str, bytes | str]:
    """Every path below a folder with its contents; links with their target."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "other"
        for path in sorted(folder.rglob("*"))
    }


def test_a_removed_bank_leaves_an_empty_folder_that_takes_a_new_bank(folder):
    remove(folder)
    assert tree(folder) == {}
    FlowBank.create(folder, **SETTINGS).close()


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "notes.tmp",
        "generations/notes.tmp",
        "generations/1.index",
        "pins/notes",
        "pins/a.tmp",
        "bank.json.tmp",
    ],
)
def test_a_bank_with_someone_elses_file_in_it_is_not_removed(folder, name):
    (folder / name).write_text("precious")
    before = tree(folder)
    with pytest.raises(BankFormatError, match=name):
        remove(folder)
    assert tree(folder) == before
    (folder / name).unlink()
    remove(folder)
    assert tree(folder) == {}


@pytest.mark.parametrize("name", ["entries.slab", "generations/000000000009.index", "pins/x", "pins", "generations"])
def test_links_in_a_bank_are_neither_followed_nor_removed(folder, tmp_path, name):
    decoy = tmp_path / "decoy"
    decoy.mkdir()
    (decoy / "000000000001.index").write_text("precious")
    for path in sorted((folder / name).rglob("*")) if (folder / name).is_dir() else []:
        path.unlink()
    if (folder / name).is_dir():
        (folder / name).rmdir()
    else:
        (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(decoy)
    before = tree(folder)
    with pytest.raises(BankFormatError, match=name):
        remove(folder)
    assert tree(folder) == before
    assert tree(decoy) == {"000000000001.index": b"precious"}


def test_a_bank_reached_through_a_link_is_removed_and_the_link_stays(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    remove(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert tree(folder) == {}


def test_a_bank_that_someone_writes_to_is_not_removed(folder):
    with FlowBank.open(folder, mode="r+") as bank:
        with pytest.raises(BankLockedError):
            remove(folder)
        bank.commit()
    remove(folder)


def test_a_reader_keeps_what_it_has_while_its_bank_is_removed(folder):
    with FlowBank.open(folder) as reader:
        drawn = reader.draw([0, 0, 2])
        before = drawn.read()
        remove(folder)
        np.testing.assert_array_equal(drawn.read(), before)


def test_what_is_no_bank_is_refused_by_name_and_left_alone(tmp_path):
    (tmp_path / "x").mkdir()
    for name in ("x", "missing"):
        with pytest.raises(BankFormatError, match=f"{name} is not a bank"):
            remove(tmp_path / name)
        remove(tmp_path / name, missing_ok=True)
    (tmp_path / "x" / "entries.slab").write_text("precious")
    for missing_ok in (False, True):
        with pytest.raises(BankFormatError, match="x is not a bank"):
            remove(tmp_path / "x", missing_ok=missing_ok)
    assert tree(tmp_path) == {"x": "other", "x/entries.slab": b"precious"}


def test_a_removal_interrupted_at_any_call_can_be_repeated_or_created_over(monkeypatch, make_bank):
    class Crash(BaseException):
        pass

    def finishes_within(limit: int, folder: Path) -> bool:
        calls = itertools.count(1)

        def counted(function):
            def wrapper(*arguments, **named):
                if next(calls) > limit:
                    raise Crash
                return function(*arguments, **named)

            return wrapper

        with monkeypatch.context() as patch:
            for name in ("unlink", "rmdir", "fsync"):
                patch.setattr(os, name, counted(getattr(os, name)))
            try:
                remove(folder)
            except Crash:
                return False
            return True

    for limit in itertools.count():
        bank = make_bank(str(limit))
        bank.commit()
        bank.close()
        if finishes_within(limit, bank.folder):
            break
        if limit % 2 == 0:
            remove(bank.folder)
        FlowBank.create(bank.folder, **SETTINGS).close()
    assert limit > 5


def test_files_with_a_banks_names_but_no_bank_are_not_taken_for_an_interrupted_creation(tmp_path):
    for name in ("entries.slab", "sums.slab", "writer.lock", "generations/000000000000.index", "pins/x"):
        folder = tmp_path / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / "writer.lock").touch()
        (folder / name).write_text("precious")
        before = tree(folder)
        for refused in (remove, lambda folder: FlowBank.create(folder, **SETTINGS)):
            with pytest.raises(Exception, match=name):
                refused(folder)
        assert tree(folder) == before
