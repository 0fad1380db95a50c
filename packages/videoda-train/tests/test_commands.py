import os
import re
from pathlib import Path

import pytest
from tiny_media import moving_frames, write_video
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code
from videoda_train.data.prepare import B2U, E2H, S2U


def run(*arguments: object) -> int:
    return exit_code("videoda", lambda: run_command([str(a) for a in arguments]))


def custom(data: Path, run_dir: Path, **changes: Path) -> int:
    lists = {"source_list": data / "source.txt", "target_list": data / "target.txt", "classes": data / "classes.txt"}
    options = [part for name, path in {**lists, **changes}.items() for part in (f"--{name.replace('_', '-')}", path)]
    return run(
        "train", "custom", *options, "--run-dir", run_dir, "--optim.epochs", 1, "--optim.batch-size", 4,
        "--clip.num-frames", 4, "--clip.num-eval-frames", 8, "--clip.resize", 36, "--clip.crop", 32,
        "--cfb.bank-from-epoch", 0, "--device", "cpu", "--motion.source", "static",
    )  # fmt: skip


def test_the_whole_road_runs_on_ones_own_lists_and_evaluates_again(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert custom(tiny_data, tmp_path / "run") == 0
    assert re.search(r"AccSf +\d+\.\d %, Acc", capsys.readouterr().out)
    assert run("eval", tmp_path / "run", "--device", "cpu") == 0
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
    for wanted in (str(tmp_path / "photos"), str(tmp_path / "videos"), *weights, "hatch run train:e2h-mini"):
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
    assert f"{count + 1} classes, {count} photos or labelled videos, {count} videos" in out
    assert "This is a partial data set" in out


def test_a_dry_run_prints_the_configuration_and_writes_nothing(
    tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = ("--source-list", tiny_data / "source.txt", "--target-list", tiny_data / "target.txt")
    arguments = ("train", "custom", *lists, "--classes", tiny_data / "classes.txt")
    assert run(*arguments, "--run-dir", tmp_path / "r", "--optim.batch-size", 4, "--dry-run") == 0
    out = capsys.readouterr().out
    assert "3 classes, 12 photos or labelled videos, 9 videos; 24 epochs of 3 steps" in out
    assert not (tmp_path / "r").exists()


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
