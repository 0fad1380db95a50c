"""Against a literal transcription of the published sampling."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from videoda_train.data.clip_sampling import centred_clip_starts, clip_grid, train_clip_starts
from videoda_train.data.view_plan import ViewPlan

frames = st.integers(1, 400)
clips = st.integers(1, 12)
spans = st.sampled_from([8, 16, 24])


@given(frames, clips, spans, st.integers(0, 2**32))
def test_training_starts_follow_the_published_rule(N: int, n: int, S: int, seed: int) -> None:
    starts = train_clip_starts(N, n, span=S, rng=np.random.default_rng(seed)).tolist()
    draws = np.random.default_rng(seed)
    a = math.floor((N - S + 1) / n)
    if a > 0:
        assert starts == [i * a + int(r) for i, r in enumerate(draws.integers(a, size=n))]
    elif max(n, S) < N:
        assert starts == sorted(draws.integers(N - S, size=n, endpoint=True).tolist())
    else:
        assert starts == [round(Fraction(i * max(N - S + 1, 0), n)) for i in range(n)]


def test_training_starts_use_every_place_of_their_part() -> None:
    rng = np.random.default_rng(0)
    draws = np.stack([train_clip_starts(47, 8, span=16, rng=rng) for _ in range(200)])
    assert [sorted(set(column)) for column in draws.T.tolist()] == [list(range(4 * i, 4 * i + 4)) for i in range(8)]


@given(frames, clips, spans)
def test_evaluation_starts_follow_the_published_rule(N: int, n: int, S: int) -> None:
    expected = [0 if N < S else math.floor((i + Fraction(1, 2)) * (N - S + 1) / n) for i in range(n)]
    assert centred_clip_starts(N, n, span=S).tolist() == expected


def test_rows_are_neighbouring_frames_and_columns_span_the_video() -> None:
    starts = centred_clip_starts(100, 8, span=16)
    grid = clip_grid(starts, 8, interval=2, num_video_frames=100)
    assert grid[4].tolist() == [starts[4] + 2 * k for k in range(8)]
    assert grid[:, 3].tolist() == [start + 6 for start in starts]


@given(frames, st.integers(0, 2**32))
def test_frames_past_the_end_wrap_around(N: int, seed: int) -> None:
    starts = train_clip_starts(N, 8, span=16, rng=np.random.default_rng(seed))
    grid = clip_grid(starts, 8, interval=2, num_video_frames=N)
    assert all(grid[i, k] == (starts[i] + 2 * k) % N for i in range(8) for k in range(8))


@pytest.mark.parametrize("N", [10, 17, 300])
def test_glads_views_are_local_clips_4_and_5_and_global_column_3(N: int) -> None:
    plan = ViewPlan(num_clips=8, num_frames=8, interval=2, local_clips=(4, 5), global_columns=(3,))
    grid = clip_grid(centred_clip_starts(N, 8, span=16), 8, interval=2, num_video_frames=N)
    assert plan.centred(N).tolist() == [grid[4].tolist(), grid[5].tolist(), grid[:, 3].tolist()]


def test_tols_views_are_three_clips_in_the_order_of_time() -> None:
    plan = ViewPlan(num_clips=3, num_frames=8, interval=1, local_clips=range(3))
    views = plan.draw(90, np.random.default_rng(0))
    assert views.shape == (3, 8)
    assert np.all(np.diff(views, axis=1) == 1)
    assert views[0, 0] < 27 <= views[1, 0] < 54 <= views[2, 0]
