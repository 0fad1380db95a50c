"""Paths by name: options, sums, files, scale."""

import depthmotion as dm
import numpy as np
import pytest

SCENE = np.full((6, 8), 3.0)


def described(description, *, depth=SCENE, seed=0, **options):
    return dm.paths.from_description(description, np.random.default_rng(seed), depth=depth, **options)


@pytest.mark.parametrize("name", dm.paths.NAMES)
def test_every_named_path_starts_at_the_identity(name):
    path = described(name, num_frames=5)
    assert len(path) == 5
    assert np.allclose(path.poses[0], np.eye(4))


def test_an_option_reaches_the_path():
    path = described("dolly:direction=1,0,0:distance=0.5", num_frames=3)
    expected = dm.paths.dolly(3, direction=(1.0, 0.0, 0.0), distance=0.5).scaled(3.0)
    assert np.allclose(path.poses, expected.poses)


def test_lengths_are_scaled_to_the_nearest_things():
    near, far = (described("dolly", depth=np.full((4, 4), z)).poses[-1, 2, 3] for z in (1.0, 10.0))
    assert far == pytest.approx(10 * near)


def test_an_orbit_keeps_the_middle_of_the_scene_in_place():
    pivot = np.array([0.0, 0.0, 3.0, 1.0])
    assert np.allclose(described("orbit:angle_deg=20").poses @ pivot, pivot)


def test_a_dolly_zoom_keeps_the_size_of_things_at_the_middle_depth():
    path = described("dolly_zoom:factor=1.5")
    place = path.poses @ np.array([1.0, 0.0, 3.0, 1.0])
    assert np.allclose(path.zooms * place[:, 0] / place[:, 2], 1 / 3)


def test_a_far_background_does_not_swing_near_things_out_of_an_orbit():
    scene = np.where(np.arange(10) < 3, 1.0, 100.0).reshape(2, 5)
    sideways = np.abs(described("orbit", depth=scene).poses[-1, 0, 3])
    assert sideways < np.deg2rad(8) * 1 / 0.3


def test_a_sum_is_both_motions():
    path = described("pan:yaw_deg=1e+1+dolly")
    both = dm.paths.pan(16, yaw_deg=10.0) + dm.paths.dolly(16).scaled(3.0)
    assert np.allclose(path.poses, both.poses)


def test_the_same_seed_gives_the_same_path():
    assert (described("smooth+handheld").poses == described("smooth+handheld").poses).all()
    assert (described("smooth").poses != described("smooth", seed=1).poses).any()


@pytest.mark.parametrize("name", ["poses.npy", "poses.json", "poses.txt"])
def test_a_file_of_poses_is_taken_as_it_is(tmp_path, name):
    path = dm.paths.random_walk(4, np.random.default_rng(0))
    path.save(tmp_path / name)
    assert np.allclose(described(f"file:{tmp_path / name}").poses, path.poses)


def test_a_zoom_survives_json(tmp_path):
    path = dm.paths.zoom(4, factor=2.0)
    path.save(tmp_path / "zoom.json")
    assert np.allclose(dm.CameraPath.load(tmp_path / "zoom.json").zooms, path.zooms)


def test_a_zoom_is_not_lost_in_a_format_that_cannot_hold_it(tmp_path):
    with pytest.raises(dm.PathError, match="json"):
        dm.paths.zoom(4).save(tmp_path / "zoom.npy")


def test_a_file_of_another_length_is_refused(tmp_path):
    dm.paths.dolly(4).save(tmp_path / "poses.npy")
    with pytest.raises(dm.PathError, match="4 poses"):
        described(f"file:{tmp_path / 'poses.npy'}", num_frames=5)


def test_a_bound_on_holes_shrinks_the_path():
    wide, bounded = described("pan:yaw_deg=60"), described("pan:yaw_deg=60", max_holes=0.1)
    assert abs(bounded.poses[-1, 0, 2]) < abs(wide.poses[-1, 0, 2])


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("", "unknown"),
        ("fly", "random_walk"),
        ("orbit:speed=2", "angle_deg=8"),
        ("dolly:direction=1", "3 numbers"),
        ("dolly:distance=far", "1 number"),
        ("smooth:num_keyframes=2.5", "whole"),
        ("random_walk:translation=2,1", "low"),
        ("zoom:factor=0", "positive"),
        ("file:missing.npy", "missing.npy"),
    ],
)
def test_a_wrong_description_is_told_what_is_allowed(description, said):
    with pytest.raises(dm.PathError, match=said):
        described(description)


def test_paths_are_drawn_one_per_row():
    one, two = (dm.draw_paths([dm.paths.dolly(4)] * count) for count in (1, 2))
    assert two.shape == (2 * one.shape[0], *one.shape[1:])
    assert (two[: one.shape[0]] == one).all()
