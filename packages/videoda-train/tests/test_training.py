import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.engine import run_training, stream_data, training_loop
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.evaluate_checkpoints import evaluate_checkpoints, open_run
from videoda_train.engine.interrupt import Interrupted
from videoda_train.engine.weight_update import WeightUpdate
from videoda_train.errors import RunError
from videoda_train.recipes.config import (
    CfbConfig,
    ClipConfig,
    DataConfig,
    ModelConfig,
    MotionConfig,
    OptimConfig,
    TrainConfig,
)
from videoda_train.run_folder import RunFolder


def tiny_config(data: Path) -> TrainConfig:
    return TrainConfig(
        data=DataConfig(source_list=data / "source.txt", target_list=data / "target.txt", classes=data / "classes.txt"),
        device="cpu",
        precision="fp32",
        clip=ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32, flow_bound=5.0),
        motion=MotionConfig(depth="ground", size=48, workers=1),
        model=ModelConfig(
            rgb="i3d-inception-tiny-rgb",
            flow="i3d-inception-tiny-flow",
            batch_norm_momentum=0.1,
        ),
        optim=OptimConfig(lr=0.02, batch_size=4, epochs=3, milestones=(2,)),
        cfb=CfbConfig(bank_size=2, bank_from_epoch=0),
    )


def final_weights(run_dir: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(run_dir / "checkpoints" / "last.pt")["module"]


@pytest.fixture(scope="module")
def whole_run(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run_training(tiny_config(tiny_data), folder, progress=False)
    return folder


def test_a_dann_run_keeps_its_domain_classifiers(tiny_data: Path, tmp_path: Path) -> None:
    result = run_training(replace(tiny_config(tiny_data), method="dann"), tmp_path / "run", progress=False)
    assert result.results["method"] == "dann"
    assert "flow_domain.layers.0.weight" in final_weights(tmp_path / "run")
    again = evaluate_checkpoints([tmp_path / "run"], device_name="cpu", progress=False)[1]
    assert again["acc_logits"] == result.results["acc_logits"]


def test_a_run_on_rgb_alone_estimates_no_flow_and_learns_the_same(
    tiny_data: Path, tmp_path: Path, whole_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(tiny_data)
    config = replace(config, model=replace(config.model, streams="rgb"), optim=replace(config.optim, epochs=1))
    run_training(config, tmp_path / "rgb", progress=False)
    paths = PreparedPaths(tmp_path / "rgb" / "prepared")
    assert paths.packed_clips.exists()
    assert not paths.target_flow.exists()
    with_and_without = (whole_run, tmp_path / "rgb")
    assert ["estimated flow" in (run / "report" / "index.html").read_text() for run in with_and_without] == [
        True,
        False,
    ]
    evaluate_checkpoints([tmp_path / "rgb"], list_file=tiny_data / "target.txt", device_name="cpu", progress=False)
    assert not list((tmp_path / "rgb").rglob(paths.target_flow.name))

    def with_flow(*args: Any, **options: Any) -> TargetDataset:
        facts = cache_target_flow(
            args[0], args[2], list_file=tiny_data / "target.txt", clip=config.clip, progress=False
        )
        return TargetDataset(args[0], facts, args[2], **options | {"with_flow": True})

    monkeypatch.setattr(stream_data, "TargetDataset", with_flow)
    run_training(config, tmp_path / "with-flow", progress=False)
    assert PreparedPaths(tmp_path / "with-flow" / "prepared").target_flow.exists()
    ours, other = final_weights(tmp_path / "rgb"), final_weights(tmp_path / "with-flow")
    assert ours.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in ours.items())


def test_the_bank_holds_videos_that_are_adapted_to_where_others_are_evaluated(tiny_data: Path, tmp_path: Path) -> None:
    rows = (tiny_data / "target.txt").read_text().splitlines()
    (tiny_data / "evaluated.txt").write_text("\n".join(rows[:4:3]) + "\n")
    config = tiny_config(tiny_data)
    config = replace(
        config,
        data=replace(config.data, evaluation_list=tiny_data / "evaluated.txt"),
        optim=replace(config.optim, epochs=1),
        cfb=replace(config.cfb, bank_size=9),
    )
    run_training(config, tmp_path / "run", progress=False)
    record = json.loads((tmp_path / "run" / "metrics.jsonl").read_text())
    assert len((tmp_path / "run" / "predictions.csv").read_text().splitlines()) == 1 + 2
    assert sum(map(sum, record["confusion_matrix"])) == 2
    assert sorted(video for videos in record["bank_videos"] for video in videos) == list(range(9))


def test_a_run_leaves_every_file_that_is_promised(whole_run: Path) -> None:
    for name in ("config.yaml", "metrics.jsonl", "predictions.csv", "results.json", "report/index.html"):
        assert (whole_run / name).stat().st_size > 0, name
    results = json.loads((whole_run / "results.json").read_text())
    promised = (
        "task scale method seed epochs num_target_videos acc_logits acc_softmax mean_class_accuracy "
        "per_class_accuracy confusion_matrix selection versions wall_seconds"
    )
    assert set(promised.split()) <= set(results)
    assert results["selection"] == "last"
    assert sum(map(sum, results["confusion_matrix"])) == results["num_target_videos"] == 9


def test_predictions_agree_with_the_results(whole_run: Path) -> None:
    lines = (whole_run / "predictions.csv").read_text().splitlines()
    assert lines[0] == "path,label,predicted_softmax,predicted_logits,confidence,right,down,left"
    rows = [line.rsplit(",", 7) for line in lines[1:]]
    results = json.loads((whole_run / "results.json").read_text())
    assert sum(row[1] == row[2] for row in rows) / 9 == pytest.approx(results["acc_softmax"])


def test_metrics_have_one_line_per_epoch_and_count_the_bank(whole_run: Path) -> None:
    records = [json.loads(line) for line in (whole_run / "metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [0, 1, 2]
    assert [record["lr"] for record in records] == pytest.approx([0.02, 0.02, 0.002])
    assert all(0 < sum(record["bank_counts"]) <= 6 for record in records)
    assert set(records[0]["losses"]) == {"rgb_frame", "rgb_clip", "flow_frame", "flow_clip", "pace"}


def interrupt_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, calls: int) -> None:
    """Send SIGINT to this process at the given call of a function of the engine."""
    original = getattr(owner, name)
    count = 0

    def wrapped(*args: object, **kwargs: object) -> object:
        nonlocal count
        count += 1
        if count == calls:
            signal.raise_signal(signal.SIGINT)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, wrapped)


@pytest.mark.parametrize(
    ("owner", "name", "calls"),
    [
        (WeightUpdate, "__call__", 1),
        (WeightUpdate, "__call__", 5),
        (WeightUpdate, "__call__", 6),
        (training_loop, "evaluate", 2),
    ],
)
def test_an_interrupted_run_resumes_to_bit_equal_weights(
    tiny_data: Path,
    tmp_path: Path,
    whole_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    calls: int,
) -> None:
    config = tiny_config(tiny_data)
    with monkeypatch.context() as patch:
        interrupt_after(patch, owner, name, calls)
        with pytest.raises(Interrupted):
            run_training(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run" / "results.json").exists()
    run_training(config, tmp_path / "run", resume=True, progress=False)
    expected = final_weights(whole_run)
    resumed = final_weights(tmp_path / "run")
    assert expected.keys() == resumed.keys()
    assert all(torch.equal(expected[key], resumed[key]) for key in expected)


def test_a_run_killed_in_its_second_epoch_resumes_to_bit_equal_weights(
    tiny_data: Path, tmp_path: Path, whole_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    config = tiny_config(tiny_data)
    with monkeypatch.context() as patch:
        patch.setattr("videoda_train.run_folder.RunFolder.write_metrics", die_at_second_call(Killed))
        with pytest.raises(Killed):
            run_training(config, tmp_path / "run", progress=False)
    run_training(config, tmp_path / "run", resume=True, progress=False)
    expected, resumed = final_weights(whole_run), final_weights(tmp_path / "run")
    assert all(torch.equal(expected[key], resumed[key]) for key in expected)


def die_at_second_call(error: type[BaseException]) -> object:
    from videoda_train.run_folder import RunFolder

    original, calls = RunFolder.write_metrics, []

    def wrapped(self: RunFolder, record: dict[str, object]) -> None:
        calls.append(record)
        if len(calls) == 2:
            raise error
        original(self, record)

    return wrapped


def test_an_existing_run_is_neither_overwritten_nor_mixed_with_other_settings(tiny_data: Path, whole_run: Path) -> None:
    config = tiny_config(tiny_data)
    with pytest.raises(RunError, match="add --resume"):
        run_training(config, whole_run, progress=False)
    with pytest.raises(RunError, match=r"other settings \(seed\)"):
        run_training(replace(config, seed=1), whole_run, resume=True, progress=False)


def test_a_folder_called_bank_that_no_run_made_stays_as_it_is(tiny_data: Path, tmp_path: Path) -> None:
    precious = tmp_path / "bank" / "statement.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    with pytest.raises(RunError, match=r"holds bank but no run .*move them away, or give another --run-dir"):
        run_training(tiny_config(tiny_data), tmp_path, progress=False)
    assert [path.name for path in tmp_path.rglob("*")] == ["bank", "statement.txt"]


def test_a_run_that_failed_before_its_first_checkpoint_is_mended_by_other_settings(
    tiny_data: Path, tmp_path: Path
) -> None:
    config = replace(tiny_config(tiny_data), method="source_only")
    config = replace(config, optim=replace(config.optim, epochs=1, milestones=()))
    hot = replace(config, optim=replace(config.optim, lr=1e30, clip_value=1e30))
    with pytest.raises(RunError, match="not finite at epoch 0"):
        run_training(hot, tmp_path / "run", progress=False)
    with pytest.raises(RunError, match="stopped before its first checkpoint; add --resume"):
        run_training(config, tmp_path / "run", progress=False)
    mended = run_training(config, tmp_path / "run", resume=True, progress=False)
    assert mended.results["epochs"] == 1
    assert RunFolder(tmp_path / "run").read_config() == config


def test_resuming_a_complete_run_returns_its_results(tiny_data: Path, whole_run: Path) -> None:
    result = run_training(tiny_config(tiny_data), whole_run, resume=True, progress=False)
    assert result.results == json.loads((whole_run / "results.json").read_text())


def test_resuming_a_run_that_was_killed_before_its_report_makes_the_report(tiny_data: Path, whole_run: Path) -> None:
    report = whole_run / "report" / "index.html"
    made = report.read_text()
    shutil.rmtree(report.parent)
    run_training(tiny_config(tiny_data), whole_run, resume=True, progress=False)
    assert report.read_text() == made


def test_a_checkpoint_evaluated_again_gives_the_same_numbers(whole_run: Path, tmp_path: Path) -> None:
    out, results = evaluate_checkpoints([whole_run], out_dir=tmp_path / "eval", device_name="cpu", progress=False)
    first = json.loads((whole_run / "results.json").read_text())
    for name in ("acc_softmax", "acc_logits", "confusion_matrix"):
        assert results[name] == first[name]
    assert (out / "predictions.csv").read_text() == (whole_run / "predictions.csv").read_text()


@pytest.mark.parametrize("of_an_older_version", [False, True])
@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("left\ndown\nright\n", "class 0 'left', and .* learnt it as 'right'"),
        ("right\ndown\nleft\nup\n", "4 classes, and .* learnt 3"),
    ],
)
def test_a_checkpoint_is_not_evaluated_under_other_class_names_than_it_learnt(
    tiny_data: Path, whole_run: Path, tmp_path: Path, now: str, told: str, of_an_older_version: bool
) -> None:
    run, classes = tmp_path / "run", tmp_path / "classes.txt"
    for name in ("config.yaml", "results.json") + (() if of_an_older_version else (".videoda-run.json",)):
        run.mkdir(exist_ok=True)
        (run / name).write_bytes((whole_run / name).read_bytes())
    config = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(config.replace(str(tiny_data / "classes.txt"), str(classes)))
    classes.write_text((tiny_data / "classes.txt").read_text() + "\n")
    assert open_run(run).classes == ["right", "down", "left"]
    classes.write_text(now)
    with pytest.raises(RunError, match=rf"classes\.txt names {told}"):
        evaluate_checkpoints([run], device_name="cpu", progress=False)
    assert not (run / "eval").exists()


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_step(tiny_data: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_data)
    with pytest.raises(RunError, match=r"not finite at epoch 0, step 1.*lower --optim\.lr.*\n  .*im&2\.jpg"):
        run_training(
            replace(config, optim=replace(config.optim, lr=1e30, clip_value=1e30)), tmp_path / "r", progress=False
        )


def test_source_only_never_passes_a_target_clip_in_training(tiny_data: Path, tmp_path: Path) -> None:
    config = replace(tiny_config(tiny_data), method="source_only", motion=MotionConfig(source="static"))
    run_training(config, tmp_path / "a", progress=False)
    other = tmp_path / "target.txt"
    lines = (tiny_data / "target.txt").read_text().splitlines()[:4]
    other.write_text("".join(f"{tiny_data}/{line}\n" for line in lines))
    changed = replace(config, data=replace(config.data, target_list=other))
    run_training(changed, tmp_path / "b", progress=False)
    first, second = final_weights(tmp_path / "a"), final_weights(tmp_path / "b")
    assert all(torch.equal(first[name], second[name]) for name in first)
