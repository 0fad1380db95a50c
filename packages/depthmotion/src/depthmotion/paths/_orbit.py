"""A camera on a circle, looking at its pivot."""

from __future__ import annotations

import numpy as np

from depthmotion.camera_path import CameraPath
from depthmotion.errors import PathError
from depthmotion.paths._ranges import check_num_frames
from depthmotion.rotation import rigid_motion


def orbit(
    num_frames: int, *, pivot_depth: float, angle_deg: float = 8.0, axis: tuple[float, float, float] = (0.0, 1.0, 0.0)
) -> CameraPath:
    """Return an arc around the point at `pivot_depth` ahead, by `angle_deg` about `axis`; the pivot stays in place."""
    check_num_frames(num_frames)
    if not pivot_depth > 0:
        raise PathError(f"pivot_depth={pivot_depth}: give a positive depth.")
    direction = np.asarray(axis, dtype=np.float64)
    length = float(np.linalg.norm(direction))
    if not length > 0:
        raise PathError(f"axis={axis}: give a vector that is not zero.")
    pivot = np.array([0.0, 0.0, pivot_depth])
    poses = []
    for part in np.linspace(0.0, 1.0, num_frames):
        pose = rigid_motion(np.deg2rad(angle_deg) * part * direction / length, np.zeros(3))
        pose[:3, 3] = pivot - pose[:3, :3] @ pivot
        poses.append(pose)
    return CameraPath(np.stack(poses), name="orbit")
