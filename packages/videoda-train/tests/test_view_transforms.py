from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_media import textured_image, write_image
from torchvision.transforms import v2
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.background import blend_background
from videoda_train.data.model_input import input_for, rgb_input
from videoda_train.data.multi_scale_crop import CropResize, crop_shapes, random_multi_scale_crop
from videoda_train.data.resize import resize_short_side, squash
from videoda_train.data.view_augmentation import RandomBackground, RandomCrop
from videoda_train.errors import ConfigError


@pytest.mark.parametrize(("size", "expected"), [((240, 320), (256, 341)), ((500, 300), (427, 256))])
def test_the_short_side_becomes_256_and_the_shape_is_kept(size: tuple[int, int], expected: tuple[int, int]) -> None:
    frame = textured_image(*size, seed=0)
    resized = resize_short_side(frame[None], side=256)[0]
    assert resized.shape[:2] == expected
    assert np.array_equal(resized, cv2.resize(frame, expected[::-1], interpolation=cv2.INTER_LINEAR))


def test_squashing_by_way_of_the_short_side_is_two_resizes() -> None:
    frames = np.stack([textured_image(120, 90, seed) for seed in range(2)])
    twice = [cv2.resize(cv2.resize(frame, (64, 85)), (56, 56)) for frame in frames]
    assert np.array_equal(squash(frames, size=56, short_side=64), np.stack(twice))


def test_seven_shapes_at_most_one_step_apart() -> None:
    assert crop_shapes(256, (1.0, 0.875, 0.66)) == [
        *((256, 256), (256, 224)),
        *((224, 256), (224, 224), (224, 168)),
        *((168, 224), (168, 168)),
    ]


def test_every_shape_lands_at_13_places_on_the_quarters_of_its_slack() -> None:
    rng = np.random.default_rng(0)
    draws = [random_multi_scale_crop(256, 340, size=224, rng=rng) for _ in range(3000)]
    quarters = {(0, 0), (4, 0), (0, 4), (4, 4), (2, 2), (0, 2), (4, 2), (2, 4), (2, 0), (1, 1), (3, 1), (1, 3), (3, 3)}
    places = {(draw.height, draw.width, draw.left, draw.top) for draw in draws}
    assert places == {
        (h, w, x * ((340 - w) // 4), y * ((256 - h) // 4))
        for (h, w), (x, y) in product(crop_shapes(256, (1.0, 0.875, 0.66)), quarters)
    }
    assert 1350 < sum(draw.flip for draw in draws) < 1650


@pytest.mark.parametrize("flip", [False, True])
def test_a_crop_is_torchvisions_crop_resized_by_opencv_and_mirrored(flip: bool) -> None:
    frames = np.stack([textured_image(64, 85, seed) for seed in range(3)])
    crop = CropResize(top=8, left=5, height=48, width=56, size=56, flip=flip)
    windows = v2.functional.crop(torch.from_numpy(frames).movedim(-1, 1), 8, 5, 48, 56).movedim(1, -1).numpy()
    expected = np.stack([cv2.resize(window, (56, 56)) for window in windows])
    assert np.array_equal(crop(frames[:, None])[:, 0], expected[:, :, ::-1] if flip else expected)


def test_a_blend_is_truncated_to_8_bits() -> None:
    values = np.arange(256, dtype=np.uint8)
    frames = np.broadcast_to(values[:, None, None, None], (256, 2, 2, 3))
    for value in (0, 1, 2, 3, 255):
        background = np.full((2, 2, 3), value, np.uint8)
        expected = [(3 * int(v) + value) // 4 for v in values]
        assert blend_background(frames, background)[:, 1, 0, 2].tolist() == expected


@pytest.fixture
def blend(tmp_path: Path) -> RandomBackground:
    for index in range(4):
        write_image(tmp_path / f"{index}.png", np.full((40, 50, 3), 40 * (index + 1), np.uint8))
    return RandomBackground(
        augment=RandomCrop(size=32, scales=(1.0,), flip_probability=0.5),
        backgrounds=[tmp_path / f"{index}.png" for index in range(4)],
        short_side=36,
        probability=0.25,
        weight=0.25,
        cache=ArrayCache(max_bytes=1 << 20),
    )


def test_a_quarter_of_the_videos_get_one_background_for_all_their_frames(blend: RandomBackground) -> None:
    views = np.zeros((3, 8, 36, 45, 3), np.uint8)
    blended = [np.unique(blend(views, np.random.default_rng(seed))) for seed in range(400)]
    assert all(len(values) == 1 for values in blended)
    counts = np.bincount([int(values[0]) // 10 for values in blended], minlength=5)
    assert np.all(np.abs(counts - [300, 25, 25, 25, 25]) < [45, 20, 20, 20, 20])


def test_one_crop_and_flip_serves_all_frames_of_a_video() -> None:
    views = np.broadcast_to(textured_image(36, 45, 0), (3, 8, 36, 45, 3))
    cropped = RandomCrop(size=32, scales=(1.0, 0.875, 0.66), flip_probability=0.5)(views, np.random.default_rng(1))
    assert cropped.shape == (3, 8, 32, 32, 3)
    assert np.array_equal(cropped, np.broadcast_to(cropped[0, 0], cropped.shape))


def test_imagenet_input_is_torchvisions_normalisation() -> None:
    frames = torch.from_numpy(textured_image(8, 9, 0))[None, None]
    normalise = v2.Compose(
        [v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    )
    expected = normalise(frames.movedim(-1, -3)).movedim(2, 1)
    assert torch.allclose(input_for("ImageNet mean and standard deviation")(frames), expected, atol=1e-5)
    assert torch.allclose(
        input_for("mean 0.45, standard deviation 0.225")(frames)[0, 2, 0], (frames[0, 0, ..., 2] / 255 - 0.45) / 0.225
    )


def test_inceptions_range_is_minus_1_to_1_and_an_unknown_one_is_refused() -> None:
    assert input_for("[-1, 1]") is rgb_input
    with pytest.raises(ConfigError, match="input range from 'see the page'"):
        input_for("see the page")
