from pathlib import Path

import numpy as np
import pytest
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.cli.commands import run_command
from videoda_train.data.image_file import read_image
from videoda_train.data.median_list import median_list
from videoda_train.data.temporal_median import temporal_median
from videoda_train.data.video_reader import stream_frames
from videoda_train.errors import ConfigError, MediaError


@pytest.mark.parametrize("count", [1, 2, 7, 10, 255])
@pytest.mark.parametrize("strip_bytes", [1, 2000, 2**20])
def test_the_median_is_numpys_truncated(count: int, strip_bytes: int) -> None:
    frames = np.random.default_rng(count).integers(0, 256, (count, 13, 7, 3), dtype=np.uint8)
    expected = np.median(frames, axis=0).astype(np.uint8)
    assert np.array_equal(temporal_median(frames, strip_bytes=strip_bytes), expected)


def test_the_median_of_a_video_is_that_of_all_its_frames(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", moving_frames(12, seed=0))
    frames = np.stack(list(stream_frames(tmp_path / "v.avi")))
    assert len(frames) == 12
    expected = np.median(frames, axis=0).astype(np.uint8)
    assert np.array_equal(temporal_median(stream_frames(tmp_path / "v.avi")), expected)


def test_frames_of_different_sizes_are_refused() -> None:
    with pytest.raises(MediaError, match="frame 1 is 8×4 px"):
        temporal_median([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 8, 3), np.uint8)])


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    write_video(tmp_path / "run" / "a.avi", [textured_image(32, 32, 5)] * 5)
    for index in range(3):
        write_image(tmp_path / "run" / "b" / f"{index:05d}.png", textured_image(32, 32, 6))
    (tmp_path / "list.txt").write_text("run/a.avi 0\nrun/b 0\n")
    return tmp_path


def test_the_median_of_a_stretch_is_that_of_its_frames(tmp_path: Path) -> None:
    for number in range(1, 11):
        write_image(tmp_path / "train" / "s" / f"img_{number:05d}.png", np.full((32, 32, 3), 20 * number, np.uint8))
    (tmp_path / "target.txt").write_text("train/s 0 3 1\ntrain/s 6 3 2\n")
    median_list(tmp_path / "target.txt", out_dir=tmp_path / "median", progress=False)
    for name, value in (("s_0_3", 40), ("s_6_3", 160)):
        assert abs(int(read_image(tmp_path / "median" / "train" / f"{name}.jpg")[16, 16, 0]) - value) <= 1


def test_medians_are_jpegs_by_class_and_resume_makes_the_missing(videos: Path) -> None:
    out = videos / "median"
    assert median_list(videos / "list.txt", out_dir=out, workers=2, progress=False).done == 2
    error = read_image(out / "run" / "b.jpg").astype(float) - textured_image(32, 32, 6)
    assert np.abs(error).mean() < 12
    (out / "run" / "a.jpg").unlink()
    with pytest.raises(ConfigError, match="holds what 1 of these videos give; add --resume"):
        median_list(videos / "list.txt", out_dir=out, progress=False)
    summary = median_list(videos / "list.txt", out_dir=out, resume=True, progress=False)
    assert (summary.done, summary.kept) == (1, 1)


def test_the_command_names_failed_videos_with_their_line(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (videos / "list.txt").write_text("run/gone.avi 0\nrun/a.avi 0\n")
    with pytest.raises(SystemExit) as exit_:
        run_command(["data", "median", str(videos / "list.txt"), "--out", str(videos / "m"), "--workers", "1"])
    assert exit_.value.code == 3
    out = capsys.readouterr().out
    assert f"{videos / 'list.txt'}:1: no video at " in out
    assert (videos / "m" / "run" / "a.jpg").exists()
