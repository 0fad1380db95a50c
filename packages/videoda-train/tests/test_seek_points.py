from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packed_video import write_packed_video
from tiny_media import moving_frames, write_video
from videoda_train.data.video_reader import (
    IN_ORDER,
    PyAvReader,
    SeekPoints,
    _find_seek_points,
    _pyav,
    find_seek_points,
    stream_frames,
)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    write_video(tmp_path / "v.avi", moving_frames(40, seed=0), g="12")
    return tmp_path / "v.avi"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The times of all frames that are decoded after a seek."""
    times: list[int] = []
    original = _pyav.frames_from

    def counting(container: Any, stream: Any, pts: int) -> Iterator[Any]:
        for frame in original(container, stream, pts):
            times.append(frame.pts)
            yield frame

    monkeypatch.setattr(_pyav, "frames_from", counting)
    return times


def test_every_key_frame_is_a_point_where_starting_there_gives_the_same_frames(video: Path) -> None:
    num_frames, points = find_seek_points(video)
    assert num_frames == 40
    assert points.frames == (0, 12, 24, 36)


def test_b_frames_with_times_of_their_own_leave_the_points(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", moving_frames(40, seed=0), codec="libx264", bf="3", g="12")
    assert find_seek_points(tmp_path / "v.mp4")[1].frames == (0, 12, 24, 36)


def test_packed_b_frames_leave_none(tmp_path: Path) -> None:
    write_packed_video(tmp_path / "v.avi", moving_frames(40, seed=0))
    assert find_seek_points(tmp_path / "v.avi") == (len(list(stream_frames(tmp_path / "v.avi"))), IN_ORDER)


@pytest.mark.parametrize(
    ("name", "num_frames"),
    [
        ("sports10/videos/Biking/v_Biking_g03_c01.avi", 379),  # packed B-frames
        ("clips/tmbo_BabyCrawling.avi", 185),  # B-frames whose times go to and fro
        ("sports10/videos/BaseballPitch/baseball.mp4", 167),  # an edit list that begins between two key frames
    ],
)
def test_real_files_where_starting_elsewhere_is_not_safe_have_none(real_data: Path, name: str, num_frames: int) -> None:
    assert find_seek_points(real_data / name) == (num_frames, IN_ORDER)


def test_a_real_ucf101_file_has_a_point_every_12_frames(real_data: Path) -> None:
    _, points = find_seek_points(real_data / "sports10/videos/Rowing/v_Rowing_g02_c01.avi")
    assert np.diff(points.frames).max() == 12


def test_a_broken_tail_is_not_counted_and_leaves_no_point(video: Path) -> None:
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    num_frames, points = find_seek_points(video)
    assert num_frames == len(list(stream_frames(video))) < 40
    reader = PyAvReader(video, num_frames=num_frames, seek_points=points)
    assert np.array_equal(reader.frames([num_frames - 1])[0], list(stream_frames(video))[-1])


def test_a_key_frame_that_the_next_frames_do_not_rest_upon_is_no_point(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_late(container: Any, stream: Any, pts: int) -> Iterator[Any]:
        frames = _pyav.frames_from(container, stream, pts)
        next(frames)
        yield from frames

    monkeypatch.setattr(_find_seek_points, "frames_from", one_late)
    assert find_seek_points(video) == (40, IN_ORDER)


def test_a_clip_is_decoded_from_the_point_before_it_to_its_last_frame(video: Path, decoded: list[int]) -> None:
    expected = np.stack(list(stream_frames(video)))
    _, points = find_seek_points(video)
    reader = PyAvReader(video, num_frames=40, seek_points=points)
    assert np.array_equal(reader.frames(range(26, 30)), expected[26:30])
    assert decoded == [24, 25, 26, 27, 28, 29]


def test_frames_far_apart_are_reached_by_a_jump_each(video: Path, decoded: list[int]) -> None:
    expected = np.stack(list(stream_frames(video)))
    _, points = find_seek_points(video)
    reader = PyAvReader(video, num_frames=40, seek_points=points)
    assert np.array_equal(reader.frames([37, 2, 13]), expected[[37, 2, 13]])
    assert decoded == [0, 1, 2, 12, 13, 36, 37]


@pytest.mark.parametrize(
    "points",
    [
        SeekPoints((0, 13, 24), (0, 13, 24)),  # 13 is no key frame
        SeekPoints((0, 11, 20), (0, 12, 24)),  # numbers of another file
        SeekPoints((0, 12), (0, 1200)),  # times of another file
    ],
)
def test_points_of_another_file_are_noticed_and_it_is_read_in_order(video: Path, points: SeekPoints) -> None:
    expected = np.stack(list(stream_frames(video)))
    reader = PyAvReader(video, num_frames=40, seek_points=points)
    assert np.array_equal(reader.frames(range(9, 30)), expected[9:30])
