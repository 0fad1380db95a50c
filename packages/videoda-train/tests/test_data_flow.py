from pathlib import Path

import depthmotion.flowio
import numpy as np
import pytest
import torch
from tiny_media import moving_frames, write_image, write_video
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code
from videoda_train.data.flow import FlowConfig, compare_flow, create_estimator, flow_list
from videoda_train.data.flow.raft import load_raft_small
from videoda_train.data.image_file import read_image
from videoda_train.errors import ConfigError


def run(*arguments: object) -> int:
    return exit_code("videoda", lambda: run_command([str(a) for a in arguments]))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    write_video(tmp_path / "right" / "a.avi", moving_frames(6, seed=0))
    write_video(tmp_path / "down" / "b.avi", moving_frames(4, seed=1, step=(0, 1)))
    (tmp_path / "list.txt").write_text("right/a.avi 0\ndown/b.avi 1\n")
    return tmp_path


def estimate(root: Path, out: str, *, resume: bool = False, workers: int = 1, **config: object) -> Path:
    settings = FlowConfig(**({"short_side": None} | config))  # type: ignore[arg-type]
    flow_list(root / "list.txt", out_dir=root / out, config=settings, workers=workers, resume=resume, progress=False)
    return root / out


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_a_texture_that_moves_by_a_pixel_has_that_flow(method: str) -> None:
    first, second = moving_frames(2, seed=3, step=(1, 0))
    flow = create_estimator(method)(first, second)  # type: ignore[arg-type]
    assert np.median(flow[8:-8, 8:-8], axis=(0, 1)) == pytest.approx((1.0, 0.0), abs=0.15)


def test_flow_does_not_depend_on_the_sizes_seen_before() -> None:
    large, small = moving_frames(2, seed=0), [frame[:24, :32] for frame in moving_frames(2, seed=1)]
    used = create_estimator("dis")
    used(*small)
    assert np.array_equal(used(*large), create_estimator("dis")(*large))


def test_the_flow_of_a_stretch_is_that_of_its_frames(tmp_path: Path) -> None:
    frames = [*moving_frames(5, seed=2, step=(1, 0)), *moving_frames(5, seed=2, step=(0, 1))]
    for number, frame in enumerate(frames, 1):
        write_image(tmp_path / "train" / "s" / f"img_{number:05d}.png", frame)
    (tmp_path / "list.txt").write_text("train/s 0 5 0\ntrain/s 5 5 1\n")
    for out, num_frames, count in (("all", None, 4), ("three", 3, 3)):
        estimate(tmp_path, out, layout="npy", num_frames=num_frames)
        for name, moved in (("s_0_5", (1.0, 0.0)), ("s_5_5", (0.0, 1.0))):
            codes = np.load(tmp_path / out / "train" / f"{name}.npy")
            flow = depthmotion.flowio.decode_uint8(codes, bound=20.0)
            assert len(flow) == count
            assert np.median(flow[:, 8:-8, 8:-8], axis=(0, 1, 2)) == pytest.approx(moved, abs=0.2)


def test_published_layout_holds_a_pair_of_pictures_per_frame_pair(videos: Path) -> None:
    out = estimate(videos, "uv")
    assert sorted(f.name for f in (out / "right" / "a" / "u").iterdir()) == [f"{t:06d}.jpg" for t in range(5)]
    flow = depthmotion.flowio.read_uv(out / "down" / "b")
    assert flow.shape == (3, 48, 64, 2)
    assert np.median(flow[:, 8:-8, 8:-8], axis=(0, 1, 2)) == pytest.approx((0.0, 1.0), abs=0.2)


def test_compact_layout_is_one_memory_mapped_file_equal_but_for_jpeg(videos: Path) -> None:
    out = estimate(videos, "npy", layout="npy")
    codes = np.load(out / "right" / "a.npy", mmap_mode="r")
    assert (codes.shape, codes.dtype) == ((5, 48, 64, 2), np.uint8)
    differences = compare_flow(out, estimate(videos, "uv"))
    assert [one.name for one in differences] == ["down/b", "right/a"]
    assert all(one.mean < 0.25 and not one.problem for one in differences)


def test_evenly_spread_frames_and_a_short_side(videos: Path) -> None:
    out = estimate(videos, "few", layout="npy", num_frames=8, short_side=24)
    assert np.load(out / "down" / "b.npy").shape == (8, 24, 32, 2)


def test_two_workers_make_the_same_files_as_one(videos: Path) -> None:
    one, two = estimate(videos, "one", layout="npy"), estimate(videos, "two", layout="npy", workers=2)
    for name in ("right/a.npy", "down/b.npy"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_resuming_keeps_what_is_done_and_makes_the_rest(videos: Path) -> None:
    out = estimate(videos, "out", layout="npy")
    (out / "down" / "b.json").unlink()
    kept = (out / "right" / "a.npy").stat().st_mtime_ns
    with pytest.raises(ConfigError, match="holds flow already; add --resume"):
        estimate(videos, "out", layout="npy")
    estimate(videos, "out", layout="npy", resume=True)
    assert (out / "right" / "a.npy").stat().st_mtime_ns == kept
    assert (out / "down" / "b.json").exists()


def test_resuming_with_other_settings_is_refused(videos: Path) -> None:
    estimate(videos, "out", layout="npy")
    with pytest.raises(ConfigError, match="other settings \\(bound\\)"):
        estimate(videos, "out", layout="npy", resume=True, bound=10.0)


def test_failed_videos_are_named_with_their_line_and_the_others_made(
    videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "right" / "text.avi").write_text("no video")
    write_video(videos / "right" / "one.avi", moving_frames(1, seed=0))
    (videos / "list.txt").write_text("right/text.avi 0\nright/one.avi 0\ndown/b.avi 1\n")
    with pytest.raises(SystemExit) as exit_:
        run("data", "flow", videos / "list.txt", "--out", videos / "f", "--workers", 1, "--layout", "npy")
    assert exit_.value.code == 3
    out = capsys.readouterr().out
    assert "1 videos done, 0 kept, 2 failed" in out
    assert f"{videos / 'list.txt'}:1: " in out
    assert f"{videos / 'list.txt'}:2: " in out
    assert (videos / "f" / "down" / "b.npy").exists()


def test_flow_check_passes_equal_folders_and_names_differences(
    videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = estimate(videos, "one", layout="npy"), estimate(videos, "two", layout="npy")
    assert run("data", "flow-check", one, two) == 0
    np.save(two / "right" / "a.npy", 255 - np.load(two / "right" / "a.npy"))
    (two / "down" / "b.npy").unlink()
    with pytest.raises(SystemExit) as exit_:
        run("data", "flow-check", one, two)
    assert exit_.value.code == 3
    out = capsys.readouterr().out
    assert "down/b: only in the first folder" in out
    assert "right/a: mean 2." in out


def test_a_method_that_this_opencv_lacks_says_which_package_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("cv2.optflow", raising=False)
    with pytest.raises(ConfigError, match="opencv-contrib-python"):
        create_estimator("tvl1")


@pytest.mark.parametrize(
    ("method", "weights", "expected"),
    [("raft", None, "needs weights"), ("raft", "gone.pth", "no RAFT weights at"), ("dis", "w.pth", "takes no weights")],
)
def test_wrong_weights_are_refused(method: str, weights: str | None, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        create_estimator(method, weights=Path(weights) if weights else None)  # type: ignore[arg-type]


def test_a_foreign_checkpoint_is_named_by_its_keys(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(ConfigError, match=r"1 foreign keys \(layer\.weight\)"):
        load_raft_small(tmp_path / "w.pth")


def end_point_error(real_data: Path, method: str, weights: Path | None) -> float:
    folder = real_data / "flow" / "flyingchairs"
    first, second = (read_image(folder / f"00001_img{i}.ppm") for i in (1, 2))
    truth = depthmotion.flowio.read(folder / "00001_flow.flo")
    flow = create_estimator(method, weights=weights)(first, second)  # type: ignore[arg-type]
    return float(np.linalg.norm(flow - truth, axis=-1).mean())


def test_rafts_original_checkpoint_keeps_its_accuracy_in_torchvision(real_data: Path) -> None:
    """EPE with the authors' code: 1.13 px; zero flow: 4.31 px."""
    error = end_point_error(real_data, "raft", real_data / "weights" / "raft-small.pth")
    print(f"RAFT-small: {error:.3f} px")
    assert error <= 1.25


def test_dis_is_nearer_to_flyingchairs_truth_than_zero_flow(real_data: Path) -> None:
    """Zero flow: 4.31 px; DIS: 2.70 px."""
    error = end_point_error(real_data, "dis", None)
    print(f"DIS: {error:.3f} px")
    assert error < 3.0
