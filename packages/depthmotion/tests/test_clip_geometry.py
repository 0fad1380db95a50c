"""Flow to and from the first frame, depth and visibility of a clip, against closed forms."""

import depthmotion as dm
import numpy as np
import pytest

HEIGHT, WIDTH = 48, 64


@pytest.fixture
def camera():
    return dm.Intrinsics.default(HEIGHT, WIDTH)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def square_before_a_wall():
    """A near square at depth 1, rows 16–31 and columns 24–39, before a wall at depth 10."""
    depth = np.full((HEIGHT, WIDTH), 10, np.float32)
    depth[16:32, 24:40] = 1
    return depth


@pytest.fixture
def shifted(photo, camera):
    """The square moves 6 px to the right, the wall 0.6 px."""
    path = dm.paths.dolly(2, direction=(-1.0, 0.0, 0.0), distance=6 / camera.fx)
    return dm.synthesize(photo, square_before_a_wall(), path)


def test_flow_to_and_from_the_first_frame_undo_each_other_on_a_plane(photo, camera):
    path = dm.paths.dolly(4, direction=(0.0, 0.0, 1.0), distance=0.5)
    clip = dm.synthesize(photo, np.full((HEIGHT, WIDTH), 2, np.float32), path)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    for t, pose in enumerate(path.poses):
        scale = 2 / (2 + pose[2, 3])
        forth = np.stack([(x - camera.cx) * (scale - 1), (y - camera.cy) * (scale - 1)], axis=-1)
        back = np.stack([(x - camera.cx) * (1 / scale - 1), (y - camera.cy) * (1 / scale - 1)], axis=-1)
        assert np.abs(clip.flow_from_first[t] - forth).max() < 1e-3
        assert np.abs(clip.flow_to_first[t] - back).max() < 1e-3


def test_depth_of_a_frame_follows_the_camera(photo):
    path = dm.paths.dolly(3, direction=(0.0, 0.0, 1.0), distance=0.5)
    clip = dm.synthesize(photo, np.full((HEIGHT, WIDTH), 2, np.float32), path)
    for t, pose in enumerate(path.poses):
        assert np.allclose(clip.depth[t], 2 + pose[2, 3], rtol=1e-5)


def test_what_the_square_will_cover_is_not_visible_in_the_next_frame(shifted):
    visible = shifted.visible_next[0][18:30]
    assert not visible[:, 41:45].any()
    assert visible[:, 24:39].all()
    assert visible[:, 1:24].all()
    assert visible[:, 47:63].all()


def test_what_the_square_uncovers_was_not_visible_before(shifted):
    visible = shifted.visible_before[0][18:30]
    assert not visible[:, 25:29].any()
    assert visible[:, 31:45].all()
    assert visible[:, 2:24].all()
    assert visible[:, 47:].all()


def test_what_enters_at_the_border_was_not_visible_before(photo, camera):
    path = dm.paths.dolly(2, direction=(-1.0, 0.0, 0.0), distance=4 / camera.fx)
    clip = dm.synthesize(photo, np.ones((HEIGHT, WIDTH), np.float32), path)
    assert not clip.visible_before[0][:, :4].any()
    assert clip.visible_before[0][:, 4:].all()
    assert not clip.visible_next[0][:, -4:].any()
    assert clip.visible_next[0][:, :-4].all()


@pytest.mark.parametrize("seed", range(3))
def test_no_pixel_of_a_rough_surface_is_seen_far_from_where_it_is(photo, seed):
    """Rays that graze a pixel's slope meet it far away: depth stays within twice the scene's all the same."""
    depth = np.random.default_rng(seed).uniform(2, 4, (HEIGHT, WIDTH)).astype(np.float32)
    path = dm.paths.orbit(4, pivot_depth=3.0, angle_deg=30.0)
    clip = dm.synthesize(photo, depth, path)
    reach = 1 + np.abs(path.poses[:, :3, 3]).sum(axis=1).max()
    assert clip.depth.min() > 1 / reach
    assert clip.depth.max() < 2 * 4 * reach
    assert np.abs(clip.flow).max() < 4 * WIDTH
