"""The loop, its checkpoints and its processes, on the smallest method there is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rank_processes import spawn_ranks
from tiny_engine import NanMethod, PointData, PointMethod, PointVideos, point_config, train_points, weights
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.evaluate import evaluate
from videoda_train.engine.runtime import Runtime
from videoda_train.engine.training_loop import TrainingLoop
from videoda_train.errors import ConfigError, RunError
from videoda_train.recipes.config import CheckpointConfig
from videoda_train.run_folder import RunFolder


def assert_close(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], *, within: float) -> None:
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], rtol=0, atol=within)


def test_micro_batches_give_the_step_of_the_whole_batch(tmp_path: Path) -> None:
    whole, _ = train_points(tmp_path / "a", point_config())
    parts, _ = train_points(tmp_path / "b", point_config(accumulation=4))
    assert_close(weights(whole), weights(parts), within=1e-6)


def test_a_batch_that_does_not_divide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"batch_size is 8; it must be a multiple of 3 \(1 processes × 3 micro"):
        train_points(tmp_path, point_config(accumulation=3))


def test_the_record_of_an_epoch_holds_the_mean_losses_of_its_steps(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    config = point_config()
    data = PointData(batch_size=8)
    loop = TrainingLoop(
        config, PointMethod(), data, RunFolder(tmp_path), Runtime(torch.device("cpu")), callbacks=[seen.append]
    )
    loop.run()
    assert seen == RunFolder(tmp_path).read_metrics()
    assert [record["lr"] for record in seen] == pytest.approx([0.1, 0.01])
    assert seen[1]["losses"]["points"] < seen[0]["losses"]["points"]
    assert set(seen[0]["criteria"]) == {"entropy", "diversity", "information_maximisation", "snd"}


def test_the_moving_average_is_evaluated_and_saved_beside_the_weights(tmp_path: Path) -> None:
    train_points(tmp_path, point_config(ema_decay=0.5))
    record = RunFolder(tmp_path).read_metrics()[-1]
    assert 0 <= record["average"]["acc_softmax"] <= 1
    saved = load_checkpoint(RunFolder(tmp_path).checkpoint_file)
    assert not torch.equal(saved["average"]["net.0.weight"], saved["module"]["net.0.weight"])


class Killed(BaseException):
    pass


class DyingMethod(PointMethod):
    """Dies at the given call of its training step."""

    def __init__(self, calls: int, **settings: Any):
        super().__init__(**settings)
        self.left = calls

    def training_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, torch.Tensor]:
        self.left -= 1
        if self.left == 0:
            raise Killed
        return super().training_step(batch, epoch=epoch, step=step)


@pytest.mark.parametrize("calls", [3, 5, 6, 9])
def test_a_run_that_saves_inside_its_epochs_goes_on_from_the_last_step_bit_by_bit(tmp_path: Path, calls: int) -> None:
    config = replace(point_config(ema_decay=0.9), checkpoint=CheckpointConfig(every_minutes=0.0))
    whole, expected = train_points(tmp_path / "a", config, PointMethod(batch_norm=True, dropout=0.3))
    with pytest.raises(Killed):
        train_points(tmp_path / "b", config, DyingMethod(calls, batch_norm=True, dropout=0.3))
    left = load_checkpoint(RunFolder(tmp_path / "b").checkpoint_file)
    assert left["epoch"] * 5 + left["step"] == calls - 1
    resumed, scores = train_points(tmp_path / "b", config, PointMethod(batch_norm=True, dropout=0.3))
    assert_close(weights(whole), weights(resumed), within=0)
    assert torch.equal(scores.logits, expected.logits)
    records = [RunFolder(tmp_path / name).read_metrics() for name in "ab"]
    assert [r["losses"] for r in records[0]] == [r["losses"] for r in records[1]]
    ends = [load_checkpoint(RunFolder(tmp_path / name).checkpoint_file)["average"] for name in "ab"]
    assert_close(ends[0], ends[1], within=0)


def test_the_last_epochs_and_the_best_one_stay_beside_the_newest(tmp_path: Path) -> None:
    checkpoint = CheckpointConfig(keep_last=2, keep_best="entropy")
    train_points(tmp_path, replace(point_config(epochs=4), checkpoint=checkpoint))
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["best.pt", "epoch-0002.pt", "epoch-0003.pt", "last.pt"]
    values = [record["criteria"]["entropy"] for record in RunFolder(tmp_path).read_metrics()]
    assert load_checkpoint(tmp_path / "checkpoints" / "best.pt")["epoch"] == values.index(min(values)) + 1
    assert load_checkpoint(tmp_path / "checkpoints" / "epoch-0002.pt")["epoch"] == 3


def test_a_loss_that_is_not_finite_names_step_and_files_and_saves_the_state(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"not finite at epoch 1, step 2: .*'points': nan(.|\n)*\n  2-7\.jpg"):
        train_points(tmp_path, point_config(), NanMethod())
    saved = load_checkpoint(tmp_path / "checkpoints" / "not-finite.pt")
    assert (saved["epoch"], saved["step"]) == (1, 2)
    assert all(value.isfinite().all() for value in saved["module"].values())
    newest = load_checkpoint(RunFolder(tmp_path).checkpoint_file)
    assert (newest["epoch"], newest["step"]) == (1, 0)


class GreedyMethod(PointMethod):
    def training_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, torch.Tensor]:
        raise torch.OutOfMemoryError("tried to allocate 80 GiB")


def test_too_little_memory_says_what_to_lower(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"out of memory at epoch 0, step 0: raise --optim\.accumulation \(now 1"):
        train_points(tmp_path, point_config(), GreedyMethod())


def test_a_last_step_of_one_clip_is_no_bug_but_a_batch_size_to_change(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"step 0 has one clip.*--optim\.batch-size \(now 1\)"):
        train_points(tmp_path, point_config(batch_size=1), PointMethod(batch_norm=True))


def test_a_checkpoint_of_another_network_is_refused_by_name(tmp_path: Path) -> None:
    train_points(tmp_path, point_config())
    with pytest.raises(RunError, match=r"last\.pt does not fit this network \(\d+ differences, the first: .*net\.1"):
        train_points(tmp_path, point_config(), PointMethod(batch_norm=True))


def test_all_processes_evaluate_the_model_that_is_saved(tmp_path: Path) -> None:
    config = point_config(epochs=1, ema_decay=0.5)
    assert spawn_ranks(tmp_path / "two", config, count=2, kind="batch norm") == [0, 0]
    saved = load_checkpoint(RunFolder(tmp_path / "two").checkpoint_file)
    points = PointVideos()
    for name in ("module", "average"):
        method = PointMethod(batch_norm=True)
        method.module.load_state_dict(saved[name], strict=False)
        alone = evaluate(method, points, Runtime(torch.device("cpu")))
        for rank in range(2):
            end = torch.load(tmp_path / "two" / f"rank-{rank}.pt")
            torch.testing.assert_close(end["logits" if name == "module" else "averaged"], alone.logits, rtol=0, atol=0)


def test_two_processes_take_the_steps_of_one_with_the_whole_batch(tmp_path: Path) -> None:
    config = point_config(epochs=1, accumulation=2, ema_decay=0.9)
    alone, expected = train_points(tmp_path / "alone", config)
    assert spawn_ranks(tmp_path / "two", config, count=2) == [0, 0]
    ends = [torch.load(tmp_path / "two" / f"rank-{rank}.pt") for rank in range(2)]
    assert_close(ends[0]["weights"], ends[1]["weights"], within=0)
    assert_close(weights(alone), ends[0]["weights"], within=1e-5)
    for end in ends:
        torch.testing.assert_close(end["logits"], expected.logits, rtol=0, atol=1e-5)
    saved = [load_checkpoint(RunFolder(tmp_path / name).checkpoint_file) for name in ("alone", "two")]
    assert_close(saved[0]["average"], saved[1]["average"], within=1e-5)
    records = [RunFolder(tmp_path / name).read_metrics() for name in ("alone", "two")]
    assert records[0][0]["losses"] == pytest.approx(records[1][0]["losses"], abs=1e-5)
    assert records[0][0]["criteria"] == pytest.approx(records[1][0]["criteria"], abs=1e-4)


def test_every_process_stops_at_the_same_step_where_one_has_a_loss_that_is_not_finite(tmp_path: Path) -> None:
    assert spawn_ranks(tmp_path / "two", point_config(), count=2, kind="nan") == [0, 0]
    assert all("epoch 1, step 2" in (tmp_path / "two" / f"error-{rank}.txt").read_text() for rank in range(2))
