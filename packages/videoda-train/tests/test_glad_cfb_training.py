"""GLAD with CFB's parts on videos and on photos, from their files to a run's results."""

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from videoda_train.data.training_data import StepKey
from videoda_train.data.view_flow_batches import ViewsFlowBatch, ViewsFlowData
from videoda_train.engine import run_training
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.dry_run import describe_run
from videoda_train.engine.evaluate_checkpoints import evaluate_checkpoints
from videoda_train.engine.interrupt import Interrupted
from videoda_train.engine.run_data import prepare_training, prepared_paths, read_inputs
from videoda_train.engine.weight_update import WeightUpdate
from videoda_train.errors import ConfigError
from videoda_train.recipes.b2u import B2U
from videoda_train.recipes.config import (
    CfbConfig,
    ClipConfig,
    DataConfig,
    LoadingConfig,
    ModelConfig,
    MotionConfig,
    OptimConfig,
    TrainConfig,
)
from videoda_train.recipes.e2h import E2H
from videoda_train.recipes.photo_views import photo_options
from videoda_train.recipes.s2u import S2U
from videoda_train.recipes.views_config import GladConfig, ViewsConfig


def tiny_config(data: Path, **settings: Any) -> TrainConfig:
    return TrainConfig(
        method="glad_cfb",
        inputs="views",
        data=DataConfig(data / "source.txt", data / "target.txt", data / "classes.txt"),
        device="cpu",
        precision="fp32",
        clip=ClipConfig(num_frames=8, num_eval_frames=16, resize=44, crop=40, flow_bound=5.0),
        motion=MotionConfig(depth="ground", size=48, workers=1),
        views=ViewsConfig(short_side=48, crop=40, source_interval=1),
        glad=GladConfig(width=8, background_probability=0.5),
        cfb=CfbConfig(bank_size=8, bank_from_epoch=0, flow_lr_factor=2.0),
        model=ModelConfig(backbone="i3d-r50-tiny", flow="i3d-inception-tiny-flow", batch_norm_momentum=0.1),
        optim=OptimConfig(lr=0.01, batch_size=4, epochs=2, milestones=(), clip_value=None, clip_norm=40.0),
        **settings,
    )


def evaluating_others(world: Path) -> TrainConfig:
    config = tiny_config(world)
    return replace(config, data=replace(config.data, evaluation_list=world / "evaluated.txt"))


@pytest.fixture(scope="module")
def whole_run(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_training(evaluating_others(world), tmp_path_factory.mktemp("runs") / "run", progress=False).folder


def weights(run_dir: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(run_dir / "checkpoints" / "last.pt")["module"]


def test_both_networks_vote_and_the_bank_holds_videos_that_are_adapted_to(whole_run: Path) -> None:
    records = [json.loads(line) for line in (whole_run / "metrics.jsonl").read_text().splitlines()]
    assert len((whole_run / "predictions.csv").read_text().splitlines()) == 1 + 4
    for record in records:
        assert record["acc_rgb"] is not None
        assert record["acc_flow"] is not None
        assert {"classification", "cross_domain", "pace", "flow_frame", "flow_clip"} < set(record["losses"])
        banked = sorted(video for videos in record["bank_videos"] for video in videos)
        assert banked == list(range(8))
        assert sum(record["bank_counts"]) == 8


def test_a_checkpoint_evaluated_again_gives_the_same_numbers(whole_run: Path) -> None:
    again = evaluate_checkpoints([whole_run], device_name="cpu", progress=False)[1]
    results = json.loads((whole_run / "results.json").read_text())
    assert [again[name] for name in ("acc_logits", "acc_softmax")] == [
        results[name] for name in ("acc_logits", "acc_softmax")
    ]


def test_a_run_stopped_while_it_draws_from_the_bank_resumes_to_bit_equal_weights(
    world: Path, tmp_path: Path, whole_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, update = evaluating_others(world), WeightUpdate.__call__
    config = replace(config, loading=LoadingConfig(prepared_dir=whole_run / "prepared"))

    def stopped(self: WeightUpdate, batches: Any, **where: Any) -> object:
        if (where["epoch"], where["step"]) == (1, 0):
            signal.raise_signal(signal.SIGINT)
        return update(self, batches, **where)

    with monkeypatch.context() as patch:
        patch.setattr(WeightUpdate, "__call__", stopped)
        with pytest.raises(Interrupted):
            run_training(config, tmp_path / "run", progress=False)
    saved = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt")
    assert (saved["epoch"], saved["step"], saved["method"]["bank_fill"] is None) == (1, 2, False)
    run_training(config, tmp_path / "run", resume=True, progress=False)
    expected, resumed = weights(whole_run), weights(tmp_path / "run")
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)


def data_of(config: TrainConfig, folder: Path) -> ViewsFlowData:
    data = prepare_training(config, read_inputs(config), prepared_paths(config, folder), progress=False)
    assert isinstance(data, ViewsFlowData)
    return data


def joined(batches: list[ViewsFlowBatch]) -> dict[str, torch.Tensor]:
    return {name: torch.cat([getattr(batch, name) for batch in batches]) for name in vars(batches[0])}


def test_the_parts_of_a_step_are_the_step(world: Path, whole_run: Path) -> None:
    data = data_of(evaluating_others(world), whole_run)
    whole = joined([data[StepKey(1, 1)]])
    parts = joined([data[StepKey(1, 1, part, 2)] for part in range(2)])
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_clips_of_photos_come_with_the_exact_flow_of_the_camera(tiny_data: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_data)
    config = replace(config, clip=replace(config.clip, crop=44))
    data = data_of(config, tmp_path)
    batch = data[StepKey(0, 0)]
    rows = (tiny_data / "source.txt").read_text().splitlines()
    for index, flow in zip(batch.source_index.tolist(), batch.source_flow.numpy(), strict=True):
        name = Path(rows[index].rsplit(maxsplit=1)[0])
        (packed,) = (tmp_path / "prepared/packed_16" / name.parent.name).glob(f"{name.name}.*.flow.npy")
        codes = np.load(packed)[[*range(7), 6]]
        mirrored = codes[:, :, ::-1].copy()
        mirrored[..., 0] = 255 - mirrored[..., 0]
        assert np.array_equal(flow, codes) or np.array_equal(flow, mirrored)


def test_a_run_on_photos_with_rgb_alone_keeps_no_bank(tiny_data: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_data)
    config = replace(config, model=replace(config.model, streams="rgb"), optim=replace(config.optim, epochs=1))
    run = run_training(config, tmp_path / "run", progress=False)
    record = json.loads((run.folder / "metrics.jsonl").read_text())
    assert record["acc_flow"] is None
    assert "bank_counts" not in record
    assert not any(name.startswith("flow.") for name in weights(run.folder))


def test_a_dry_run_tells_the_shapes_of_views_and_clips(world: Path, tmp_path: Path) -> None:
    text = describe_run(tiny_config(world), tmp_path)
    for shape in ("source 3 × 8 × 40 × 40 × 3", "source_flow 8 × 40 × 40 × 2", "target_clip 8 × 40 × 40 × 3"):
        assert shape in text
    assert "2 epochs of 3 steps" in text


@pytest.mark.parametrize(("task", "epochs", "bank_from"), [("e2h", 15, 2), ("b2u", 2, 0), ("s2u", 15, 7)])
def test_on_photos_cfbs_parts_are_those_of_the_tasks_own_recipe(task: str, epochs: int, bank_from: int) -> None:
    streams = {"e2h": E2H, "b2u": B2U, "s2u": S2U}[task]
    options = photo_options(streams, method="glad_cfb", inputs=None, tol_run="tol", epochs=epochs)
    assert options.cfb.bank_from_epoch == bank_from < epochs - 1
    assert options.optim.lr * options.cfb.flow_lr_factor == pytest.approx(streams.optim.lr)
    assert (options.cfb.pace_weight, options.cfb.bank_size) == (streams.cfb.pace_weight, streams.cfb.bank_size)
    assert (options.model.flow, options.model.flow_weights) == (streams.model.flow, streams.model.flow_weights)


def test_flow_alone_is_refused(world: Path) -> None:
    config = tiny_config(world)
    with pytest.raises(ConfigError, match="GLAD sees RGB: give 'both' or 'rgb'"):
        replace(config, model=replace(config.model, streams="flow"))
