"""What frames show beyond the photo: behind near things and past the border."""

import depthmotion as dm
import numpy as np
import pytest
from depthmotion.resolve import backdrop_row
from depthmotion.surroundings import continue_outwards

MARGINS = np.array([12, 9, 20, 5], np.int32)


def near_square(shift, *, image, axis=0):
    """Frame 1 of a clip in which a square at depth 1 moves `shift` px before a wall at depth 10."""
    depth = np.full((48, 64), 10, np.float32)
    depth[16:32, 24:40] = 1
    direction = np.zeros(3)
    direction[axis] = -1
    distance = shift / dm.Intrinsics.default(48, 64).fx
    path = dm.paths.dolly(2, direction=tuple(direction), distance=distance)
    return dm.synthesize(image, depth, path)


def plain_image():
    image = np.full((48, 64, 3), 40, np.uint8)
    image[16:32, 24:40] = 220
    return image


@pytest.mark.parametrize(("axis", "uncovered"), [(0, np.s_[18:30, 25:28]), (1, np.s_[17:19, 26:38])])
def test_an_uncovered_hole_continues_the_far_surface_in_its_colours(axis, uncovered):
    clip = near_square(4, image=plain_image(), axis=axis)
    assert not clip.valid[1][uncovered].any()
    assert np.abs(clip.depth[1][uncovered] - 10).max() < 1e-3
    assert (clip.frames[1][uncovered] == 40).all()


def test_the_background_beside_a_hole_loses_the_near_things_share_of_its_colour():
    image = plain_image()
    image[16:32, 23] = 130  # half the square's
    clip = near_square(4, image=image)
    assert (clip.frames[0] == image).all()
    assert clip.valid[1][18:30, 23].all()
    assert (clip.frames[1][18:30, 23] < 50).all()


def test_surroundings_of_a_plain_photo_are_its_colour():
    image = np.full((40, 60, 3), (10, 128, 250), np.uint8)
    around = continue_outwards(image, image, margins=MARGINS)
    assert around.shape == (61, 85, 3)
    assert np.abs(around.astype(int) - (10, 128, 250)).max() <= 1


def test_surroundings_continue_a_ramp_along_the_border():
    image = np.broadcast_to(np.arange(60, 180, dtype=np.uint8)[:, None, None], (120, 90, 3)).copy()
    around = continue_outwards(image, image, margins=MARGINS)
    rows = np.arange(50, 70)
    left = around[MARGINS[0] + rows, :20].astype(int)
    assert np.abs(left - (rows + 60)[:, None, None]).max() <= 2


def test_surroundings_hold_the_given_picture_inside():
    image = np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)
    around = continue_outwards(image, image[::-1], margins=MARGINS)
    assert (around[12:43, 20:65] == image[::-1]).all()


def test_surroundings_are_means_of_the_photo_alone():
    image = np.random.default_rng(1).integers(100, 140, (50, 50, 3), dtype=np.uint8)
    around = continue_outwards(image, image, margins=np.full(4, 40, np.int32))
    assert around.min() >= 99
    assert around.max() <= 140


def test_a_frame_that_shows_a_corner_of_the_photo_alone_is_filled_and_finite():
    image = np.full((40, 60, 3), 90, np.uint8)
    path = dm.paths.pan(2, yaw_deg=35.0, pitch_deg=30.0, roll_deg=5.0)
    clip = dm.synthesize(image, np.full((40, 60), 3, np.float32), path)
    assert 0 < clip.valid[1].mean() < 0.6
    assert (np.abs(clip.frames[1].astype(int) - 90) <= 1).all()
    assert np.isfinite(clip.flow).all()


@pytest.mark.parametrize("ended", [True, False])
def test_a_surface_that_has_ended_in_the_photo_goes_on_in_its_last_colour(ended):
    height, width, point, beside = 3, 4, 5, 6
    disparity = np.full(height * width, 0.1, np.float32)
    disparity[point] = 0.5
    if not ended:
        disparity[beside] = 0.5
    row = np.array([-2 - point, 0, 0, 0], np.int32)  # the first pixel is a hole that continues the point
    source = np.zeros((3, width), np.float32)
    source[:, 0] = beside % width, beside // width, 0.5  # and would be seen beside it
    xy, fraction = np.full(width, -1, np.int32), np.full(width, 9, np.uint16)
    nothing, labels = np.zeros(height * width, np.bool_), np.zeros(height * width, np.uint8)
    margins = np.zeros(4, np.int32)
    near, listed = np.zeros((height + 2, width + 2), np.float32), np.array([0], np.int32)
    tolerance = np.float32(0.05)
    backdrop_row(
        source, row, near, 0, listed, disparity, labels, nothing, tolerance, 0.0, 0.0, height, margins, xy, fraction
    )
    y, x = divmod(point, width)
    expected = (2 * y, 2 * x) if ended else (2 * height + beside // width, beside % width)
    assert (xy[0] >> 16, xy[0] & 0xFFFF) == expected
    assert fraction[0] == 0
    assert (xy[1:] == -1).all()
