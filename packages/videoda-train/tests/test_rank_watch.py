"""Processes of one run, one of which fails, is killed or is told to stop: the others stop too, and say why."""

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from rank_processes import run_ranks
from tiny_engine import PointMethod, Points, point_config, point_loop
from torch import Tensor
from videoda_train.engine import rank_watch
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.distributed import Ranks
from videoda_train.engine.interrupt import stop_between_steps
from videoda_train.engine.runtime import Runtime
from videoda_train.errors import MediaError
from videoda_train.recipes.config import CheckpointConfig
from videoda_train.run_folder import RunFolder


def suffer(fate: str) -> None:
    if fate == "fails":
        raise MediaError("photo.jpg is no photo")
    os.kill(os.getpid(), {"killed": signal.SIGKILL, "asked to stop": signal.SIGTERM}[fate])


class Ill(PointMethod):
    """Meets its fate at epoch 0, step 2."""

    def __init__(self, fate: str | None):
        super().__init__()
        self.fate = fate

    def training_step(self, batch: Points, *, epoch: int, step: int) -> dict[str, Tensor]:
        if self.fate is not None and (epoch, step) == (0, 2):
            suffer(self.fate)
        return super().training_step(batch, epoch=epoch, step=step)


def train(ranks: Ranks, folder: Path, *, fate: str, at: int) -> None:
    config = replace(point_config(), checkpoint=CheckpointConfig(every_minutes=0.0))
    with stop_between_steps() as stop:
        runtime = Runtime(torch.device("cpu"), ranks=ranks, stop=stop)
        point_loop(folder, config, Ill(fate if ranks.rank == at else None), runtime).run()


def prepare(ranks: Ranks, folder: Path, *, fate: str, at: int) -> None:
    with ranks.first(leader=ranks.rank == at):
        if ranks.rank == at:
            suffer(fate)


def outcome(folder: Path, rank: int) -> str:
    return (folder / f"outcome-{rank}.txt").read_text()


TOLD = "RunError: process {at} of this run stopped, so this one does too: MediaError: photo.jpg is no photo"


@pytest.mark.parametrize("work", [train, prepare])
@pytest.mark.parametrize("at", [0, 1])
def test_where_one_process_fails_the_others_stop_with_its_message(tmp_path: Path, work: object, at: int) -> None:
    assert run_ranks(partial(work, fate="fails", at=at), tmp_path / "run", count=2) == [0, 0]  # type: ignore[operator]
    assert outcome(tmp_path / "run", at) == "MediaError: photo.jpg is no photo"
    assert outcome(tmp_path / "run", 1 - at) == TOLD.format(at=at)


@pytest.mark.parametrize("work", [train, prepare])
@pytest.mark.parametrize("at", [0, 1])
def test_where_one_process_is_killed_the_others_stop_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: object, at: int
) -> None:
    monkeypatch.setattr(rank_watch, "_BEAT_SECONDS", 0.2)
    monkeypatch.setattr(rank_watch, "_SILENT_SECONDS", 2.0)
    codes = run_ranks(partial(work, fate="killed", at=at), tmp_path / "run", count=2)  # type: ignore[operator]
    assert codes[at] == -signal.SIGKILL
    assert codes[1 - at] == 0
    said = outcome(tmp_path / "run", 1 - at)
    assert said.startswith("RunError: ")
    assert "it was lost: killed, out of memory, its machine gone" in said
    assert said.endswith("continue with --resume")
    if work is train:
        saved = load_checkpoint(RunFolder(tmp_path / "run").checkpoint_file)
        assert (saved["epoch"], saved["step"]) in ((0, 1), (0, 2))


def test_a_process_that_is_told_to_stop_stops_all_at_one_step_which_is_saved(tmp_path: Path) -> None:
    assert run_ranks(partial(train, fate="asked to stop", at=1), tmp_path / "run", count=2) == [0, 0]
    assert [outcome(tmp_path / "run", rank) for rank in range(2)] == ["Interrupted: "] * 2
    saved = load_checkpoint(RunFolder(tmp_path / "run").checkpoint_file)
    assert saved["epoch"] == 0
    assert saved["step"] in (3, 4)


def test_a_process_that_is_told_to_stop_while_others_wait_for_it_stops_them(tmp_path: Path) -> None:
    def interrupted(ranks: Ranks, folder: Path) -> None:
        with ranks.first(leader=ranks.leads):
            if ranks.leads:
                raise KeyboardInterrupt

    run_ranks(interrupted, tmp_path / "run", count=2)
    assert [outcome(tmp_path / "run", rank) for rank in range(2)] == ["KeyboardInterrupt: ", "Interrupted: "]
