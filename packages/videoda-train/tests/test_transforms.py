import numpy as np
import pytest
from videoda_train.data.transforms import CropFlip, centre_crop, random_crop_flip
from videoda_train.errors import ConfigError


def test_a_flip_mirrors_frames_and_negates_u_and_leaves_v() -> None:
    # Flow of +3 px right at the left edge, coded to 8 bits with ±20 px, becomes -3 px at the right edge.
    u, v = 3.0, 5.0
    codes = np.full((1, 4, 4, 2), 128, np.uint8)
    codes[0, 1, 0] = [round((u + 20) / 40 * 255), round((v + 20) / 40 * 255)]
    flipped = CropFlip(top=0, left=0, size=4, flip=True).flow_codes(codes)
    decoded = flipped[0, 1, 3].astype(float) / 255 * 40 - 20
    assert decoded == pytest.approx([-u, v], abs=20 / 255)


def test_rgb_and_flow_take_the_same_window() -> None:
    grid = np.stack(np.meshgrid(np.arange(9), np.arange(9)), axis=-1).astype(np.uint8)[None]
    crop = CropFlip(top=2, left=3, size=4, flip=False)
    rgb = crop.rgb(np.concatenate([grid, grid[..., :1]], axis=-1))
    assert np.array_equal(rgb[..., :2], crop.flow_codes(grid))
    assert rgb[0, 0, 0].tolist() == [3, 2, 3]


def test_random_windows_cover_every_place_and_both_flips() -> None:
    rng = np.random.default_rng(0)
    draws = [random_crop_flip(10, 12, size=8, rng=rng) for _ in range(500)]
    assert {d.top for d in draws} == {0, 1, 2}
    assert {d.left for d in draws} == {0, 1, 2, 3, 4}
    assert 180 < sum(d.flip for d in draws) < 320


def test_the_centre_crop_is_central() -> None:
    assert centre_crop(256, 256, size=224) == CropFlip(top=16, left=16, size=224, flip=False)


def test_a_crop_larger_than_the_frame_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not fit"):
        centre_crop(100, 50, size=64)
