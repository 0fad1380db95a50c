import io
import sys
from pathlib import Path

import pytest
import torch
import videoda_train.progress
from tiny_engine import point_config, train_points
from videoda_train.engine.runtime import Runtime
from videoda_train.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_an_epoch_and_no_carriage_returns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train_points(tmp_path, point_config(epochs=3), runtime=Runtime(torch.device("cpu"), progress=True), steps=40)
    said = capsys.readouterr()
    assert "\r" not in said.out + said.err
    assert len((said.out + said.err).splitlines()) <= 5


def test_long_work_is_a_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now, log = [0.0], io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    bar = ProgressBar(total=600, desc="target flow", unit="video")
    bar._time = lambda: now[0]
    bar.start_t = bar.last_print_t = 0.0
    for _ in range(600):  # ten minutes of one video a second
        now[0] += 1
        bar.update()
    bar.close()
    lines = log.getvalue().splitlines()
    assert 9 <= len(lines) <= 11
    assert "\r" not in log.getvalue()
    assert all(line.startswith("target flow: ") and "/600 video [" in line for line in lines)


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    list(ProgressBar(range(3), desc="photos", mininterval=0))
    assert terminal.getvalue().count("\r") > 2
    assert "3/3" in terminal.getvalue()


def test_every_bar_is_one_that_knows_logs() -> None:
    root = Path(videoda_train.progress.__file__).parent
    own = {"progress.py", "callbacks.py"}  # the latter writes lines above a bar
    drawing = [file for file in root.rglob("*.py") if "import tqdm" in file.read_text() and file.name not in own]
    assert not drawing
