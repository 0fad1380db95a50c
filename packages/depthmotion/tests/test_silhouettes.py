"""Pixels that an edge runs through: how much of them the near surface takes, and what they show when it moves."""

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.matting import EDGE_STEPS, NO_EDGE
from depthmotion.plate import make_plate
from depthmotion.surface import cut_threshold, find_cuts

HEIGHT, WIDTH = 40, 64
NEAR, FAR = np.array([200.0, 40, 90]), np.array([30.0, 160, 120])


def covered(left, right, top, bottom):
    """Share of each pixel inside a rectangle, edges anywhere between pixel centres: the closed form."""

    def along(count, first, last):
        pixels = np.arange(count)
        return np.clip(np.minimum(pixels + 0.5, last) - np.maximum(pixels - 0.5, first), 0, 1)

    return along(HEIGHT, top, bottom)[:, None] * along(WIDTH, left, right)


def picture(share, far=FAR):
    return np.rint(share[..., None] * NEAR + (1 - share[..., None]) * far).astype(np.uint8)


def scene(left, right, top, bottom, *, near=2.0, far=10.0):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    return np.where(inside, near, far).astype(np.float32)


@pytest.mark.parametrize("offset", [0.05, 0.3, 0.5, 0.75, 0.95])
def test_edges_are_found_between_pixels(offset):
    share = covered(20 - offset, 40 + offset, 10 - offset, 30 + offset)
    disparity = 1 / scene(20, 40, 10, 30)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    threshold = cut_threshold(disparity)
    right, below = find_cuts(disparity, labels, np.float32(threshold))
    plate = make_plate(picture(share), disparity, labels, right, below, threshold=threshold, radius=3)
    edges = plate.edges.reshape(HEIGHT, WIDTH, 4)
    found = np.stack([edges[15:25, 20, 0], edges[15:25, 40, 1], edges[10, 25:35, 2], edges[30, 25:35, 3]])
    assert np.abs(found / EDGE_STEPS - offset).max() < 0.03
    assert (edges[15:25, 21:40] == NO_EDGE).all()
    assert (edges[15:25, 19] == NO_EDGE).all()
    assert np.abs(plate.image[15:25, 17:20].astype(int) - FAR).max() < 8


@pytest.mark.parametrize("engine", ["numba", "torch"])
@pytest.mark.parametrize("shift", [0.5, 2.6, -1.3, 4.2])
def test_a_moved_edge_is_mixed_with_what_is_behind_it_now(shift, engine):
    """Closed form: the near rectangle moves by `shift`, the striped wall behind it stays almost where it is."""
    if engine == "torch":
        pytest.importorskip("torch", reason="the engine torch needs the extra torch")
    camera = dm.Intrinsics.default(HEIGHT, WIDTH)
    x = np.arange(WIDTH)
    wall = FAR + 30 * np.sin(2 * np.pi * x / 9)[None, :, None] * np.ones((HEIGHT, 1, 1))
    left, right, top, bottom = 19.6, 40.3, 9.8, 30.4
    photo = picture(covered(left, right, top, bottom), wall)
    truth = picture(covered(left + shift, right + shift, top, bottom), wall)
    pose = np.eye(4)
    pose[0, 3] = shift * 2 / camera.fx
    depth = scene(left, right, top, bottom, far=1e4)
    clip = dm.synthesize(photo, depth, np.stack([np.eye(4), pose]), engine=engine, device="cpu")
    error = np.abs(clip.frames[1].astype(float) - truth).max(axis=-1)
    side, ahead = (int(right + shift), right) if shift > 0 else (int(left + shift), left)
    rim = error[14:26, side - 1 : side + 3]
    assert rim.max() < 17  # of a contrast of 170
    assert rim.mean() < 6
    assert error[14:26, int(ahead) - 8 : int(ahead) + 8].mean() < 2


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_an_edge_is_mixed_with_a_wall_that_has_an_edge_of_its_own_nearby(engine):
    """Closed form: the near rectangle moves by 4.2 pixels, the wall by a tenth of it, the sky past its end stays."""
    if engine == "torch":
        pytest.importorskip("torch", reason="the engine torch needs the extra torch")
    shift, wall_end = 4.2, 48
    camera = dm.Intrinsics.default(HEIGHT, WIDTH)

    def behind(moved):
        x = np.arange(WIDTH) - moved
        wall = FAR + 30 * np.sin(2 * np.pi * x / 9)[:, None]
        return np.where((x < wall_end)[:, None], wall, 250.0)[None] * np.ones((HEIGHT, 1, 1))

    left, right, top, bottom = 19.6, 40.3, 9.8, 30.4
    photo = picture(covered(left, right, top, bottom), behind(0))
    truth = picture(covered(left + shift, right + shift, top, bottom), behind(shift / 10))
    pose = np.eye(4)
    pose[0, 3] = shift * 2 / camera.fx
    depth = scene(left, right, top, bottom, far=20.0)
    depth[:, wall_end:] = 1e6
    clip = dm.synthesize(photo, depth, np.stack([np.eye(4), pose]), engine=engine, device="cpu")
    error = np.abs(clip.frames[1].astype(float) - truth).max(axis=-1)
    # Just outside of the edge, where the photo's edge would leave a rim.
    assert error[14:26, int(right + shift) + 1].max() < 12


def test_nothing_comes_loose_from_an_edge_where_photo_and_depth_are_resized():
    y, x = np.mgrid[:120, :160]
    near = np.hypot(y - 60, x - 80) < 30
    photo = cv2.GaussianBlur(np.where(near, 230, 40).astype(np.uint8), (0, 0), 0.5)
    depth = dm.DepthMap(np.where(near, 2.0, 8.0).astype(np.float32), "metric")
    clip = dm.clip_of_photo(np.dstack([photo] * 3), depth, path="orbit", seed=0, size=(144, 144))
    for frame in clip.frames[..., 0]:
        bright = (frame > 135).astype(np.uint8)
        _, places, areas = cv2.connectedComponentsWithStats(bright)[:3]
        disc = places == 1 + areas[1:, cv2.CC_STAT_AREA].argmax()
        assert frame[cv2.dilate(disc.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0].max() < 75
        assert frame.min() >= 30
