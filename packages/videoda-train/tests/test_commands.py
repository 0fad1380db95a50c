import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
import tyro
from own_lists import custom, run
from tiny_media import moving_frames, write_video
from videoda_train.cli.entry import exit_code
from videoda_train.cli.resume import Resume
from videoda_train.data.prepare import B2U, E2H, S2U


@dataclass(frozen=True)
class ResumeOnly:
    resume: Resume = False


def test_the_whole_road_runs_on_ones_own_lists_and_evaluates_again(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert custom(tiny_data, tmp_path / "run", test_list=tiny_data / "target.txt") == 0
    assert re.search(r"AccSf +\d+\.\d %, Acc", capsys.readouterr().out)
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["test"]["acc_softmax"] == results["acc_softmax"]
    assert (
        results["test"]["num_videos"] == len((tmp_path / "run" / "test-predictions.csv").read_text().splitlines()) - 1
    )
    assert set(results["other_selections"]) >= {"snd", "entropy", "oracle (uses target labels)"}
    assert run("eval", tmp_path / "run", "--device", "cpu", "--top-k", 1, 2) == 0
    told = capsys.readouterr().out
    assert re.search(r"of 9 videos \(top-1 \d+\.\d %, top-2 \d+\.\d %\)\n9 of 9 videos were adapted to", told)
    assert "held out" not in told
    assert cv2.imread(str(tmp_path / "run" / "eval" / "target" / "confusion_matrix.png")) is not None
    assert run("report", tmp_path / "run", "--out", tmp_path / "page.html") == 0
    assert "confusion matrix" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("source_list", None, "no list file at"),
        ("target_list", "", "is empty"),
        ("source_list", "photos/a.jpg\n", "no label at the end"),
        ("source_list", "photos/a.jpg 9\n", "label 9 is out of range; allowed: 0 to 2"),
        ("target_list", "videos/gone.avi 0\n", "1 of 1 files"),
        ("classes", "only\n", "needs at least 2"),
    ],
)
def test_a_bad_list_is_one_message_and_exit_code_2(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, expected: str
) -> None:
    path = tmp_path / f"{name}.txt"
    if text is not None:
        path.write_text(text)
    assert custom(tiny_data, tmp_path / "run", **{name: path}) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error
    assert not (tmp_path / "run").exists()


def test_several_checkpoints_are_fused_on_a_list_that_was_held_out(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (tiny_data / "target.txt").read_text().splitlines()
    held_out, adapted = tmp_path / "held out.txt", tmp_path / "adapted.txt"
    held_out.write_text("\n".join(lines[::2]) + "\n")
    adapted.write_text("\n".join(lines[1::2]) + "\n")
    assert custom(tiny_data, tmp_path / "run", method="source_only", target_list=adapted, root=tiny_data) == 0
    checkpoint = tmp_path / "run" / "checkpoints" / "last.pt"
    arguments = ("--list", held_out, "--root", tiny_data, "--device", "cpu", "--out", tmp_path / "out")
    assert run("eval", tmp_path / "run", checkpoint, *arguments) == 0
    told = capsys.readouterr().out
    assert "by 2 checkpoints fused" in told
    assert "held out: none of the 5 videos was adapted to" in told
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [one["epoch"] for one in results["checkpoints"]] == [1, 1]
    assert results["inductive"]
    assert run("eval", tmp_path / "run", "--weights", "average", "--device", "cpu") == 2
    assert "holds no moving average; it is kept with --optim.ema-decay" in capsys.readouterr().err
    assert run("eval", tmp_path / "out" / "predictions.csv") == 2
    assert "is not in a run's checkpoints folder" in capsys.readouterr().err


def test_a_dry_run_tells_counts_shapes_steps_and_memory_and_runs_nothing(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert custom(tiny_data, tmp_path / "run", dry_run=None) == 0
    out = capsys.readouterr().out
    assert "3 classes, 12 labelled photos or videos, 9 videos to adapt to, 9 to evaluate" in out
    assert "1 epochs of 3 steps; each step: 4 clips per domain; lr 0.0125 = 0.05 × 4 / 16" in out
    assert "source_rgb 4 × 32 × 32 × 3, source_flow 4 × 32 × 32 × 2" in out
    assert re.search(r"about \d+\.\d\d GiB per process: weights .*activations of 4 \+ 4 clips", out)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "resumes"),
    [(["--resume"], True), (["--resume", "auto"], True), (["--resume", "never"], False), ([], False)],
)
def test_resume_may_be_said_with_and_without_auto(words: list[str], resumes: bool) -> None:
    assert tyro.cli(ResumeOnly, args=words).resume is resumes


@pytest.mark.slow
def test_torchrun_trains_with_two_processes_and_one_of_them_speaks(tiny_data: Path, tmp_path: Path) -> None:
    lists = [part for name in ("source", "target") for part in (f"--{name}-list", str(tiny_data / f"{name}.txt"))]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "videoda_train", "train", "custom", *lists, "--classes", str(tiny_data / "classes.txt")]
    command += ["--run-dir", str(tmp_path / "run"), "--resume", "auto", "--device", "cpu", "--motion.source", "static"]
    command += ["--optim.epochs", "2", "--optim.batch-size", "4", "--clip.num-frames", "4", "--clip.num-eval-frames"]
    command += ["8", "--clip.resize", "36", "--clip.crop", "32", "--cfb.bank-from-epoch", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert (results["processes"], results["num_target_videos"]) == (2, 9)
    records = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [0, 1]
    assert sum(records[1]["bank_counts"]) == 9
    assert done.stdout.count("last epoch") == 1
    assert done.stdout.count("each step: 4 clips per domain = 2 processes × 1 micro-batches × 2") == 1


def test_an_unreadable_photo_is_named(tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff not a photo")
    lines = (tiny_data / "source.txt").read_text().splitlines()
    rows = [f"{tiny_data}/{line}" for line in lines] + ["broken.jpg 0"]
    (tmp_path / "source.txt").write_text("\n".join(rows) + "\n")
    assert custom(tiny_data, tmp_path / "run", source_list=tmp_path / "source.txt") == 2
    assert re.search(r"broken\.jpg", capsys.readouterr().err)


def test_a_truncated_video_is_named(tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_video(tmp_path / "v" / "cut.avi", moving_frames(60, seed=1))
    content = (tmp_path / "v" / "cut.avi").read_bytes()
    (tmp_path / "v" / "cut.avi").write_bytes(content[: len(content) // 2])
    (tmp_path / "target.txt").write_text("v/cut.avi 0\n")
    assert custom(tiny_data, tmp_path / "run", target_list=tmp_path / "target.txt") == 2
    assert re.search(r"cut\.avi is truncated: \d+ of the 60 frames", capsys.readouterr().err)


def test_a_run_folder_that_cannot_be_written_is_named(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert custom(tiny_data, tmp_path / "file" / "run") == 2
    assert "cannot write the run folder" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_named(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o555)
    assert custom(tiny_data, tmp_path / "run") == 2
    assert "Permission denied" in capsys.readouterr().err


BENCHMARKS = [("e2h", "eads", "hmdb51"), ("b2u", "bu101", "ucf101"), ("s2u", "stanford40", "ucf101")]


@pytest.mark.parametrize(("task", "photos", "videos"), BENCHMARKS)
def test_a_benchmark_without_data_says_what_it_looked_for_and_names_the_miniature(
    task: str, photos: str, videos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = (f"--{photos}", tmp_path / "photos", f"--{videos}", tmp_path / "videos")
    assert run("train", task, *folders, "--run-dir", tmp_path / "r") == 2
    error = capsys.readouterr().err
    weights = ("rgb_imagenet.pt", "flow_imagenet.pt")
    for wanted in (str(tmp_path / "photos"), str(tmp_path / "videos"), *weights, f"hatch run train:{task}-mini"):
        assert wanted in error
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(("task", "photos", "videos"), BENCHMARKS)
def test_a_benchmark_finds_its_data_and_says_what_is_not_there(
    task: str, photos: str, videos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = {"e2h": E2H, "b2u": B2U, "s2u": S2U}[task]
    for root, facts, name in ((tmp_path / "p", published.source, "1.jpg"), (tmp_path / "v", published.target, "1.avi")):
        for folder in facts.folders[:-1]:
            (root / folder).mkdir(parents=True)
            (root / folder / name).touch()
    weights = ("--model.rgb-weights", "None", "--model.flow-weights", "None")
    folders = (f"--{photos}", tmp_path / "p", f"--{videos}", tmp_path / "v", "--optim.batch-size", 4)
    assert run("train", task, *folders, *weights, "--run-dir", tmp_path / "r", "--dry-run") == 0
    out = capsys.readouterr().out
    count = len(published.classes) - 1
    assert f"no file of: {published.classes[-1]}" in out
    assert f"{count + 1} classes, {count} labelled photos or videos, {count} videos to adapt to" in out
    assert "This is a partial data set" in out


def touch_k2b(root: Path) -> tuple[object, ...]:
    """Files of the names that Kinetics → BABEL's split files list: a batch for training, one video for the test."""
    rows = {"k400_train": [f"clapping/a{i} 300 10" for i in range(144)], "k400_test": ["squat/b 300 7"]}
    rows |= {"babel_train": [f"train/{i:06d} 60 117 9" for i in range(144)], "babel_test": ["val/000002 5 33 11"]}
    (root / "splits").mkdir()
    for name, lines in rows.items():
        (root / "splits" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
        for line in lines:
            folder = root / ("kinetics" if name.startswith("k400") else "babel") / line.split()[0]
            folder.mkdir(parents=True)
            (folder / "img_00001.jpg").touch()
    return "--kinetics", root / "kinetics", "--babel", root / "babel", "--splits", root / "splits"


@pytest.mark.parametrize(
    ("method", "recipe", "start"),
    [
        ("tol", "lr: 0.002 batch_size: 144 epochs: 300 clip_norm: 40.0", "kinetics400"),
        ("glad", "lr: 0.000875 batch_size: 28 epochs: 3 clip_norm: 40.0", "None"),
        ("dann", "lr: 0.000875 batch_size: 28 epochs: 3 clip_norm: 40.0", "kinetics400"),
        ("zero_shot", "epochs: 1", "kinetics400"),
    ],
)
def test_k2b_takes_the_published_recipe_of_its_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str, recipe: str, start: str
) -> None:
    folders = touch_k2b(tmp_path)
    weights = ("--model.backbone-weights", "None") if start == "None" else ()
    assert run("train", "k2b", "--method", method, *folders, *weights, "--run-dir", tmp_path / "r", "--dry-run") == 0
    out = capsys.readouterr().out
    for line in (*re.findall(r"\w+: [\d.]+", recipe), f"method: {method}", "inputs: views"):
        assert re.search(rf"^ *{re.escape(line)}$", out, re.MULTILINE), line
    trained = "144 labelled photos or videos, 144 videos to adapt to, 1 to evaluate"
    assert ("1 videos to classify" if method == "zero_shot" else trained) in out


@pytest.mark.parametrize("task", ["k2b", "e2h"])
def test_glad_without_its_tol_run_says_how_to_get_it(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("train", task, "--method", "glad") == 2
    error = capsys.readouterr().err
    for wanted in (f"runs/{task}-tol", f"videoda train {task} --method tol", f"hatch run train:{task}-mini"):
        assert wanted in error
    assert "_imagenet.pt" not in error
    assert run("train", task, "--method", "glad_cfb") == 2
    error = capsys.readouterr().err
    assert f"runs/{task}-tol" in error
    assert "flow_imagenet.pt" in error
    assert "rgb_imagenet.pt" not in error


def test_two_streams_on_kinetics_to_babel_need_the_streams_weights_and_no_backbone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (("--method", "cfb"), ("--method", "source_only", "--inputs", "streams")):
        assert run("train", "k2b", *arguments) == 2
        error = capsys.readouterr().err
        assert "rgb_imagenet.pt" in error
        assert "flow_imagenet.pt" in error
        assert "the backbone" not in error


def combinations() -> list[tuple[str, str]]:
    """The commands of the README's table: arguments behind `train e2h`, and behind `train k2b`."""
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    found = re.findall(r"\| `(--method [^`]*)` \| `(--method [^`]*)` \|$", readme, re.MULTILINE)
    assert len(found) > 20
    return [(task, line) for lines in found for task, line in zip(("e2h", "k2b"), lines, strict=True)]


@pytest.mark.parametrize(("task", "line"), combinations())
def test_every_line_of_the_table_of_combinations_is_a_command_that_asks_for_its_data(
    task: str, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("train", task, *line.split()) == 2
    assert f"{task} needs files that are not here" in capsys.readouterr().err


def test_a_missing_system_library_of_opencv_is_one_line_with_both_cures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import builtins

    original = builtins.__import__

    def without_libgl(name: str, *args: object, **kwargs: object) -> object:
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return original(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_libgl)
    assert exit_code("videoda", lambda: None) == 2
    error = capsys.readouterr().err
    for part in ("libGL.so.1", "apt-get install libgl1 libglib2.0-0", "opencv-python-headless"):
        assert part in error
    assert error.count("\n") == 1


def test_an_interrupt_is_one_line_and_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert exit_code("videoda", interrupted) == 130
    assert "add --resume to continue" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["tol", "glad", "glad_cfb", "supervised"])
def test_methods_on_views_have_a_recipe_of_their_own_for_ones_own_data(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    lists = ("source_list", "target_list", "classes")
    files = {name: tiny_data / (f"{name.removesuffix('_list')}.txt") for name in lists}
    arguments = [part for name, file in files.items() for part in (f"--{name.replace('_', '-')}", file)]
    out = ["--run-dir", tmp_path / "run", "--dry-run"]
    assert run("train", "custom", *arguments, "--method", method, *out) == 0
    shown = capsys.readouterr().out
    assert f"  lr: {0.0005 if method == 'tol' else 0.001}\n" in shown
    assert "× 8 × 112 × 112 × 3" in shown
