"""Warps and flow against closed forms."""

import depthmotion as dm
import numpy as np
import pytest
from depthmotion.rotation import rigid_motion
from hypothesis import given, settings
from hypothesis import strategies as st


def photo(height=48, width=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def grid(height, width):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y, np.ones_like(x)], axis=-1).astype(np.float64)


def apply(homography, points):
    moved = points @ homography.T
    return moved[..., :2] / moved[..., 2:]


def plane_depth(camera, height, width, normal):
    """Depth of the plane normal·X = 1."""
    rays = grid(height, width) @ np.linalg.inv(camera.matrix).T
    return (1 / (rays @ normal)).astype(np.float32)


def plane_flow(camera, before, after, normal, height, width):
    def homography(pose):
        return camera.matrix @ (pose[:3, :3] + np.outer(pose[:3, 3], normal)) @ np.linalg.inv(camera.matrix)

    points = grid(height, width)
    return apply(homography(after) @ np.linalg.inv(homography(before)), points) - points[..., :2]


def test_a_still_camera_returns_the_photo_bit_for_bit():
    image = photo()
    depth = np.random.default_rng(1).uniform(1, 100, image.shape[:2]).astype(np.float32)
    clip = dm.synthesize(image, depth, dm.paths.still(3))
    assert (clip.frames == image).all()
    assert (clip.flow == 0).all()
    assert clip.valid.all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    slope_x=st.floats(-0.15, 0.15),
    slope_y=st.floats(-0.15, 0.15),
    size=st.sampled_from([(48, 64), (33, 57), (70, 40)]),
)
def test_flow_over_a_plane_is_its_homography(seed, slope_x, slope_y, size):
    height, width = size
    camera = dm.Intrinsics.default(height, width)
    normal = np.array([slope_x, slope_y, 0.4])
    path = dm.paths.random_walk(3, np.random.default_rng(seed))
    clip = dm.synthesize(photo(height, width), plane_depth(camera, height, width, normal), path)
    for t in range(2):
        expected = plane_flow(camera, path.poses[t], path.poses[t + 1], normal, height, width)
        seen = clip.valid[t]
        assert np.abs(clip.flow[t] - expected)[seen].max() < 1e-3


def test_flow_of_a_pure_rotation_does_not_depend_on_depth():
    image = photo()
    depth = np.random.default_rng(2).uniform(1, 50, image.shape[:2]).astype(np.float32)
    path = dm.paths.pan(2, yaw_deg=3.0, pitch_deg=1.0, roll_deg=2.0)
    camera = dm.Intrinsics.default(48, 64)
    clip = dm.synthesize(image, depth, path)
    expected = plane_flow(camera, path.poses[0], path.poses[1], np.zeros(3), 48, 64)
    assert np.abs(clip.flow[0] - expected).max() < 1e-3


def test_a_zoom_scales_about_the_centre():
    clip = dm.synthesize(photo(), np.full((48, 64), 3, np.float32), dm.paths.zoom(2, factor=1.25))
    expected = 0.25 * (grid(48, 64)[..., :2] - (31.5, 23.5))
    assert np.abs(clip.flow[0] - expected).max() < 1e-3
    assert clip.valid.all()


def test_a_whole_pixel_shift_moves_pixels_unchanged():
    image = photo()
    camera = dm.Intrinsics.default(48, 64)
    clip = dm.synthesize(
        image, np.ones((48, 64), np.float32), dm.paths.dolly(2, direction=(-1.0, 0.0, 0.0), distance=4 / camera.fx)
    )
    assert (clip.frames[1][:, 4:] == image[:, :-4]).all()
    assert not clip.valid[1][:, :4].any()
    assert np.abs(clip.flow[0] - (4, 0)).max() < 1e-3


def test_a_near_square_hides_the_background_and_uncovers_its_plate():
    image = np.full((48, 64, 3), 40, np.uint8)
    image[16:32, 24:40] = 220
    depth = np.full((48, 64), 10, np.float32)
    depth[16:32, 24:40] = 1
    shift = 4 / dm.Intrinsics.default(48, 64).fx
    clip = dm.synthesize(image, depth, dm.paths.dolly(2, direction=(-1.0, 0.0, 0.0), distance=shift))
    assert (clip.frames[1][20:28, 30:42] > 200).all()
    assert (clip.frames[1][20:28, 25:27] < 60).all()
    assert not clip.valid[1][20:28, 25:27].any()


def test_an_object_moves_by_its_own_motion_and_the_rest_stays():
    labels = np.zeros((48, 64), np.uint8)
    labels[16:32, 24:40] = 1
    camera = dm.Intrinsics.default(48, 64)
    motion = np.stack([np.eye(4), rigid_motion(np.zeros(3), np.array([6 / camera.fx, 0, 0]))])[None]
    depth = np.where(labels, 2, 4).astype(np.float32)
    clip = dm.synthesize(photo(), depth, dm.paths.still(2), instances=dm.MovingInstances(labels, motion))
    assert np.abs(clip.flow[0][labels == 1] - (3, 0)).max() < 1e-3
    assert np.abs(clip.flow[0][labels == 0]).max() < 1e-6


@pytest.mark.parametrize("fill", ["background", "telea"])
def test_filled_frames_have_no_black_pixels(fill):
    image = np.full((48, 64, 3), 128, np.uint8)
    path = dm.paths.random_walk(8, np.random.default_rng(0))
    clip = dm.synthesize(image, np.full((48, 64), 2, np.float32), path, fill=fill)
    assert (clip.frames > 100).all()
    assert np.isfinite(clip.flow).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
def test_depth_that_is_not_positive_and_finite_is_refused(value):
    depth = np.ones((48, 64), np.float32)
    depth[3, 4] = value
    with pytest.raises(dm.DepthError):
        dm.synthesize(photo(), depth, dm.paths.still(2))


def test_depth_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(dm.DepthError, match="32×24 does not fit an image of 64×48"):
        dm.synthesize(photo(), dm.DepthMap(np.ones((24, 32), np.float32)), dm.paths.still(2))


def test_a_single_pixel_is_a_photo_too():
    clip = dm.synthesize(photo(1, 1), np.ones((1, 1), np.float32), dm.paths.random_walk(3, np.random.default_rng(0)))
    assert clip.frames.shape == (3, 1, 1, 3)
