"""Infinities and NaNs in gradients, running statistics and scores: named, never saved as good, never measured."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_engine import PointMethod, Points, point_config, train_points, weights
from torch import Tensor
from torch.autograd import Function
from videoda_train.engine.checkpoint import load_checkpoint, save_checkpoint
from videoda_train.errors import RunError
from videoda_train.evaluation import Scores
from videoda_train.recipes.config import CheckpointConfig, TrainConfig
from videoda_train.run_folder import RunFolder


class Poison(Function):
    """The same values, with gradients times a factor."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, factor: float) -> Tensor:  # type: ignore[override]
        ctx.factor = factor
        return values.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return gradient * ctx.factor, None


class BadGradients(PointMethod):
    """Its losses are finite; at one step, where `is_ill`, its gradients are not."""

    def __init__(self, at: tuple[int, int], factor: float):
        super().__init__(batch_norm=True)
        self.at, self.factor, self.is_ill = at, factor, True

    def training_step(self, batch: Points, *, epoch: int, step: int) -> dict[str, Tensor]:
        losses = super().training_step(batch, epoch=epoch, step=step)
        factor = self.factor if self.is_ill and (epoch, step) == self.at else 1.0
        return {name: Poison.apply(value, factor) for name, value in losses.items()}


class BadStatistics(PointMethod):
    """A pass without a loss, as the target's flow makes one, fills batch norm's running statistics with NaN."""

    def training_step(self, batch: Points, *, epoch: int, step: int) -> dict[str, Tensor]:
        if (epoch, step) == (1, 2):
            with torch.no_grad():
                self.module["net"](batch.values * torch.inf)
        return super().training_step(batch, epoch=epoch, step=step)


class BadScores(PointMethod):
    """Videos 3 and 11 have NaN scores, as soon as an epoch has been trained."""

    def __init__(self, videos: Sequence[int] = (3, 11)):
        super().__init__()
        self.videos, self.seen = videos, 0

    def score(self, batch: Points) -> Scores:
        scores = super().score(batch)
        places = range(self.seen, self.seen + len(batch.labels))
        self.seen = (self.seen + len(batch.labels)) % 20
        bad = torch.tensor([place in self.videos for place in places])
        return Scores(scores.logits, {"points": scores.streams["points"].masked_fill(bad[:, None], torch.nan)})


def saving_every_step(**optim: Any) -> TrainConfig:
    return replace(point_config(**optim), checkpoint=CheckpointConfig(every_minutes=0.0))


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("at", [(0, 0), (0, 2), (1, 4)])
def test_a_gradient_that_is_not_finite_is_named_and_moves_nothing(
    tmp_path: Path, at: tuple[int, int], factor: float
) -> None:
    epoch, step = at
    match = rf"not finite at epoch {epoch}, step {step}: the gradient of net\.0\.weight.* is infinite or not a number"
    with pytest.raises(RunError, match=match):
        train_points(tmp_path, saving_every_step(ema_decay=0.9), BadGradients(at, factor))
    saved = load_checkpoint(tmp_path / "checkpoints" / "not-finite.pt")
    assert (saved["epoch"], saved["step"]) == at
    newest = RunFolder(tmp_path).checkpoint_file
    if at == (0, 0):
        assert not newest.exists()
        return
    good = load_checkpoint(newest)
    for part in ("module", "average"):
        assert all(torch.equal(value, good[part][name]) for name, value in saved[part].items()), part
        assert all(value.isfinite().all() for value in good[part].values())


def test_a_run_that_met_such_a_gradient_goes_on_where_it_is_gone_as_if_it_never_was(tmp_path: Path) -> None:
    method = BadGradients((1, 2), float("nan"))
    with pytest.raises(RunError, match="not finite at epoch 1, step 2"):
        train_points(tmp_path / "ill", saving_every_step(), method)
    method.is_ill = False
    train_points(tmp_path / "ill", saving_every_step(), method)
    healthy, _ = train_points(tmp_path / "healthy", saving_every_step(), PointMethod(batch_norm=True))
    assert all(torch.equal(value, weights(method)[name]) for name, value in weights(healthy).items())


def test_running_statistics_that_are_not_finite_are_named_and_put_back(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"epoch 1, step 2: the running statistic of net\.1\.running_mean, net\.1\.runn"):
        train_points(tmp_path, saving_every_step(), BadStatistics(batch_norm=True))
    saved = load_checkpoint(tmp_path / "checkpoints" / "not-finite.pt")["module"]
    good = load_checkpoint(RunFolder(tmp_path).checkpoint_file)["module"]
    assert all(torch.equal(value, good[name]) for name, value in saved.items())
    assert good["net.1.running_var"].isfinite().all()


def test_scores_that_are_not_finite_are_not_measured_and_name_stream_and_videos(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"nothing is measured \(points: 2 of 20 videos \(3\.avi, 11\.avi\)\)"):
        train_points(tmp_path, point_config(), BadScores())
    assert RunFolder(tmp_path).read_metrics() == []
    assert not RunFolder(tmp_path).checkpoint_file.exists()


def test_weights_that_overflow_in_the_last_step_are_not_the_newest_checkpoint(tmp_path: Path) -> None:
    config = saving_every_step(epochs=1, clip_value=None)

    class Overflow(PointMethod):
        def training_step(self, batch: Points, *, epoch: int, step: int) -> dict[str, Tensor]:
            losses = super().training_step(batch, epoch=epoch, step=step)
            if step == 4:
                losses["points"] = Poison.apply(self.module["net"][0].weight.sum(), 2e38)
            return losses

    with pytest.raises(RunError, match=r"nothing is measured .*lower --optim\.lr"):
        train_points(tmp_path, replace(config, optim=replace(config.optim, lr=20.0)), Overflow())
    newest = load_checkpoint(RunFolder(tmp_path).checkpoint_file)
    assert newest["step"] == 4
    assert all(value.isfinite().all() for value in newest["module"].values())


def test_a_checkpoint_that_is_not_finite_is_refused_by_name(tmp_path: Path) -> None:
    train_points(tmp_path, point_config(epochs=1))
    path = RunFolder(tmp_path).checkpoint_file
    content = load_checkpoint(path)
    content["module"]["net.0.weight"][0, 0] = torch.nan
    save_checkpoint(path, content)
    with pytest.raises(RunError, match=r"last\.pt holds values that are infinite or not numbers \(net\.0\.weight\)"):
        train_points(tmp_path, point_config(epochs=2))
