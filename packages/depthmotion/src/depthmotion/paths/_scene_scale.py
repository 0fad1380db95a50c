"""Amplitudes that fit the scene."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from depthmotion.camera_path import CameraPath
from depthmotion.errors import PathError
from depthmotion.intrinsics import Intrinsics
from depthmotion.rotation import rigid_motion, rotation_vector

NEAR_PERCENTILE = 2.0


def nearest_depth(depth: Float[np.ndarray, "h w"]) -> float:
    """Return how far the nearest things of a scene are: depth that only 2 % of its pixels are below."""
    return float(np.percentile(depth, NEAR_PERCENTILE))


def scale_to_depth(path: CameraPath, depth: Float[np.ndarray, "h w"], *, near: float = 1.0) -> CameraPath:
    """Scale translations from a scene whose nearest things are at `near` to one with the given depth (H, W)."""
    return path.scaled(nearest_depth(depth) / near)


def exposed_fraction(
    pose: Float[np.ndarray, "4 4"], zoom: float, depth: Float[np.ndarray, "h w"], camera: Intrinsics
) -> float:
    """Return the share of a moved view that frame 0 does not show, from a coarse splat of at most 64×64 cells."""
    height, width = depth.shape
    rows, columns = min(64, height), min(64, width)
    ys = (np.arange(rows) + 0.5) * height / rows - 0.5
    xs = (np.arange(columns) + 0.5) * width / columns - 0.5
    # 2×2 samples per cell: without them a mild zoom would look like holes.
    fine_y = np.repeat(ys, 2) + np.tile([-0.25, 0.25], rows) * height / rows
    fine_x = np.repeat(xs, 2) + np.tile([-0.25, 0.25], columns) * width / columns
    z = depth[np.clip(np.rint(fine_y), 0, height - 1).astype(int)][
        :, np.clip(np.rint(fine_x), 0, width - 1).astype(int)
    ]
    grid_x, grid_y = np.meshgrid((fine_x - camera.cx) / camera.fx, (fine_y - camera.cy) / camera.fy)
    points = np.stack([grid_x * z, grid_y * z, z], axis=-1) @ pose[:3, :3].T + pose[:3, 3]
    ahead = points[..., 2] > 1e-6
    safe = np.where(ahead, points[..., 2], 1.0)
    u = points[..., 0] / safe * camera.fx * zoom + camera.cx
    v = points[..., 1] / safe * camera.fy * zoom + camera.cy
    column = np.floor((u + 0.5) * columns / width).astype(int)
    row = np.floor((v + 0.5) * rows / height).astype(int)
    inside = ahead & (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    hit = np.zeros((rows, columns), dtype=bool)
    hit[row[inside], column[inside]] = True
    return 1.0 - float(hit.mean())


def limit_holes(
    path: CameraPath,
    depth: Float[np.ndarray, "h w"],
    *,
    max_fraction: float = 0.25,
    intrinsics: Intrinsics | None = None,
) -> CameraPath:
    """Shrink a path's motion until no frame has more than `max_fraction` of pixels that frame 0 does not show."""
    if not 0 < max_fraction <= 1:
        raise PathError(f"max_fraction={max_fraction}: give a share of the frame above 0 and at most 1.")
    height, width = depth.shape
    camera = intrinsics or Intrinsics.default(height, width)
    for factor in (1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1):
        candidate = path if factor == 1.0 else _shrunk(path, factor)
        worst = max(
            exposed_fraction(pose, float(zoom), depth, camera)
            for pose, zoom in zip(candidate.poses, candidate.zooms, strict=True)
        )
        if worst <= max_fraction:
            return candidate
    return _shrunk(path, 0.05)


def _shrunk(path: CameraPath, factor: float) -> CameraPath:
    """Return the path with rotation angles, translations and log zoom multiplied by a factor."""
    poses = [rigid_motion(factor * rotation_vector(pose[:3, :3]), factor * pose[:3, 3]) for pose in path.poses]
    zoom = None if path.zoom is None else path.zooms**factor
    return CameraPath(np.stack(poses), zoom, path.name)
