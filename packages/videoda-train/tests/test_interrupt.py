"""Signals: the first one saves and stops, the second one stops at once, and neither costs a file."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_engine import PointMethod, Points, point_config, point_loop
from torch import Tensor
from videoda_train.cli.entry import exit_code
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.interrupt import Interrupted, stop_between_steps
from videoda_train.engine.runtime import Runtime
from videoda_train.recipes.config import CheckpointConfig
from videoda_train.run_folder import RunFolder


class Signalled(PointMethod):
    """Gets a signal in step 3, so often."""

    def __init__(self, number: int, times: int):
        super().__init__()
        self.number, self.times = number, times

    def training_step(self, batch: Points, *, epoch: int, step: int) -> dict[str, Tensor]:
        for _ in range(self.times if step == 3 else 0):
            signal.raise_signal(self.number)
        return super().training_step(batch, epoch=epoch, step=step)


def train(folder: Path, method: PointMethod) -> None:
    config = replace(point_config(epochs=1), checkpoint=CheckpointConfig(every_minutes=0.0))
    with stop_between_steps() as stop:
        point_loop(folder, config, method, Runtime(torch.device("cpu"), stop=stop)).run()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_saves_after_the_step_and_stops(tmp_path: Path, number: int) -> None:
    with pytest.raises(Interrupted):
        train(tmp_path, Signalled(number, 1))
    assert load_checkpoint(RunFolder(tmp_path).checkpoint_file)["step"] in (4, 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_stops_at_once_and_the_checkpoint_before_stays(tmp_path: Path, number: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Signalled(number, 2))
    assert load_checkpoint(RunFolder(tmp_path).checkpoint_file)["step"] == 3


def test_a_second_signal_while_the_first_one_is_saving_costs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save: Callable[..., None] = torch.save

    def interrupted(content: dict[str, Any], file: Any) -> None:
        save(content, file)
        if content["step"] == 4:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, Signalled(signal.SIGTERM, 1))
    folder = RunFolder(tmp_path).checkpoint_file.parent
    assert [path.name for path in folder.iterdir()] == ["last.pt"]
    assert load_checkpoint(folder / "last.pt")["step"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_told_to_stop_ends_with_130_wherever_it_is(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    assert exit_code("videoda", lambda: signal.raise_signal(number)) == 130
    assert "interrupted; what is done is kept" in capsys.readouterr().err
    assert signal.getsignal(number) is before
