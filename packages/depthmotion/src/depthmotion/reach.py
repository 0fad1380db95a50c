"""How much of what a photo does not show the frames of a path need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32

from depthmotion.intrinsics import Intrinsics

SLACK = 2
"""Pixels that are prepared beyond the reach of a motion."""
POINTS = 9
"""Places along each side where the reach is taken; between them it hardly differs."""


@dataclass(frozen=True)
class Reach:
    """How far a path looks past the photo's top, bottom, left and right and behind the edges of near things [px]."""

    sides: Int32[np.ndarray, "4"]
    parallax: int


def reach_of_motion(
    poses: Float64[np.ndarray, "t k 4 4"],
    zooms: Float64[np.ndarray, " t"],
    disparity: Float32[np.ndarray, "h w"],
    camera: Intrinsics,
) -> Reach:
    """Return how far, in pixels of the photo, the frames of a path look past its borders and behind its edges."""
    height, width = disparity.shape
    rows = np.linspace(0, height - 1, min(height, POINTS))
    columns = np.linspace(0, width - 1, min(width, POINTS))
    borders = (disparity[0], disparity[-1], disparity[:, 0], disparity[:, -1])
    across, down = np.ones(len(columns)), np.ones(len(rows))
    x = np.concatenate([columns, columns, 0 * down, (width - 1) * down])
    y = np.concatenate([0 * across, (height - 1) * across, rows, rows])
    side = np.repeat(np.arange(4), [len(columns), len(columns), len(rows), len(rows)])
    seen = np.stack(
        [(x - camera.cx) / (camera.fx * zooms[:, None]), (y - camera.cy) / (camera.fy * zooms[:, None])], axis=-1
    )
    rays = np.concatenate([seen, np.ones((*seen.shape[:2], 1))], axis=-1)
    back = poses[:, 0, :3, :3].swapaxes(-1, -2)
    rays = rays @ back.swapaxes(-1, -2)  # in frame 0's axes
    origin = -np.einsum("tij,tj->ti", back, poses[:, 0, :3, 3])[:, None, :]
    outward = np.zeros((len(poses), len(x)))
    for extreme in (np.min, np.max):
        # The border continues outwards at its own depth: where does the ray meet the plane of that depth?
        d = np.array([extreme(border) for border in borders], dtype=np.float64)[side]
        s = d * rays[..., 2] / np.maximum(1 - origin[..., 2] * d, 1e-3)
        ahead = np.maximum(rays[..., 2] + origin[..., 2] * s, 1e-3)
        u = (rays[..., 0] + origin[..., 0] * s) / ahead * camera.fx + camera.cx
        v = (rays[..., 1] + origin[..., 1] * s) / ahead * camera.fy + camera.cy
        past = np.choose(side, [-v, v - (height - 1), -u, u - (width - 1)])
        outward = np.maximum(outward, np.where(rays[..., 2] > 0, past, 0))
    reach = np.array([outward[:, side == number].max() for number in range(4)])
    reach = np.minimum(reach, max(height, width))
    sides = np.where(reach > 1e-3, np.ceil(reach) + SLACK, 0).astype(np.int32)
    return Reach(sides, _parallax(poses, zooms, disparity, camera))


def _parallax(
    poses: Float64[np.ndarray, "t k 4 4"],
    zooms: Float64[np.ndarray, " t"],
    disparity: Float32[np.ndarray, "h w"],
    camera: Intrinsics,
) -> int:
    """Return by how many pixels near and far points, and objects, shift against each other at most."""
    height, width = disparity.shape
    view = np.array([camera.fx, camera.fy]) * zooms[:, None, None]
    corner = np.array([max(camera.cx, width - 1 - camera.cx), max(camera.cy, height - 1 - camera.cy)])
    shift = np.linalg.norm(np.abs(poses[:, :, :2, 3]) * view + np.abs(poses[:, :, 2:3, 3]) * corner, axis=-1)
    parallax = shift.max(axis=1) * float(disparity.max() - disparity.min())
    if poses.shape[1] > 1:  # objects also turn and move against the background
        rotation = np.abs(poses[:, 1:, :3, :3] - poses[:, :1, :3, :3]).max(axis=(1, 2, 3))
        parallax = parallax + rotation * max(camera.fx, camera.fy)
        parallax = np.maximum(parallax, shift.max(axis=1) * float(disparity.max()))
    return int(np.ceil(min(float(parallax.max()), 1e6))) + SLACK
