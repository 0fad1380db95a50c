"""Pixels that a splat misses: which of them a surface closes, and which stay holes."""

import depthmotion as dm
import numpy as np
import pytest
from depthmotion.cracks import close_hairlines
from depthmotion.rotation import rigid_motion
from depthmotion.surface import cut_threshold, find_cuts

WIDTH, TOLERANCE = 20, np.float32(0.1)


def shown(points, near):
    """Surround what a few pixels show with a border that shows nothing; the photo has 20 columns."""
    points, near = np.asarray(points, np.int32), np.asarray(near, np.float32)
    right = WIDTH - points.shape[1]
    return (
        np.pad(points, ((1, 1), (1, 1 + right)), constant_values=-1),
        np.pad(near, ((1, 1), (1, 1 + right))),
        np.zeros(24, np.uint8),
    )


@pytest.mark.parametrize(
    ("along", "aside", "step", "closed"),
    [
        (1, 0, 0.05, True),
        (1, 1, 0.05, True),
        (1, -1, 0.05, True),
        (2, 0, 0.05, False),  # a pixel of the photo lies between them
        (-1, 0, 0.05, False),  # the other way round
        (1, 0, 0.2, False),  # another surface
    ],
)
@pytest.mark.parametrize("upright", [False, True])
def test_a_hole_between_neighbours_of_one_surface_is_closed(along, aside, step, closed, upright):
    first = 2 * WIDTH + 7
    second = first + (along * WIDTH + aside if upright else along + aside * WIDTH)
    points, near = np.array([[first, -1, second]]), np.array([[1, 0, 1 + step]])
    index, nearness, flags = shown(points.T, near.T) if upright else shown(points, near)
    before = index.copy()
    close_hairlines(index, nearness, TOLERANCE, flags)
    hole = (2, 1) if upright else (1, 2)
    assert index[hole] == (first if closed else -1)
    assert nearness[hole] == (1 if closed else 0)
    index[hole] = before[hole]
    assert (index == before).all()


def test_nothing_is_closed_beside_the_border_or_in_a_wide_hole():
    index, nearness, flags = shown([[-1, 0, 1, -1, -1, 3, -1]], [[0, 1, 1, 0, 0, 1, 0]])
    before = index.copy()
    close_hairlines(index, nearness, TOLERANCE, flags)
    assert (index == before).all()


@pytest.mark.parametrize("zoom", [1.03, 1.4, 2.7])
def test_a_surface_that_comes_closer_stays_whole_and_its_flow_exact(zoom):
    photo = np.random.default_rng(0).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    poses = np.stack([np.eye(4), np.eye(4)])
    poses[1, 2, 3] = -4 * (1 - 1 / zoom)  # towards a wall at depth 4
    clip = dm.synthesize(photo, np.full((61, 83), 4.0, np.float32), dm.CameraPath(poses))
    assert clip.valid.all()
    y, x = np.mgrid[:61, :83].astype(np.float64)
    camera = dm.Intrinsics.default(61, 83)
    expected = np.stack([(x - camera.cx) * (zoom - 1), (y - camera.cy) * (zoom - 1)], axis=-1)
    assert np.abs(clip.flow[0] - expected).max() < 1e-3


def oblique(top_disparity):
    """A box before a wall, its top seen from its side: one row of pixels between the two."""
    disparity = np.full((40, 64), 0.15, np.float32)
    disparity[20], disparity[21:] = top_disparity, 0.29
    return disparity


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(
    ("top", "cuts"),
    [(0.25, [19]), (0.18, [20]), (0.22, [])],  # it belongs to the nearer in depth; half-way it may be a slope
)
def test_a_face_seen_from_its_side_stays_with_what_it_belongs_to(top, cuts, upright):
    disparity = oblique(top)
    labels = np.zeros(disparity.shape, np.uint8)
    if upright:
        _, below = find_cuts(disparity, labels, np.float32(cut_threshold(disparity)))
        assert np.flatnonzero(below[:, 7]).tolist() == cuts
    else:
        right, _ = find_cuts(np.ascontiguousarray(disparity.T), labels.T.copy(), np.float32(cut_threshold(disparity)))
        assert np.flatnonzero(right[7]).tolist() == cuts


@pytest.mark.parametrize("engine", ["numba", "torch"])
@pytest.mark.parametrize("sideways", [-3.0, 0.0, 3.0])
def test_a_stretched_face_has_no_black_pixels(sideways, engine):
    photo = np.full((40, 64, 3), 200, np.uint8)
    photo[20:] = 180
    poses = [rigid_motion(np.zeros(3), np.array([sideways * y, y, 0])) for y in np.linspace(0, 0.6, 12)]
    clip = dm.synthesize(photo, 1 / oblique(0.25), dm.CameraPath(np.stack(poses)), engine=engine, device="cpu")
    assert clip.frames.min() >= 150  # the face gets taller


@pytest.mark.parametrize("engine", ["numba", "torch"])
@pytest.mark.parametrize("top", [0.2, 0.22, 0.235, 0.25])
def test_a_still_view_of_a_face_that_begins_half_way_is_the_photo(top, engine):
    y, x = np.mgrid[:40, :64]
    photo = np.stack([120 + 80 * np.sin(x / 3 + y / k) for k in (2, 3, 5)], axis=-1).astype(np.uint8)
    disparity = oblique(top)
    disparity[20, :30] = 0.15  # seen from farther left it would be there, too
    clip = dm.synthesize(photo, 1 / disparity, np.stack([np.eye(4)] * 2), engine=engine, device="cpu")
    assert (clip.frames[1] == photo).all()
