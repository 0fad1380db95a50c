import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from videoda_train.data.clip_sampling import pace_indices, pad_indices, sample_pace_clip, uniform_indices
from videoda_train.errors import ConfigError


@given(st.integers(1, 500), st.integers(1, 64))
def test_uniform_indices_follow_the_formula(num_video_frames: int, num_samples: int) -> None:
    expected = [
        i * num_video_frames // num_samples if num_video_frames >= num_samples else min(i, num_video_frames - 1)
        for i in range(num_samples)
    ]
    assert uniform_indices(num_video_frames, num_samples).tolist() == expected


def test_videos_longer_than_128_frames_do_not_wrap() -> None:
    assert uniform_indices(320, 32)[-1] == 310


def test_the_pace_clip_restarts_at_frame_0_and_not_at_the_modulus() -> None:
    assert pace_indices(8, 6, pace=3, start=4).tolist() == [4, 7, 0, 3, 6, 0]


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_a_pace_clip_stays_inside_the_video_and_steps_by_its_pace(num_video_frames: int, seed: int) -> None:
    indices, label = sample_pace_clip(num_video_frames, 16, np.random.default_rng(seed))
    assert 0 <= label <= 4
    assert indices.min() >= 0
    assert indices.max() < num_video_frames
    steps = np.diff(indices)
    assert np.all((steps == label + 1) | (indices[1:] == 0))


def test_pace_labels_and_starts_are_uniform() -> None:
    rng = np.random.default_rng(0)
    draws = [sample_pace_clip(40, 4, rng) for _ in range(4000)]
    labels = np.bincount([label for _, label in draws], minlength=5)
    starts = np.bincount([indices[0] for indices, _ in draws], minlength=40)
    assert np.all(np.abs(labels - 800) < 5 * np.sqrt(800))
    assert np.all(np.abs(starts - 100) < 5 * np.sqrt(100))


def test_too_few_frames_repeat_the_last() -> None:
    assert pad_indices(15, 16).tolist() == [*range(15), 14]


def test_an_empty_video_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        uniform_indices(0, 32)
