"""A textured world with exact depth from any camera: a floor, a wall, boxes and balls, cast ray by ray."""

from __future__ import annotations

import numpy as np
from depthmotion import Intrinsics

FLOOR, WALL = 1.3, 9.0
SAMPLES = 4
"""Rays per pixel and axis: with two, the far floor's texture is aliased."""
BOXES = np.array(
    [  # centre x y z, half sizes
        (-1.5, 0.7, 4.0, 0.5, 0.6, 0.5),
        (1.2, 0.2, 5.5, 0.6, 1.1, 0.6),
        (0.1, 0.95, 2.8, 0.35, 0.35, 0.35),
        (-3.0, -0.2, 7.0, 0.8, 1.5, 0.5),
    ]
)
BALLS = np.array([(0.9, 0.6, 3.2, 0.45), (-0.6, -0.5, 5.0, 0.55), (2.6, 0.4, 7.0, 0.9)])  # centre x y z, radius


def _hits(origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distance in units of the rays (N, 3) to the first surface, and which surface."""
    distance = np.full(len(rays), np.inf)
    surface = np.zeros(len(rays), np.int64)

    def meet(candidate: np.ndarray, number: int) -> None:
        nearer = (candidate > 1e-6) & (candidate < distance)
        distance[nearer], surface[nearer] = candidate[nearer], number

    with np.errstate(divide="ignore", invalid="ignore"):
        meet((FLOOR - origin[1]) / rays[:, 1], 0)
        meet((WALL - origin[2]) / rays[:, 2], 1)
        for number, box in enumerate(BOXES, start=2):
            near = (box[:3] - box[3:] - origin) / rays
            far = (box[:3] + box[3:] - origin) / rays
            enter, leave = np.minimum(near, far).max(axis=1), np.maximum(near, far).min(axis=1)
            meet(np.where(enter < leave, enter, np.inf), number)
        for number, ball in enumerate(BALLS, start=2 + len(BOXES)):
            to = origin - ball[:3]
            a, b, c = (rays**2).sum(axis=1), rays @ to, to @ to - ball[3] ** 2
            root = np.sqrt(b * b - a * c)
            meet(np.where(np.isnan(root), np.inf, (-b - root) / a), number)
    return distance, surface


def _colours(points: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """Return RGB 0 … 255 of surface points: a few waves and a soft checker in the surface's own colours."""
    rng = np.random.default_rng(7)
    count = 2 + len(BOXES) + len(BALLS)
    base = rng.uniform(60, 190, (count, 3))
    waves = rng.normal(0, 9, (count, 6, 3))
    phases, strength = rng.uniform(0, 6.3, (count, 6)), rng.uniform(8, 20, (count, 6, 3))
    colour = base[surface]
    for k in range(6):
        angle = (points * waves[surface, k]).sum(axis=1) + phases[surface, k]
        colour = colour + np.sin(angle)[:, None] * strength[surface, k]
    checker = np.tanh(4 * np.sin(5 * points[:, 0] + 0.3) * np.sin(5 * points[:, 1] + 1) * np.sin(5 * points[:, 2] + 2))
    return np.clip(colour + 25 * checker[:, None], 0, 255)


def _cast(pose: np.ndarray, camera: Intrinsics, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return origin (3,), rays (N, 3) of depth 1, their distance and surface, for the image places (x, y)."""
    origin = -pose[:3, :3].T @ pose[:3, 3]
    rays = np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], axis=-1)
    rays = rays.reshape(-1, 3) @ pose[:3, :3]
    return origin, rays, *_hits(origin, rays)


def _offsets(samples: int) -> list[tuple[float, float]]:
    steps = (np.arange(samples) + 0.5) / samples - 0.5
    return [(float(dx), float(dy)) for dy in steps for dx in steps]


def view(pose: np.ndarray, height: int, width: int, *, samples: int = SAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """Return RGB uint8 (H, W, 3), averaged over samples² rays per pixel, and depth (H, W) at the pixel centres."""
    camera = Intrinsics.default(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    total = np.zeros((height * width, 3))
    for dx, dy in _offsets(samples):
        origin, rays, distance, surface = _cast(pose, camera, x + dx, y + dy)
        total += _colours(origin + rays * distance[:, None], surface)
    picture = np.rint(total / samples**2).astype(np.uint8).reshape(height, width, 3)
    return picture, _cast(pose, camera, x, y)[2].reshape(height, width).astype(np.float32)


def co_visible(pose: np.ndarray, height: int, width: int, *, samples: int = SAMPLES) -> np.ndarray:
    """Return where all that a pixel of the view averages is seen by the camera at the origin, too (H, W)."""
    camera = Intrinsics.default(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    seen = np.ones(height * width, bool)
    for dx, dy in _offsets(samples):
        origin, rays, distance, _ = _cast(pose, camera, x + dx, y + dy)
        points = origin + rays * distance[:, None]
        ahead = points[:, 2] > 1e-6
        along = np.where(ahead, points[:, 2], 1)
        u, v = points[:, 0] / along * camera.fx + camera.cx, points[:, 1] / along * camera.fy + camera.cy
        seen &= ahead & (u >= -0.5) & (v >= -0.5) & (u <= width - 0.5) & (v <= height - 0.5)
        seen &= _hits(np.zeros(3), points)[0] > 1 - 1e-6
    return seen.reshape(height, width)
