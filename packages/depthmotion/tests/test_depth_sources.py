"""Depth from files and formulas: read right, or refused with a reason."""

import json
from pathlib import Path

import cv2
import depthmotion as dm
import numpy as np
import pytest

PHOTO = np.zeros((20, 30, 3), np.uint8)


def folder_with(tmp_path, values, *, name="run/a.npy", kind=None, scale=1.0):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".npy":
        np.save(file, values)
    else:
        cv2.imwrite(str(file), values)
    if kind is not None:
        (tmp_path / "depth.json").write_text(json.dumps({"kind": kind, "scale": scale}))
    return dm.load_depth(f"dir:{tmp_path}")


def read(source):
    return source(PHOTO, file=Path("photos/run/a.jpg"))


@pytest.mark.parametrize("name", ["run/a.npy", "a.npy", "run/a.png", "a.pfm"])
def test_a_file_is_found_by_class_and_name(tmp_path, name):
    values = np.full((20, 30), 7, np.uint16 if name.endswith("png") else np.float32)
    depth = read(folder_with(tmp_path, values, name=name, kind="metric", scale=0.5))
    assert depth.kind == "metric"
    assert (depth.values == 3.5).all()


def test_depth_of_another_resolution_is_brought_to_the_photos(tmp_path):
    assert read(folder_with(tmp_path, np.ones((40, 60)), kind="depth")).shape == (20, 30)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full((20, 30), np.nan), "NaN"),
        (np.full((20, 30), np.inf), "infinite"),
        (np.zeros((20, 30)), "zero or negative"),
        (np.full((20, 30), -1.0), "zero or negative"),
        (np.ones((30, 20)), "aspect"),
        (np.ones((20, 30, 3)), "one channel"),
        (np.ones((0, 0)), "depth"),
    ],
)
def test_bad_depth_is_refused_by_the_files_name(tmp_path, values, said):
    with pytest.raises(dm.DepthError, match=said) as caught:
        read(folder_with(tmp_path, values, kind="depth"))
    assert "a.npy" in str(caught.value)


@pytest.mark.parametrize("name", ["run/a.npy", "run/a.png"])
@pytest.mark.parametrize("content", [b"", b"no depth"])
def test_a_damaged_file_is_refused(tmp_path, name, content):
    source = folder_with(tmp_path, np.ones((20, 30), np.uint16), name=name)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(dm.DepthError, match=r"a\.(npy|png)"):
        read(source)


def test_a_missing_file_is_told_where_it_was_looked_for(tmp_path):
    with pytest.raises(dm.DepthError, match=r"run/a\.png"):
        read(dm.load_depth(f"dir:{tmp_path}"))


@pytest.mark.parametrize("text", ["{", '{"kind": "odd"}', '{"kind": "depth", "scale": -1}', "[]"])
def test_a_wrong_description_is_refused(tmp_path, text):
    (tmp_path / "depth.json").write_text(text)
    with pytest.raises(dm.DepthError, match=r"depth\.json"):
        dm.load_depth(f"dir:{tmp_path}")


def test_the_ground_is_its_planes_depth():
    depth = dm.load_depth("ground")(PHOTO).values
    rows = np.arange(20)
    plane = 0.58 * 20 / (rows - 0.42 * 19 + 1e-9)
    on_ground = (plane > 0) & (plane < 6)
    assert np.allclose(depth[on_ground, 0], plane[on_ground], rtol=1e-5)
    assert (depth[~on_ground] == 6).all()


def test_an_unknown_source_is_told_what_there_is():
    with pytest.raises(dm.ConfigError, match="depth-anything-v2-small"):
        dm.load_depth("midas")


def test_a_depth_maps_camera_follows_its_size():
    camera = dm.Intrinsics(10.0, 12.0, 14.5, 9.5)
    resized = dm.DepthMap(np.ones((20, 30)), "metric", camera).resized(40, 60)
    assert resized.intrinsics == dm.Intrinsics(20.0, 24.0, 29.5, 19.5)


@pytest.mark.parametrize("kind", ["depth", "disparity"])
@pytest.mark.parametrize("size", [(48, 58), (29, 31), (13, 9)])
def test_a_resized_map_has_no_depth_between_a_near_thing_and_what_is_behind_it(
    kind: dm.depthmap.DepthKind, size: tuple[int, int]
) -> None:
    y, x = np.mgrid[:40, :48].astype(np.float32)
    behind, near = 5 + 0.01 * x, 2 + 0.005 * y
    values = np.where((abs(y - 19) < 11) & (abs(x - 26) < 9), near, behind)
    values = values if kind == "depth" else 1 / values
    resized = dm.DepthMap(values, kind).resized(*size).values
    surfaces = np.array([[near.min(), near.max()], [behind.min(), behind.max()]])
    surfaces = surfaces if kind == "depth" else 1 / surfaces[::-1, ::-1]
    between = np.all([(resized < low - 1e-4) | (resized > high + 1e-4) for low, high in surfaces], axis=0)
    assert not between.any()
    line = (surfaces[0, 1] + surfaces[1, 0]) / 2
    assert (resized < line).mean() == pytest.approx((values < line).mean(), abs=0.06)


@pytest.mark.parametrize("size", [(48, 58), (29, 31)])
def test_a_slope_is_resized_smoothly(size: tuple[int, int]) -> None:
    y, x = np.mgrid[:40, :48].astype(np.float32)
    plane = 3 + 0.02 * x + 0.01 * y
    resized = dm.DepthMap(plane).resized(*size).values
    rows = (np.arange(size[0]) + 0.5) * 40 / size[0] - 0.5
    columns = (np.arange(size[1]) + 0.5) * 48 / size[1] - 0.5
    exact = 3 + 0.02 * columns[None] + 0.01 * rows[:, None]
    np.testing.assert_allclose(resized[1:-1, 1:-1], exact[1:-1, 1:-1], atol=5e-3)


def test_near_is_brighter_than_far():
    colours = dm.depth_to_color(np.array([[1.0, 2.0, 10.0]])).astype(int).sum(axis=-1)[0]
    assert colours[0] > colours[1] > colours[2]


def test_a_camera_beside_the_depth_is_the_photos(tmp_path):
    source = folder_with(tmp_path, np.random.default_rng(0).random((20, 30)))
    camera = {"fx": 40.0, "fy": 44.0, "cx": 29.5, "cy": 19.5, "width": 60, "height": 40}
    (tmp_path / "run" / "a.camera.json").write_text(json.dumps(camera))
    assert read(source).intrinsics == dm.Intrinsics(20.0, 22.0, 14.5, 9.5)


def test_sharpening_keeps_the_camera():
    camera = dm.Intrinsics(10.0, 12.0, 14.5, 9.5)
    values = np.random.default_rng(0).random((20, 30))
    assert dm.sharpen(dm.DepthMap(values, "disparity", camera)).intrinsics == camera


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"fx": 1}', json.dumps(dict.fromkeys(["fx", "fy", "cx", "cy", "width", "height"], 0))]
)
def test_what_is_no_camera_is_refused_by_the_files_name(tmp_path, text):
    source = folder_with(tmp_path, np.ones((20, 30)))
    (tmp_path / "run" / "a.camera.json").write_text(text)
    with pytest.raises(dm.DepthError, match=r"a\.camera\.json"):
        read(source)


def test_synthesis_sees_by_the_depth_maps_camera():
    """Flow of a shift over a plane: focal length times shift over distance."""
    camera = dm.Intrinsics(50.0, 50.0, 14.5, 9.5)
    path = dm.paths.dolly(2, direction=(-1.0, 0.0, 0.0), distance=0.2)
    plane = np.full((20, 30), 5.0, np.float32)
    known = dm.synthesize(PHOTO, dm.DepthMap(plane, "metric", camera), path)
    assert np.allclose(known.flow[0], (50 * 0.2 / 5, 0), atol=1e-4)
    given = dm.synthesize(PHOTO, dm.DepthMap(plane, "metric", camera), path, intrinsics=dm.Intrinsics.default(20, 30))
    assert np.allclose(given.flow[0], (0.58 * 30 * 0.2 / 5, 0), atol=1e-4)


@pytest.mark.parametrize(("fov_deg", "focal"), [(None, 50.0), (90.0, 15.0)])
def test_a_clip_sees_by_the_depths_camera_unless_a_field_of_view_is_given(fov_deg, focal):
    """A pan's flow in the photo's middle: focal length times the tangent of the turn, at half the photo's width."""
    depth = dm.DepthMap(np.ones((21, 31), np.float32), "metric", dm.Intrinsics(50.0, 50.0, 15.0, 10.0))
    focal = focal * 31 / 30 if fov_deg else focal
    photo = np.zeros((21, 31, 3), np.uint8)
    clip = dm.clip_of_photo(photo, depth, path="pan:yaw_deg=-2", seed=0, num_frames=2, fov_deg=fov_deg)
    assert np.allclose(clip.flow[0, 10, 15], (focal * np.tan(np.deg2rad(2)), 0), atol=1e-4)
