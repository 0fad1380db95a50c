"""The engine on torch: against the one on numba, and in closed form where that would show an error of both."""

import sys

import cv2
import depthmotion as dm
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the engine torch needs the extra torch")
render_batch = pytest.importorskip("depthmotion.torch_engine").render_batch
SIZE = (72, 96)


@pytest.fixture(scope="module")
def photo():
    small = np.random.default_rng(0).integers(0, 256, (18, 24, 3), dtype=np.uint8)
    return cv2.resize(small, SIZE[::-1], interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def depth():
    """A slope with two near things before it."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    scene = 6 - 0.03 * y
    scene[20:50, 25:45] = 2.5
    scene[(y - 30) ** 2 + (x - 70) ** 2 < 150] = 3.5
    return scene.astype(np.float32)


def prepared(photo, depth, name, *, num_frames=6, objects=False, seed=0):
    path = dm.paths.from_description(name, np.random.default_rng(seed), depth=depth, num_frames=num_frames)
    moving = None
    if objects:
        labels = np.zeros(SIZE, np.uint8)
        labels[20:50, 25:45] = 1
        labels[25:35, 60:80] = 2
        moving = dm.ObjectMotion(object_translation=(0.1, 0.3)).draw(
            labels, depth, num_frames, np.random.default_rng(1)
        )
    return dm.prepare(photo, depth, path, instances=moving)


def by_numba(clip, *, fill="background"):
    frames = list(clip.frames(fill=fill))
    images, valid = (np.stack([getattr(frame, name) for frame in frames]) for name in ("image", "valid"))
    return images.astype(int), valid, np.stack([frame.flow for frame in frames[:-1]])


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("random_walk", False),
        ("dolly:distance=0.8", False),
        ("orbit:angle_deg=20", False),
        ("zoom", False),
        ("dolly_zoom:factor=0.8", False),
        ("pan:yaw_deg=20:roll_deg=15", False),
        ("still", True),
        ("smooth", True),
    ],
)
def test_both_engines_agree(photo, depth, name, objects):
    """Stated tolerance: of the pixels in 1000, one may differ in what is seen, in colour by over 2, in flow by 0.01."""
    clip = prepared(photo, depth, name, objects=objects)
    batch = render_batch([clip], device="cpu")
    images, valid, flow = by_numba(clip)
    assert (batch.valid[0].numpy() != valid).mean() <= 1e-3
    both = batch.valid[0].numpy() & valid
    colour = np.abs(batch.frames[0].numpy() - images).max(axis=-1)
    motion = np.abs(batch.flow[0].numpy() - flow).max(axis=-1)
    assert (colour[both] > 2).mean() <= 1e-3
    assert (motion[both[:-1]] > 0.01).mean() <= 1e-3
    assert (colour > 2).mean() <= 5e-3
    assert (motion > 0.01).mean() <= 5e-3


def test_a_still_camera_returns_the_photo_bit_for_bit(photo, depth):
    clip = dm.synthesize(photo, depth, dm.paths.still(3), engine="torch", device="cpu")
    assert (clip.frames == photo).all()
    assert (clip.flow == 0).all()
    assert clip.valid.all()


def test_flow_over_a_plane_is_its_homography(photo):
    """Closed form: a plane n·X = 1 moves by K (R + t nᵀ) K⁻¹."""
    height, width = SIZE
    camera = dm.Intrinsics.default(height, width)
    normal = np.array([0.02, -0.03, 0.2])
    y, x = np.mgrid[:height, :width].astype(np.float64)
    rays = np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], -1)
    depth = 1 / (rays @ normal)
    path = dm.paths.random_walk(2, np.random.default_rng(3), translation=(0.1, 0.2))
    clip = dm.synthesize(photo, depth.astype(np.float32), path, engine="torch", device="cpu")
    pose = path.poses[1]
    homography = camera.matrix @ (pose[:3, :3] + np.outer(pose[:3, 3], normal)) @ np.linalg.inv(camera.matrix)
    moved = np.stack([x, y, np.ones_like(x)], -1) @ homography.T
    expected = moved[..., :2] / moved[..., 2:] - np.stack([x, y], -1)
    assert np.abs(clip.flow[0] - expected).max() < 1e-3


def test_clips_together_are_what_they_are_alone(photo, depth):
    names = ("random_walk", "orbit", "pan:yaw_deg=20")
    clips = [
        prepared(np.roll(photo, 9 * k, axis=1), np.roll(depth, k, axis=0), name, objects=k == 1, seed=k)
        for k, name in enumerate(names)
    ]
    together = render_batch(clips, device="cpu", frames_at_once=7)
    assert together.flow.shape == (3, 5, *SIZE, 2)
    for k, clip in enumerate(clips):
        alone = render_batch([clip], device="cpu")
        for name in ("frames", "flow", "valid"):
            assert torch.equal(getattr(together, name)[k], getattr(alone, name)[0])


def test_without_fill_what_is_not_seen_is_black(photo, depth):
    clip = dm.synthesize(photo, depth, dm.paths.pan(2, yaw_deg=20.0), engine="torch", device="cpu", fill="none")
    assert not clip.valid.all()
    assert (clip.frames[~clip.valid] == 0).all()


def test_clips_of_different_sizes_are_refused(photo, depth):
    small = dm.prepare(photo[:40], depth[:40], dm.paths.still(6))
    with pytest.raises(dm.ConfigError, match="6 frames of 96×40, 6 frames of 96×72"):
        render_batch([small, prepared(photo, depth, "pan")], device="cpu")


def test_a_fill_of_the_other_engine_is_refused(photo, depth):
    with pytest.raises(dm.ConfigError, match="background, none"):
        dm.synthesize(photo, depth, dm.paths.still(2), engine="torch", fill="telea")


def test_missing_torch_is_one_error(photo, depth, monkeypatch):
    monkeypatch.setitem(sys.modules, "depthmotion.torch_engine", None)
    with pytest.raises(dm.MissingDependencyError, match=r"depthmotion\[torch\]"):
        dm.synthesize(photo, depth, dm.paths.still(2), engine="torch")


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["random_walk", "orbit:angle_deg=20", "pan:yaw_deg=20:roll_deg=15"])
def test_a_gpu_agrees_with_the_cpu(photo, depth, name):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    clips = [prepared(photo, depth, name, objects=objects) for objects in (False, True)]
    on_cpu, on_gpu = (render_batch(clips, device=device) for device in ("cpu", "cuda"))
    assert (on_gpu.valid.cpu() != on_cpu.valid).float().mean() <= 1e-3
    colour = (on_gpu.frames.cpu().int() - on_cpu.frames.int()).abs().amax(dim=-1)
    assert (colour > 2).float().mean() <= 5e-3
    assert ((on_gpu.flow.cpu() - on_cpu.flow).abs().amax(dim=-1) > 0.01).float().mean() <= 5e-3
