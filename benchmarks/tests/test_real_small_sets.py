"""The examples on real photos and videos: their data files, and the files they name where those are at hand."""

import os
from pathlib import Path

import pytest
from videoda_bench.reproduction.plan import PlannedRun
from videoda_bench.reproduction.reproduce import Request, plan
from videoda_bench.tasks import Task, load_task
from videoda_models import InflatedModel
from videoda_train.data.list_file import read_list
from videoda_train.methods.backbone import build_backbone
from videoda_train.methods.stream import FLOW_CHANNELS, RGB_CHANNELS, build_stream

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = os.environ.get("VIDEODA_TEST_DATA")
    if not folder:
        pytest.skip("VIDEODA_TEST_DATA is not set; it names the folder of real test data")
    monkeypatch.setenv("WEIGHTS", f"{folder}/weights")
    return Path(folder)


def planned(task: Task, lists: Path, out: Path, *, row: str) -> PlannedRun:
    return next(run for run in plan(Request(task, out, "full", seeds=(0,), lists_dir=lists)) if run.row == row)


@pytest.mark.parametrize(("name", "rows"), [("sports10", 5), ("human5", 8)])
def test_every_row_of_an_example_starts_from_the_same_image_network(name: str, rows: int):
    task = load_task(EXAMPLES / f"{name}.yaml")
    assert len(task.rows) == rows
    networks = {row.settings.get("model.rgb", row.settings.get("model.backbone")) for row in task.rows}
    assert networks == {"inflated-mobilenet-v2-tf"}


def test_an_accuracy_step_in_the_title_is_that_of_one_video():
    assert f"{100 / 13:.1f} points" in load_task(EXAMPLES / "sports10.yaml").title
    assert f"{100 // 25} points" in load_task(EXAMPLES / "human5.yaml").title


def test_the_example_counts_are_those_of_the_real_lists(real_data: Path):
    task = load_task(EXAMPLES / "sports10.yaml")
    for side in ("source", "target"):
        labels = [item.label for item in read_list(real_data / "sports10" / f"{side}.txt", num_classes=10)]
        assert [labels.count(i) for i in range(10)] == [getattr(each, f"{side}_count") for each in task.classes]


def test_both_streams_of_the_example_are_the_image_network_frozen_but_for_its_end(real_data: Path, tmp_path: Path):
    run = planned(load_task(EXAMPLES / "sports10.yaml"), real_data / "sports10", tmp_path, row="cfb-full")
    model = run.config.model
    for name, weights, channels in (
        (model.rgb, model.rgb_weights, RGB_CHANNELS),
        (model.flow, model.flow_weights, FLOW_CHANNELS),
    ):
        stream = build_stream(name, weights, in_channels=channels, num_classes=10, config=model)
        assert isinstance(stream, InflatedModel)
        trained = {key.split(".")[1] for key, p in stream.blocks.named_parameters(prefix="blocks") if p.requires_grad}
        assert trained == {"18"}


def test_a_row_with_tol_starts_from_its_run_and_the_others_from_the_image_network(real_data: Path, tmp_path: Path):
    for name in ("source.txt", "target.txt", "target_test.txt"):
        (tmp_path / name).write_text("a.mp4 0\n")
    task = load_task(EXAMPLES / "human5.yaml")
    full = planned(task, tmp_path, tmp_path / "out", row="glad-full")
    assert full.config.model.backbone_weights == str(tmp_path / "out" / "tol-seed0")
    alone = planned(task, tmp_path, tmp_path / "out", row="source-only")
    backbone, _ = build_backbone(alone.config.model)
    assert backbone.feature_channels == 1280
