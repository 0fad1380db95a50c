"""Straight, turning and zooming camera moves."""

from __future__ import annotations

import numpy as np

from depthmotion.camera_path import CameraPath
from depthmotion.errors import PathError
from depthmotion.paths._ranges import check_num_frames
from depthmotion.rotation import rigid_motion


def dolly(
    num_frames: int, *, direction: tuple[float, float, float] = (0.0, 0.0, 1.0), distance: float = 0.2
) -> CameraPath:
    """Return a straight move of the camera by `distance` (scene units) along `direction` (x right, y down, z ahead)."""
    check_num_frames(num_frames)
    axis = np.asarray(direction, dtype=np.float64)
    length = float(np.linalg.norm(axis))
    if not length > 0:
        raise PathError(f"direction={direction}: give a vector that is not zero.")
    shifts = np.linspace(0.0, distance, num_frames)[:, None] * axis / length
    return CameraPath(np.stack([rigid_motion(np.zeros(3), -shift) for shift in shifts]), name="dolly")


def pan(num_frames: int, *, yaw_deg: float = 6.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> CameraPath:
    """Return a turn on the spot: yaw to the right, pitch up and roll clockwise, in degrees over the whole path."""
    check_num_frames(num_frames)
    full = np.deg2rad(np.array([-pitch_deg, -yaw_deg, -roll_deg]))
    poses = [rigid_motion(full * part, np.zeros(3)) for part in np.linspace(0.0, 1.0, num_frames)]
    return CameraPath(np.stack(poses), name="pan")


def zoom(num_frames: int, *, factor: float = 1.2, keep_depth: float | None = None) -> CameraPath:
    """Return a zoom to `factor` times the focal length; with `keep_depth`, a dolly-zoom that holds that depth."""
    check_num_frames(num_frames)
    if not factor > 0:
        raise PathError(f"factor={factor}: a zoom factor is positive, 1 is no zoom.")
    if keep_depth is not None and not keep_depth > 0:
        raise PathError(f"keep_depth={keep_depth}: give a positive depth.")
    factors = factor ** np.linspace(0.0, 1.0, num_frames)
    poses = np.tile(np.eye(4), (num_frames, 1, 1))
    if keep_depth is not None:
        poses[:, 2, 3] = keep_depth * (factors - 1)
    return CameraPath(poses, factors, "zoom" if keep_depth is None else "dolly_zoom")


def dolly_zoom(num_frames: int, *, keep_depth: float, factor: float = 1.2) -> CameraPath:
    """Return a zoom to `factor` times the focal length while the camera backs off, so that `keep_depth` stays."""
    return zoom(num_frames, factor=factor, keep_depth=keep_depth)
