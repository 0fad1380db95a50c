import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_engine import point_config
from videoda_train.engine.callbacks import describe_epoch, tensorboard, tracker
from videoda_train.errors import ConfigError
from videoda_train.recipes.config import TrackingConfig

RECORD = {
    "epoch": 1,
    "lr": 0.05,
    "losses": {"clip": 0.5, "pace": 0.25},
    "acc_softmax": 0.75,
    "acc_logits": 0.5,
    "mean_class_accuracy": 0.7,
    "criteria": {"snd": 2.0},
    "train_seconds": 3.0,
    "evaluate_seconds": 1.0,
    "clips_per_second": 20.0,
}


def test_tensorboard_gets_the_numbers_of_an_epoch(tmp_path: Path) -> None:
    with tensorboard(tmp_path) as callback:
        callback(RECORD)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert set(events.Tags()["scalars"]) >= {"loss/clip", "target/acc_softmax", "criteria/snd", "lr"}
    assert [(event.step, event.value) for event in events.Scalars("loss/pace")] == [(1, 0.25)]


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_a_tracker_is_opened_told_every_epoch_and_closed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    told: list[Any] = []
    service = SimpleNamespace(
        init=lambda **settings: told.append(settings), log=told.append, finish=lambda: told.append("closed")
    )
    monkeypatch.setitem(sys.modules, name, service)  # type: ignore[arg-type]
    config = replace(point_config(), tracking=TrackingConfig(tracker=name, project="p"))  # type: ignore[arg-type]
    with tracker(config, name="run") as callback:
        callback(RECORD)
    assert (told[0]["project"], told[0]["name"], told[0]["config"]["optim"]["lr"]) == ("p", "run", 0.1)
    assert (told[1]["epoch"], told[1]["loss/clip"], told[2]) == (1, 0.5, "closed")


def test_a_tracker_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)  # type: ignore[arg-type]
    config = replace(point_config(), tracking=TrackingConfig(tracker="trackio"))
    with pytest.raises(ConfigError, match=r"pip install 'videoda-train\[trackio\]'"), tracker(config, name="run"):
        pass


def test_the_console_line_has_losses_accuracies_and_the_average_where_there_is_one() -> None:
    assert describe_epoch(RECORD, epochs=9).startswith("epoch   2/9  loss 0.750  AccSf  75.0  Acc  50.0")
    assert "average AccSf  80.0" in describe_epoch({**RECORD, "average": {"acc_softmax": 0.8}}, epochs=9)
