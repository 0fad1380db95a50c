"""The plain nearest-pixel warp, correct and as published."""

import depthmotion as dm
import numpy as np
import pytest
from depthmotion.nearest import warp_nearest
from depthmotion.rotation import rigid_motion

HEIGHT, WIDTH = 20, 24


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(1, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def sideways(pixels, depth=1.0):
    """A camera move that shifts points at a depth by whole pixels to the right."""
    camera = dm.Intrinsics.default(HEIGHT, WIDTH)
    return rigid_motion(np.zeros(3), np.array([pixels * depth / camera.fx, 0, 0]))


def test_a_correct_warp_without_motion_is_the_photo(photo):
    depth = np.random.default_rng(1).uniform(1, 100, photo.shape[:2])
    warp = warp_nearest(photo, depth, np.eye(4))
    assert (warp.image == photo).all()
    assert warp.masks.hit.all()
    assert not warp.masks.collided.any()


def test_the_published_warp_truncates_where_the_correct_one_rounds(photo):
    depth, pose = np.ones((HEIGHT, WIDTH)), sideways(1.75)
    correct, published = warp_nearest(photo, depth, pose).image, warp_nearest(photo, depth, pose, published=True).image
    assert (correct[:, 2:] == photo[:, :-2]).all()
    assert (published[:, 1:-1] == photo[:, :-2]).all(axis=-1).mean() > 0.8


def test_pixels_that_leave_are_lost_or_as_published_put_onto_the_border(photo):
    depth = np.ones((HEIGHT, WIDTH))
    pose = sideways(2.25)
    assert (warp_nearest(photo, depth, pose).masks.collided).sum() == 0
    assert warp_nearest(photo, depth, pose, published=True).masks.collided[:, -1].all()


def test_of_three_pixels_the_nearest_is_shown_but_as_published_the_last_that_beats_its_predecessor(photo):
    # Row 5: the near pixel of column 10 and the far one of column 22 land on column 23; column 23 itself leaves.
    depth = np.full((HEIGHT, WIDTH), 1000.0)
    pose = sideways(12)
    depth[5, 10], depth[5, 22], depth[5, 23] = 12 / 13.2, 12 / 1.2, 12 / 2.4
    assert (warp_nearest(photo, depth, pose).image[5, 23] == photo[5, 10]).all()
    assert (warp_nearest(photo, depth, pose, published=True).image[5, 23] == photo[5, 23]).all()


def test_masks_agree_with_their_definitions(photo):
    depth = np.random.default_rng(3).uniform(0.5, 3, photo.shape[:2])
    masks = warp_nearest(photo, depth, sideways(3)).masks
    padded = np.pad(masks.collided, 1)
    dilated = np.zeros_like(masks.collided)
    for dy in range(3):
        for dx in range(3):
            dilated |= padded[dy : dy + HEIGHT, dx : dx + WIDTH]
    assert (masks.around == dilated).all()
    assert (masks.clear == ~(dilated & ~masks.collided)).all()
    assert (masks.filled_by == (masks.hit & masks.clear)).all()
    assert (masks.collided <= masks.hit).all()


def test_a_published_chain_loses_every_motion_below_a_pixel():
    ramp = np.tile(np.linspace(20, 220, 64).astype(np.uint8)[None, :, None], (48, 1, 3))
    flat = dm.DepthMap(np.full((48, 64), 1, np.float32))
    step = 0.9 / dm.Intrinsics.default(48, 64).fx
    path = dm.paths.dolly(7, direction=(-1.0, 0.0, 0.0), distance=6 * step)
    drifted = dm.synthesize_chained(ramp, lambda frame: flat, path)
    kept = dm.synthesize_chained(ramp, lambda frame: flat, path, published=False)
    truth = dm.synthesize(ramp, flat, path)
    errors = [
        np.abs(clip.frames[-1][:, 8:56].astype(int) - truth.frames[-1][:, 8:56]).mean() for clip in (drifted, kept)
    ]
    assert errors[1] < 5 < errors[0]


def test_a_chain_asks_for_the_depth_of_every_frame():
    asked = []

    def estimate(frame):
        asked.append(frame.copy())
        return dm.DepthMap(np.full(frame.shape[:2], 3, np.float32))

    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    clip = dm.synthesize_chained(photo, estimate, dm.paths.random_walk(4, np.random.default_rng(0)))
    assert len(asked) == 4
    assert (asked[3] == clip.frames[2]).all()
    assert clip.flow.shape == (3, 32, 32, 2)
