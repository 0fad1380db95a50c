from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from depthmotion import flowio
from tiny_media import moving_frames, write_video
from videoda_train.data.coded_flow import flow_as_codes
from videoda_train.data.list_file import read_list
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.target_flow import cache_target_flow, dis_flow, evaluation_flow
from videoda_train.data.video_reader import open_video
from videoda_train.errors import ConfigError, ListFileError, MediaError
from videoda_train.recipes.config import ClipConfig

CLIP = ClipConfig(num_frames=8, num_eval_frames=16, resize=48, crop=32, flow_bound=5.0)


@pytest.mark.parametrize("step", [(2, 0), (0, 2), (-1, 1)])
def test_dis_flow_has_u_right_and_v_down(step: tuple[int, int]) -> None:
    frames = np.stack(moving_frames(2, seed=3, step=step))
    inner = dis_flow(frames[:1], frames[1:])[0, 8:-8, 8:-8]
    assert np.median(inner, axis=(0, 1)) == pytest.approx(step, abs=0.2)


def test_evaluation_flow_is_at_the_scale_of_the_resized_frames(tmp_path: Path) -> None:
    # 64×48 frames move 2 px right; at 48×48 that is 1.5 px.
    write_video(tmp_path / "v.avi", moving_frames(20, seed=1, step=(2, 0)))
    flow = flowio.decode_uint8(evaluation_flow(open_video(tmp_path / "v.avi"), clip=CLIP), bound=CLIP.flow_bound)
    assert flow.shape == (16, 48, 48, 2)
    assert np.median(flow[:, 8:-8, 8:-8], axis=(0, 1, 2)) == pytest.approx((1.5, 0.0), abs=0.2)


def test_flow_estimated_in_larger_frames_has_the_same_scale(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", moving_frames(20, seed=1, step=(2, 0)))
    clip = replace(CLIP, flow_estimation_size=96)
    flow = flowio.decode_uint8(evaluation_flow(open_video(tmp_path / "v.avi"), clip=clip), bound=clip.flow_bound)
    assert flow.shape == (16, 48, 48, 2)
    assert np.median(flow[:, 8:-8, 8:-8], axis=(0, 1, 2)) == pytest.approx((1.5, 0.0), abs=0.1)


def test_a_one_frame_video_has_zero_flow(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", moving_frames(1, seed=1))
    codes = evaluation_flow(open_video(tmp_path / "v.avi"), clip=CLIP)
    assert np.array_equal(codes, flowio.encode_uint8(np.zeros((16, 48, 48, 2), np.float32), bound=5.0))


def prepare(folder: Path, tiny_data: Path, clip: ClipConfig = CLIP) -> list[int]:
    items = read_list(tiny_data / "target.txt")
    facts = cache_target_flow(
        items, PreparedPaths(folder), list_file=tiny_data / "target.txt", clip=clip, progress=False
    )
    return [fact.num_frames for fact in facts]


def test_the_cache_is_kept_and_facts_are_the_same_the_second_time(tmp_path: Path, tiny_data: Path) -> None:
    first = prepare(tmp_path, tiny_data)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")}
    assert prepare(tmp_path, tiny_data) == first == [12, 13, 14] * 3
    assert files == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.npy")}


def test_a_cache_made_with_other_settings_is_refused(tmp_path: Path, tiny_data: Path) -> None:
    prepare(tmp_path, tiny_data)
    with pytest.raises(ConfigError, match="other settings \\(flow_bound\\)"):
        prepare(tmp_path, tiny_data, ClipConfig(num_frames=8, num_eval_frames=16, resize=48, crop=32, flow_bound=9.0))


def test_unreadable_videos_are_all_named_and_the_others_finished(tmp_path: Path) -> None:
    write_video(tmp_path / "a" / "good.avi", moving_frames(12, seed=0))
    (tmp_path / "a" / "text.avi").write_text("not a video")
    (tmp_path / "a" / "empty.avi").touch()
    (tmp_path / "list.txt").write_text("a/text.avi 0\na/good.avi 0\na/empty.avi 1\n")
    with pytest.raises(MediaError, match=r"(?s)2 of 3 videos.*text\.avi.*empty\.avi"):
        cache_target_flow(
            read_list(tmp_path / "list.txt"),
            PreparedPaths(tmp_path / "p"),
            list_file=tmp_path / "list.txt",
            clip=CLIP,
            progress=False,
        )
    assert len(list((tmp_path / "p" / "flow_32" / "a").glob("good.*.npy"))) == 1


def test_a_file_listed_twice_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "a" / "v.avi", moving_frames(3, seed=0))
    (tmp_path / "list.txt").write_text("a/v.avi 0\na/v.avi 1\n")
    with pytest.raises(ListFileError, match="entries 1 and 2"):
        cache_target_flow(
            read_list(tmp_path / "list.txt"),
            PreparedPaths(tmp_path / "p"),
            list_file=tmp_path / "list.txt",
            clip=CLIP,
            progress=False,
        )


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_flow_that_is_not_finite_is_no_code(wrong: float) -> None:
    flow = np.zeros((2, 4, 4, 2), np.float32)
    assert flow_as_codes(flow, bound=20.0).shape == flow.shape
    flow[1, 2, 3, 0] = wrong
    with pytest.raises(MediaError, match="1 values that are not finite, of 64"):
        flow_as_codes(flow, bound=20.0)
