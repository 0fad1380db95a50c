import numpy as np
import pytest
import scipy.stats
from videoda_bench.statistics import difference_estimate, mean_estimate, prediction_band

A, B = [57.3, 54.7, 63.5], [42.2, 41.7, 39.1, 40.0]


def test_the_interval_of_a_mean_is_that_of_scipy():
    estimate = mean_estimate(A)
    low, high = scipy.stats.t.interval(0.95, len(A) - 1, loc=np.mean(A), scale=scipy.stats.sem(A))
    assert (estimate.low, estimate.high) == (pytest.approx(low), pytest.approx(high))


def test_the_interval_of_a_difference_is_welchs_of_scipy():
    estimate = difference_estimate(A, B)
    expected = scipy.stats.ttest_ind(A, B, equal_var=False).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_against_one_value_the_difference_has_the_interval_of_the_mean():
    assert difference_estimate(A, [50.0]).half_width == pytest.approx(mean_estimate(A).half_width)


def test_single_values_have_no_interval():
    assert mean_estimate([3.0]).half_width is None
    assert difference_estimate([3.0], [1.0]).half_width is None


def test_equal_values_differ_by_exactly_their_difference():
    assert difference_estimate([3.0, 3.0], [1.0, 1.0]).half_width == 0.0


def test_a_new_value_falls_into_the_prediction_band_as_often_as_promised():
    draws = np.random.default_rng(0).normal(size=(4000, 4))
    bands = [prediction_band(row[:3].tolist(), confidence=0.9) for row in draws]
    inside = np.mean([band.low <= row[3] <= band.high for band, row in zip(bands, draws, strict=True)])
    assert inside == pytest.approx(0.9, abs=0.02)
