"""Links, pipes and devices in the place of a bank's files, and outputs that are in the way of something else."""

import fcntl
import os
import shutil
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flowbank import FlowBank, FlowBankError, copy, export_contact_sheet, export_npz, merge, remove, verify
from flowbank.cli import main

SHAPE = (2, 3, 4, 5)
SETTINGS = {"num_classes": 3, "capacity": 4, "clip_shape": SHAPE}
NAMES = [
    "bank.json",
    "entries.slab",
    "sums.slab",
    "writer.lock",
    "generations",
    "generations/000000000001.index",
    "generations/000000000009.index",
    "generations/.000000000002.index.0123456789abcdef.flowbank-partial",
    "pins",
    "pins/kept",
    "pins/new",
]
KINDS = ["link", "dangling link", "link to a folder", "pipe", "socket", "device", "hard link"]
WRITTEN_IN_PLACE = ("entries.slab", "sums.slab", "writer.lock")


@pytest.fixture
def folder(make_bank, flows):
    bank = make_bank()
    bank.insert([0, 0, 2], [0.5, 0.75, 0.25], flows(3))
    bank.commit()
    bank.pin("kept")
    bank.close()
    return bank.folder


@pytest.fixture
def decoy(tmp_path):
    """A user's folder of files that could be taken for a bank's."""
    decoy = tmp_path / "decoy"
    decoy.mkdir()
    for name in ("precious", "000000000001.index", "000000000000.index", "kept", "notes.tmp"):
        (decoy / name).write_bytes(b"precious" * 100)
    return decoy


def place(kind: str, path: Path, decoy: Path) -> None:
    """Put something in the place of a file, a hard link with the file's own contents."""
    contents = path.read_bytes() if path.is_file() else b"precious" * 100
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(decoy / "precious")
    elif kind == "dangling link":
        path.symlink_to(decoy / "not-there")
    elif kind == "link to a folder":
        path.symlink_to(decoy)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path is short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
        os.chdir(here)
    elif kind == "device":
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("only root may make a device")
    else:
        (decoy / "twin").write_bytes(contents)
        os.link(decoy / "twin", path)


def state(folder: Path) -> dict[str, tuple]:
    """Kind, size, time and contents of everything below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        contents = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        found[str(path.relative_to(folder))] = (stat.S_IFMT(info.st_mode), contents, info.st_ino)
    return found


def open_and_commit(folder: Path) -> None:
    with FlowBank.open(folder, mode="r+") as bank:
        bank.insert([0], [0.9], np.zeros((1, *SHAPE), np.float32))
        bank.clear()
        bank.commit()


def read(folder: Path) -> None:
    with FlowBank.open(folder) as bank:
        bank.sample([0, 1])
        bank.sample([0], reduction="mean")
        bank.refresh()


def pin(folder: Path, *, name: str) -> None:
    with FlowBank.open(folder) as bank:
        bank.pin(name)


def unpin(folder: Path) -> None:
    with FlowBank.open(folder) as bank:
        bank.unpin("kept")


def export(folder: Path, out: Path) -> None:
    with FlowBank.open(folder) as bank:
        export_npz(bank, out / "x.npz")
        export_contact_sheet(bank, out / "x.png")


def verbs(out: Path) -> dict[str, Callable[[Path], object]]:
    """What can be done with a bank's folder, the destructive last."""
    return {
        "read": read,
        "verify": verify,
        "copy": lambda folder: copy(folder, out / "copy"),
        "merge": lambda folder: merge([folder], out / "merged").close(),
        "export": lambda folder: export(folder, out),
        "pin": lambda folder: pin(folder, name="new"),
        "pin again": lambda folder: pin(folder, name="kept"),
        "commit": open_and_commit,
        "create": lambda folder: FlowBank.create(folder, **SETTINGS),
        "unpin": unpin,
        "remove": remove,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_read_or_written_through_what_stands_in_a_banks_place(folder, decoy, tmp_path, name, kind):
    if kind == "hard link" and (folder / name).is_dir():
        pytest.skip("folders have no hard links")
    place(kind, folder / name, decoy)
    placed, precious = (folder / name).lstat(), state(decoy)
    for verb, act in verbs(tmp_path / "out").items():
        (tmp_path / "out").mkdir(exist_ok=True)
        refused = ""
        try:
            act(folder)
        except FlowBankError as error:
            refused = str(error)
            assert verb in ("create", "unpin") or Path(name).name in refused or name.split("/")[0] in refused
        assert state(decoy) == precious, verb
        if kind != "hard link":
            assert (folder / name).lstat().st_ino == placed.st_ino, verb
            assert verb != "remove" or refused
        elif verb == "commit" and name in WRITTEN_IN_PLACE:
            assert "hard links" in refused
        for made in (tmp_path / "out").rglob("*"):
            assert not made.is_symlink()
        shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize("kind", KINDS[:-1])
@pytest.mark.parametrize("name", NAMES)
def test_commands_name_what_stands_in_a_banks_place(folder, decoy, tmp_path, name, kind, capsys):
    place(kind, folder / name, decoy)
    precious = state(decoy)
    for command in (
        ["info", str(folder)],
        ["verify", str(folder)],
        ["copy", str(folder), "--out", str(tmp_path / "copy")],
        ["merge", str(folder), "--out", str(tmp_path / "merged")],
        ["export", str(folder), "--out", str(tmp_path / "x.npz")],
        ["export", str(folder), "--out", str(tmp_path / "x.png")],
        ["remove", str(folder)],
    ):
        status = main(command)
        captured = capsys.readouterr()
        assert status in (0, 2, 3), captured.err
        assert (status == 2) == bool(captured.err)
        assert captured.err.count("\n") <= 1
        assert state(decoy) == precious, command
    assert status == 2


def outputs(out: Path, folder: Path) -> dict[str, Callable[[], object]]:
    def of_bank(write: Callable[[FlowBank, Path], None]) -> None:
        with FlowBank.open(folder) as bank:
            write(bank, out)

    return {
        "export_npz": lambda: of_bank(export_npz),
        "export_contact_sheet": lambda: of_bank(export_contact_sheet),
        "merge": lambda: merge([folder], out).close(),
        "copy": lambda: copy(folder, out),
        "create": lambda: FlowBank.create(out, **SETTINGS).close(),
        "flowbank merge": lambda: fail(["merge", str(folder), "--out", str(out)]),
        "flowbank copy": lambda: fail(["copy", str(folder), "--out", str(out)]),
        "flowbank export": lambda: fail(["export", str(folder), "--out", str(out)]),
    }


def fail(command: list[str]) -> None:
    """Run a command and raise where it says that its input is bad."""
    if main(command) == 2:
        raise FlowBankError(" ".join(command))


@pytest.mark.parametrize("kind", [*KINDS, "file", "full folder"])
def test_an_output_in_the_way_of_anything_is_refused_by_name_and_changes_nothing(folder, decoy, tmp_path, kind):
    out = decoy / "out.npz"
    if kind == "file":
        out.write_text("precious")
    elif kind == "full folder":
        out.mkdir()
        (out / "notes.tmp").write_text("precious")
    else:
        place(kind, out, decoy)
    before, bank_before = state(decoy), state(folder)
    for name, act in outputs(out, folder).items():
        with pytest.raises(FlowBankError, match="out"):
            act()
        assert state(decoy) == before, name
        assert state(folder) == bank_before, name


@pytest.mark.parametrize("where", [".", "x", "generations/x", "pins"])
def test_an_output_into_the_bank_itself_is_refused(folder, where, monkeypatch):
    monkeypatch.chdir(folder)
    before = state(folder)
    for name, act in outputs(Path(where), folder).items():
        with pytest.raises(FlowBankError):
            act()
        assert state(folder) == before, name


def test_outputs_are_added_beside_what_is_in_the_folder(folder, tmp_path):
    """The export's folder is the user's, and so is everything in it that looks unfinished."""
    out = tmp_path / "mine"
    out.mkdir()
    for name in ("notes.tmp", "x.npz.tmp", ".x.npz.flowbank-partial", "bank.json"):
        (out / name).write_text("precious")
    before = state(out)
    export(folder, out)
    after = state(out)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"x.npz", "x.png"}


def test_the_remains_of_a_killed_export_go_and_those_of_a_live_one_stay(folder, tmp_path):
    dead, live = (tmp_path / f".x.npz.{digit * 16}.flowbank-partial" for digit in "01")
    dead.touch()
    with live.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        export(folder, tmp_path)
    assert not dead.exists()
    assert live.exists()


def test_a_failed_export_leaves_nothing_and_a_bank_in_a_linked_folder_is_fine(folder, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    monkeypatch.setattr("flowbank.export._write_entries", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt), FlowBank.open(folder) as bank:
        export_npz(bank, tmp_path / "here" / "x.npz")
    assert not list((tmp_path / "here").iterdir())
    with FlowBank.create(tmp_path / "link", **SETTINGS) as bank:
        bank.commit()
    assert verify(tmp_path / "here").problems == ()


def test_a_users_files_in_a_bank_stay_and_do_not_disturb_it(folder):
    precious = ["notes.tmp", "bank.json.tmp", "generations/notes.tmp", "generations/1.index", "pins/a.tmp"]
    for name in precious:
        (folder / name).write_text("precious")
    open_and_commit(folder)
    assert verify(folder).problems == ()
    assert all((folder / name).read_text() == "precious" for name in precious)
