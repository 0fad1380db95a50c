import numpy as np
import pytest
from flowbank.cli import main


@pytest.fixture
def folder(make_bank, flows):
    bank = make_bank()
    bank.insert([0, 0, 2], [0.25, 0.75, 0.5], flows(3))
    bank.commit()
    bank.pin("best")
    bank.close()
    return bank.folder


def test_info_shows_a_row_per_class(folder, capsys):
    assert main(["info", str(folder)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["0", "2", "4", "0.25", "0.75", "256"] in lines
    assert ["1", "0", "4", "–", "–", "0"] in lines
    assert ["all", "3", "12", "384"] in lines
    assert ["pin", "best:", "generation", "1"] in lines


def test_verify_tells_good_from_damaged(folder, capsys):
    assert main(["verify", str(folder)]) == 0
    assert "3 entries in generations 1: 0 problems" in capsys.readouterr().out
    raw = bytearray((folder / "entries.slab").read_bytes())
    raw[5] ^= 1
    (folder / "entries.slab").write_bytes(raw)
    assert main(["verify", str(folder)]) == 3
    assert "is damaged" in capsys.readouterr().out


def test_merge_makes_a_new_bank(folder, tmp_path, capsys):
    assert main(["merge", str(folder), str(folder), "--out", str(tmp_path / "new"), "--capacity", "1"]) == 0
    assert "2 entries" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["npz", "png"])
def test_export_writes_the_file(folder, tmp_path, ending):
    assert main(["export", str(folder), "--out", str(tmp_path / f"x.{ending}")]) == 0
    assert (tmp_path / f"x.{ending}").stat().st_size > 100
    if ending == "npz":
        assert np.load(tmp_path / "x.npz")["label"].tolist() == [0, 0, 2]


def test_remove_leaves_an_empty_folder(folder):
    assert main(["remove", str(folder)]) == 0
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "nowhere"],
        ["verify", "nowhere"],
        ["remove", "nowhere"],
        ["export", "{folder}", "--out", "x.txt"],
        ["merge", "{folder}", "--out", "{folder}"],
        ["merge", "nowhere", "--out", "x"],
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(folder, arguments, capsys):
    assert main([argument.format(folder=folder) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("flowbank: ")
    assert error.count("\n") == 1
