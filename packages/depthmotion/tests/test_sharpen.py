"""Sharpening of depth edges: against the published rule written out pixel by pixel, and against known edges."""

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.sharpen import check_sharpen_rule


def published(disparity, jump):
    """The rule of the paper, literally: twice, where a 5×5 window touches a jump, the median of its pixels off it."""
    values = disparity.copy()
    height, width = values.shape
    for _ in range(2):
        on = np.zeros(values.shape, bool)
        for y in range(height):
            for x in range(width):
                for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        on[y, x] |= abs(values[y, x] - values[y + dy, x + dx]) > np.float32(jump)
        result = values.copy()
        for y in range(height):
            for x in range(width):
                window = np.s_[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
                off = sorted(values[window][~on[window]])
                if on[window].any() and off:
                    result[y, x] = off[len(off) // 2]
        values = result
    return values


def soft_edge(sigma):
    """Disparity 0 and 1 left and right of a slanted edge, and the same blurred as a network's."""
    y, x = np.mgrid[:40, :60]
    sharp = np.asarray(x > 25 + y / 4, dtype=np.float32)
    return sharp, cv2.GaussianBlur(sharp, (0, 0), sigma)


@pytest.mark.parametrize("jump", [0.04, 0.2])
def test_the_median_is_the_published_rule(jump):
    blurred = cv2.GaussianBlur(np.random.default_rng(0).random((24, 32), dtype=np.float32), (0, 0), 1.5)
    unit = (blurred - blurred.min()) / (blurred.max() - blurred.min())
    sharp = dm.sharpen(dm.DepthMap(unit, "disparity"), jump=jump, rule="median")
    assert np.allclose(sharp.values, published(unit, jump), atol=1e-6)
    assert not np.allclose(sharp.values, unit, atol=1e-3)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_a_soft_edge_becomes_a_step_at_its_place(sigma):
    sharp, soft = soft_edge(sigma)
    restored = dm.sharpen(dm.DepthMap(soft, "disparity")).values[:, 6:-6]
    assert np.mean(np.abs(restored - sharp[:, 6:-6]) > 0.1) < 0.3 * np.mean(np.abs(soft - sharp)[:, 6:-6] > 0.1)


@pytest.mark.parametrize("rule", ["step", "median"])
def test_a_slope_stays_as_it_is(rule):
    slope = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (20, 1))
    assert np.allclose(dm.sharpen(dm.DepthMap(slope, "disparity"), rule=rule).values, slope, atol=0.02)


@pytest.mark.parametrize("rule", ["step", "median"])
def test_depth_is_sharpened_by_its_inverse(rule):
    _, soft = soft_edge(1.0)
    by_disparity = dm.sharpen(dm.DepthMap(soft + 0.1, "disparity"), rule=rule).values
    by_depth = dm.sharpen(dm.DepthMap(1 / (soft + 0.1), "metric"), rule=rule).values
    assert np.allclose(1 / by_depth, by_disparity, atol=1e-4)


def test_no_rule_changes_nothing():
    _, soft = soft_edge(1.0)
    assert (dm.sharpen(dm.DepthMap(soft, "disparity"), rule="none").values == soft).all()


def test_a_depth_source_sharpens_by_the_rule_it_is_given(tmp_path):
    _, soft = soft_edge(1.0)
    np.save(tmp_path / "a.npy", soft)
    photo = np.zeros((*soft.shape, 3), np.uint8)
    for rule in ("step", "median", "none"):
        read = dm.load_depth(f"dir:{tmp_path}", sharpening=rule)(photo, file=tmp_path / "a.jpg")
        assert (read.values == dm.sharpen(dm.DepthMap(soft, "disparity"), rule=rule).values).all()


def test_an_unknown_rule_is_told_what_there_is():
    with pytest.raises(dm.ConfigError, match="step, median, none"):
        check_sharpen_rule("bilateral")
