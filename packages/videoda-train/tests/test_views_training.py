import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from videoda_train.engine import run_training
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.interrupt import Interrupted
from videoda_train.engine.weight_update import WeightUpdate
from videoda_train.errors import ConfigError
from videoda_train.methods.backbone import build_backbone
from videoda_train.recipes.config import (
    DannConfig,
    DataConfig,
    MethodName,
    ModelConfig,
    OptimConfig,
    TrainConfig,
)
from videoda_train.recipes.views_config import GladConfig, ViewsConfig


def tiny_config(world: Path, method: MethodName, *, target_list: str = "target.txt") -> TrainConfig:
    return TrainConfig(
        method=method,
        inputs="views",
        data=DataConfig(world / "source.txt", world / target_list, world / "classes.txt"),
        device="cpu",
        precision="fp32",
        views=ViewsConfig(short_side=48, crop=40),
        glad=GladConfig(width=8, background_probability=0.5),
        dann=DannConfig(width=8),
        model=ModelConfig(backbone="i3d-r50-tiny", batch_norm_momentum=0.1),
        optim=OptimConfig(lr=0.01, batch_size=4, epochs=2, milestones=(), clip_value=None, clip_norm=40.0),
    )


def final_weights(run_dir: Path) -> dict[str, Tensor]:
    return load_checkpoint(run_dir / "checkpoints" / "last.pt")["module"]


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def runs(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete TOL run and a complete GLAD run that starts from it."""
    root = tmp_path_factory.mktemp("runs")
    run_training(tiny_config(world, "tol"), root / "tol", progress=False)
    run_training(glad_config(world, root), root / "glad", progress=False)
    return root


def glad_config(world: Path, runs: Path) -> TrainConfig:
    config = tiny_config(world, "glad")
    return replace(config, model=replace(config.model, backbone_weights=str(runs / "tol")))


def test_tol_tells_orders_and_not_classes(runs: Path) -> None:
    lines = (runs / "tol" / "predictions.csv").read_text().splitlines()
    assert lines[0].endswith("0-1-2,0-2-1,1-0-2,1-2-0,2-0-1,2-1-0")
    assert len(lines) == 9


def test_glad_starts_from_the_backbone_of_its_tol_run(runs: Path) -> None:
    backbone, _ = build_backbone(ModelConfig(backbone="i3d-r50-tiny", backbone_weights=str(runs / "tol")))
    tol = final_weights(runs / "tol")
    assert equal({f"backbone.{name}": value for name, value in backbone.state_dict().items()}, {
        name: value for name, value in tol.items() if name.startswith("backbone.")
    })  # fmt: skip


def test_a_source_with_frame_counts_has_its_backgrounds(world: Path, runs: Path, tmp_path: Path) -> None:
    config = glad_config(world, runs)
    counted = replace(config, data=replace(config.data, source_list=world / "counted.txt"))
    run_training(counted, tmp_path / "run", progress=False)
    assert equal(final_weights(tmp_path / "run"), final_weights(runs / "glad"))


def test_a_run_of_another_network_is_refused_as_a_start(runs: Path) -> None:
    with pytest.raises(ConfigError, match=r"was trained with i3d-r50-tiny; model\.backbone must be the same"):
        build_backbone(ModelConfig(backbone="tsm-r50-tiny", backbone_weights=str(runs / "tol")))


def test_backgrounds_are_made_once_for_every_source_video(runs: Path) -> None:
    medians = sorted(path.name.split(".")[0] for path in (runs / "glad" / "prepared" / "median").rglob("*.jpg"))
    assert medians == sorted(3 * ["v0", "v1", "v2"])
    assert not (runs / "tol" / "prepared" / "median").exists()


@pytest.mark.parametrize(
    ("method", "step"),
    [pytest.param("tol", 1, marks=pytest.mark.slow), ("glad", 2), pytest.param("glad", 4, marks=pytest.mark.slow)],
)
def test_an_interrupted_run_resumes_to_bit_equal_weights(
    world: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: MethodName, step: int
) -> None:
    config = glad_config(world, runs) if method == "glad" else tiny_config(world, method)
    update, calls = WeightUpdate.__call__, []

    def interrupted(*args: object, **kwargs: object) -> object:
        calls.append(step)
        if len(calls) == step:
            signal.raise_signal(signal.SIGINT)
        return update(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(WeightUpdate, "__call__", interrupted)
        with pytest.raises(Interrupted):
            run_training(config, tmp_path / "run", progress=False)
    run_training(config, tmp_path / "run", resume=True, progress=False)
    assert equal(final_weights(tmp_path / "run"), final_weights(runs / method))


def with_other_labels(world: Path) -> str:
    rows = [line.rsplit(maxsplit=1)[0] for line in (world / "target.txt").read_text().splitlines()]
    (world / "relabelled.txt").write_text("".join(f"{row} {2 - i % 2}\n" for i, row in enumerate(rows)))
    return "relabelled.txt"


@pytest.mark.slow
@pytest.mark.parametrize(("method", "sees_labels"), [("glad", False), ("dann", False), ("supervised", True)])
def test_target_labels_reach_the_upper_bound_alone(
    world: Path, tmp_path: Path, method: MethodName, sees_labels: bool
) -> None:
    weights = []
    for list_name in ("target.txt", with_other_labels(world)):
        config = tiny_config(world, method, target_list=list_name)
        config = replace(config, optim=replace(config.optim, epochs=1))
        run_training(config, tmp_path / list_name, progress=False)
        weights.append(final_weights(tmp_path / list_name))
    assert equal(*weights) is not sees_labels


def test_a_method_that_needs_views_is_refused_without() -> None:
    with pytest.raises(ConfigError, match="method is 'glad', inputs is 'streams'; glad needs 'views'"):
        TrainConfig(method="glad", data=DataConfig(Path("s"), Path("t"), Path("c")))
