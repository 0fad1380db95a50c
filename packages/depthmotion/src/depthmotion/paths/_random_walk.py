"""The published camera motion: an independent random step per frame."""

from __future__ import annotations

import numpy as np

from depthmotion.camera_path import CameraPath
from depthmotion.paths._ranges import check_num_frames, check_range, signed_uniform
from depthmotion.rotation import rigid_motion


def random_walk(
    num_frames: int,
    rng: np.random.Generator,
    *,
    translation: tuple[float, float] = (0.01, 0.02),
    rotation_deg: tuple[float, float] = (1.0, 2.0),
) -> CameraPath:
    """Return a path of random steps: per axis, translation and rotation uniform in the ranges with random signs.

    The ranges are the published ones (CFB, stage A), for a scene whose depth runs from about 1 to 100.
    """
    check_num_frames(num_frames)
    check_range("translation", translation)
    check_range("rotation_deg", rotation_deg)
    translations = signed_uniform(rng, translation, (num_frames - 1, 3))
    rotations = np.deg2rad(signed_uniform(rng, rotation_deg, (num_frames - 1, 3)))
    poses = [np.eye(4)]
    for rotation, shift in zip(rotations, translations, strict=True):
        poses.append(rigid_motion(rotation, shift) @ poses[-1])
    return CameraPath(np.stack(poses), name="random_walk")
