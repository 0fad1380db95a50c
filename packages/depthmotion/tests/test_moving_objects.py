"""Objects of an instance mask that move on their own: masks from files, choice, motion, commands, datasets."""

import itertools
import json
import sys

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.cli import main

SIZE = (48, 64)


@pytest.fixture
def mask():
    ids = np.zeros(SIZE, np.uint8)
    ids[10:30, 20:40] = 7
    ids[35:45, 5:15] = 3
    return ids


@pytest.fixture
def photo():
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(small, SIZE[::-1])


@pytest.fixture
def listing(tmp_path, photo, mask):
    (tmp_path / "masks" / "run").mkdir(parents=True)
    (tmp_path / "photos" / "run").mkdir(parents=True)
    for name in ("a", "b", "c"):
        cv2.imwrite(str(tmp_path / "photos" / "run" / f"{name}.png"), photo)
        cv2.imwrite(str(tmp_path / "masks" / "run" / f"{name}.png"), mask)
    (tmp_path / "photos" / "list.txt").write_text("".join(f"run/{name}.png 0\n" for name in "abc"))
    return tmp_path / "photos" / "list.txt"


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["depthmotion", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return (stop.value.code, *capsys.readouterr())

    return run


def config(folder, **changes):
    settings = {"num_frames": 3, "size": None, "path": "still", "instances": folder / "masks"}
    return dm.GenerateConfig(**(settings | {"flow_dir": folder / "flow", "flow_format": "npz"} | changes))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_one_channel_holds_the_ids(tmp_path, mask, dtype):
    cv2.imwrite(str(tmp_path / "mask.png"), mask.astype(dtype) * (1 if dtype == np.uint8 else 100))
    expected = mask.astype(int) * (1 if dtype == np.uint8 else 100)
    assert (dm.read_instances(tmp_path / "mask.png", size=SIZE) == expected).all()


def test_every_colour_is_an_instance(tmp_path, mask):
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[mask == 7] = (3, 2, 1)  # OpenCV writes blue first
    cv2.imwrite(str(tmp_path / "mask.png"), colours)
    read = dm.read_instances(tmp_path / "mask.png", size=SIZE)
    assert set(np.unique(read).tolist()) == {0, 1 + 256 * 2 + 65536 * 3}


def test_a_mask_of_half_the_size_takes_the_photos(tmp_path, mask):
    np.save(tmp_path / "mask.npy", mask[::2, ::2])
    read = dm.read_instances(tmp_path / "mask.npy", size=SIZE)
    assert (read == np.kron(mask[::2, ::2], np.ones((2, 2), int))).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (np.zeros((64, 48), np.uint8), "do not belong together"),
        (np.zeros(SIZE, np.float32), "no instance mask"),
        (np.zeros((2, *SIZE), np.uint8), "no instance mask"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_mask_of_the_photo_is_refused_by_name(tmp_path, content, said):
    file = tmp_path / "mask.npy"
    if content is not None:
        np.save(file, content)
    with pytest.raises(dm.InstanceError, match=said) as error:
        dm.read_instances(file, size=SIZE)
    assert str(file) in str(error.value)


def test_the_largest_is_the_one_of_the_largest_area(mask):
    mask[0, 0] = 200
    assert dm.ObjectMotion().chosen(mask) == [7]
    assert dm.ObjectMotion(largest=2).chosen(mask) == [7, 3]
    assert dm.ObjectMotion(ids=(3,)).chosen(mask) == [3]


def test_named_instances_are_labelled_in_their_order(mask):
    labels = dm.select(mask, [3, 7])
    assert (labels == np.where(mask == 3, 1, np.where(mask == 7, 2, 0))).all()


def test_an_instance_that_is_not_there_is_told_what_is(mask):
    with pytest.raises(dm.InstanceError, match=r"instance 5 .* 3, 7"):
        dm.select(mask, [5])


def test_a_mask_without_instances_is_refused(mask):
    with pytest.raises(dm.InstanceError, match="no instance"):
        dm.ObjectMotion().chosen(mask * 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"largest": 1, "ids": (3,)},
        {"largest": 0},
        {"ids": (0,)},
        {"ids": (3, 3)},
        {"object_translation": (0.2, 0.1)},
        {"object_rotation_deg": (-1.0, 1.0)},
    ],
)
def test_a_wrong_choice_is_refused_at_once(wrong):
    with pytest.raises(dm.DepthMotionError):
        dm.ObjectMotion(**wrong)


def test_an_object_over_a_plane_shifts_by_its_translation(photo, mask):
    """Closed form: a translation of exactly 0.1 per axis, in units of the plane's distance 4, signs unknown."""
    depth, last = np.full(SIZE, 4.0, np.float32), 2
    motion = dm.ObjectMotion(object_translation=(0.1, 0.1), object_rotation_deg=(0.0, 0.0))
    moving = motion.draw(dm.select(mask, [7]), depth, last + 1, np.random.default_rng(5))
    clip = dm.synthesize(photo, depth, dm.paths.still(last + 1), instances=moving)
    camera = dm.Intrinsics.default(*SIZE)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    errors = []
    for sx, sy, sz in itertools.product((-0.1, 0.1), repeat=3):
        u = ((x - camera.cx) + camera.fx * sx) / (1 + sz) + camera.cx - x
        v = ((y - camera.cy) + camera.fy * sy) / (1 + sz) + camera.cy - y
        errors.append(np.abs(clip.flow_from_first[last] - np.stack([u, v], -1))[mask == 7].max())
    assert min(errors) < 1e-3
    assert np.abs(clip.flow_from_first[last][mask != 7]).max() < 1e-3


def square(top, left, *, side=20, value=1, size=(64, 80)):
    picture = np.zeros(size, np.uint8)
    picture[top : top + side, left : left + side] = value
    return picture


def test_a_masks_border_moves_to_the_depth_edge_beside_it():
    depth = np.where(square(22, 33) > 0, 2.0, 8.0)
    assert (dm.snap_to_depth(square(20, 30), depth, radius=5) == square(22, 33)).all()


def test_a_masks_border_stays_where_depth_has_no_edge():
    mask = square(20, 30)
    assert (dm.snap_to_depth(mask, np.full(mask.shape, 3.0), radius=5) == mask).all()
    assert (dm.snap_to_depth(mask, np.where(square(5, 0, side=50) > 0, 2.0, 8.0), radius=5) == mask).all()


def test_the_border_between_two_objects_stays():
    labels = np.maximum(square(20, 30), square(20, 50, value=2))
    depth = np.where(square(20, 32) > 0, 2.0, np.where(labels == 2, 4.0, 8.0))
    snapped = dm.snap_to_depth(labels, depth, radius=5)
    assert (snapped[20:40, 50:70] == 2).all()
    assert (snapped[25:35, 30:32] == 0).all()


def test_motion_follows_the_scale_of_the_scene(photo, mask):
    depth = np.random.default_rng(1).uniform(1, 5, SIZE).astype(np.float32)
    flows = []
    for scale in (1, 16):
        moving = dm.ObjectMotion().draw(dm.select(mask, [7]), depth * scale, 3, np.random.default_rng(0))
        flows.append(dm.synthesize(photo, depth * scale, dm.paths.still(3), instances=moving).flow_from_first)
    assert np.allclose(flows[0], flows[1], atol=1e-3)


def test_an_object_that_only_turns_keeps_its_centre(mask):
    labels = dm.select(mask, [7])
    moving = dm.random_instances(labels, np.full(SIZE, 2.0), 4, np.random.default_rng(0), translation=(0.0, 0.0))
    camera = dm.Intrinsics.default(*SIZE)
    centre = np.array([2 * (29.5 - camera.cx) / camera.fx, 2 * (19.5 - camera.cy) / camera.fy, 2, 1])
    assert np.allclose(moving.motions[0] @ centre, centre)
    angles = [np.degrees(np.arccos((np.trace(pose[:3, :3]) - 1) / 2)) for pose in moving.motions[0]]
    assert np.allclose(angles, np.linspace(0, angles[-1], 4), atol=1e-6)
    assert 2.5 * np.sqrt(3) <= angles[-1] <= 5 * np.sqrt(3)


def test_objects_do_not_change_the_cameras_path(photo, mask):
    settings = {"path": "random_walk", "seed": 3, "num_frames": 3}
    depth = dm.load_depth("ground")(photo)
    still, moved = (dm.clip_of_photo(photo, depth, mask=given, **settings) for given in (None, mask))
    assert (still.poses == moved.poses).all()
    assert np.abs(still.flow - moved.flow)[0][mask == 7].max() > 0.1


def test_a_smaller_clip_takes_the_mask_along(photo, mask):
    depth = dm.load_depth("plane")(photo)
    clip = dm.clip_of_photo(photo, depth, path="still", seed=0, num_frames=2, size=(24, 32), mask=mask)
    moved = np.abs(clip.flow[0]).max(axis=-1) > 1e-3
    inside = mask[::2, ::2] == 7
    assert moved[inside].all()
    assert not moved[~cv2.dilate(inside.astype(np.uint8), np.ones((3, 3))).astype(bool)].any()


def test_render_moves_the_objects_that_are_named(call, tmp_path, listing, mask):
    files = [tmp_path / "photos" / "run" / "a.png", "--instances", tmp_path / "masks" / "run" / "a.png"]
    options = ["--path", "still", "--frames", "3", "--flow", tmp_path / "flow.npz", "--depth", "plane"]
    assert call("render", "-o", tmp_path / "clip", "--ids", "3,7", *files, *options)[0] == 0
    assert np.abs(dm.flowio.read(tmp_path / "flow.npz")[0]).max(axis=-1)[mask > 0].min() > 0.05
    assert call("render", "-o", tmp_path / "clip", *files, "--largest", "1", *options, "--overwrite")[0] == 0
    flow = np.abs(dm.flowio.read(tmp_path / "flow.npz")[0]).max(axis=-1)
    assert flow[mask == 7].min() > 0.05
    assert flow[mask != 7].max() < 1e-3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--instances", "MASK", "--ids", "9"), "instance 9 is not in the mask"),
        (("--instances", "MASK", "--ids", "3", "--largest", "1"), "one of the two"),
        (("--instances", "MISSING"), "cannot be read"),
        (("--largest", "2"), "give instances"),
        (("--instances", "MASK", "--object-translation", "2", "1"), "low <= high"),
    ],
)
def test_bad_instances_are_one_line_and_exit_code_2(call, tmp_path, listing, options, said):
    places = {"MASK": tmp_path / "masks" / "run" / "a.png", "MISSING": tmp_path / "no.png"}
    given = [places.get(option, option) for option in options]
    code, _, errors = call("render", tmp_path / "photos" / "run" / "a.png", "-o", tmp_path / "clip.mp4", *given)
    assert code == 2
    assert errors.count("\n") == 1
    assert said in errors


def test_the_manifest_names_the_objects_that_move(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path, objects=dm.ObjectMotion(largest=2)), progress=False)
    rows = [json.loads(line) for line in (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()]
    assert [row["objects"] for row in rows] == [[7, 3]] * 3


def test_every_photo_has_motions_of_its_own(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    flows = [dm.flowio.read(tmp_path / "flow" / "run" / f"{name}.png.npz") for name in "abc"]
    assert np.abs(flows[0] - flows[1]).max() > 0.1


def test_a_mask_that_cannot_be_used_is_a_failure_and_stops_nothing(listing, tmp_path, mask):
    (tmp_path / "masks" / "run" / "a.png").unlink()
    cv2.imwrite(str(tmp_path / "masks" / "run" / "b.png"), mask.T)
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert summary.made == 1
    assert ["no instance mask" in failure.reason for failure in summary.failures] == [True, False]


def test_other_objects_make_all_clips_anew(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).kept == 3
    other = config(tmp_path, objects=dm.ObjectMotion(ids=(3,)), overwrite=True)
    assert dm.generate(listing, tmp_path / "out", other, progress=False).made == 3


@pytest.mark.slow
def test_objects_are_the_same_bytes_for_any_workers_and_after_a_loss(listing, tmp_path):
    def contents(folder):
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.jpg")}

    dm.generate(listing, tmp_path / "one", config(tmp_path), progress=False)
    dm.generate(listing, tmp_path / "two", config(tmp_path, workers=2), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    (tmp_path / "two" / "run" / "b.png" / "00001.jpg").unlink()
    assert dm.generate(listing, tmp_path / "two", config(tmp_path), progress=False).made == 1
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
