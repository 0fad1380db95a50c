"""Where the miniature's source videos are filmed, a kind of place per class, and the bare stage of the target."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from videoda_bench.miniature.scenery import FLOOR_SIZE, PLACES, WALL_SIZE, Place, Scene, ground, laid, wall_row
from videoda_bench.miniature.textures import (
    Texture,
    blocks,
    blurred_levels,
    foliage,
    fractal,
    paint_rectangle,
    paint_specks,
    tinted,
)

_TOYS = np.array([[[0.95, 0.4, 0.45], [0.98, 0.85, 0.3], [0.4, 0.75, 0.95], [0.6, 0.85, 0.5]]], np.float32)


def _track(rng: np.random.Generator, scale: float) -> Texture:
    out = foliage(rng, WALL_SIZE, colour=(0.28, 0.5, 0.2), feature=0.8 * scale)
    out[: int(max(wall_row(2.6, scale), 0))] = (0.7, 0.8, 0.92)
    for height in (0.5, 1.0):
        row = wall_row(height, scale)
        paint_rectangle(out, box=(0, row, WALL_SIZE[1], row + max(0.06 * scale, 1)), colour=(0.95, 0.95, 0.95))
    return out


def _lanes(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, FLOOR_SIZE, feature=3), (0.7, 0.28, 0.18), contrast=0.07)
    for left in np.arange(rng.uniform(0, 1), 12, 1.1):
        paint_rectangle(out, box=(left * scale, 0, (left + 0.07) * scale + 1, FLOOR_SIZE[0]), colour=(0.93, 0.9, 0.88))
    return out


def _pool(rng: np.random.Generator, scale: float) -> Texture:
    tone = (0.62, 0.84, 0.9)
    tile = (0.22 * scale, 0.22 * scale)
    out = blocks(rng, WALL_SIZE, block=tile, colour=tone, joint=(0.9, 0.95, 0.96), spread=0.05, stagger=False)
    water = tinted(fractal(rng, WALL_SIZE, feature=4, stretch=5), (0.1, 0.5, 0.75), contrast=0.2)
    rows = slice(int(max(wall_row(0.95, scale), 0)), int(wall_row(0.15, scale)))
    out[rows] = water[rows]
    return out


def _ring(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=30), (0.09, 0.08, 0.11), contrast=0.2)
    crowd = np.array([[[0.3, 0.22, 0.2], [0.25, 0.25, 0.32], [0.4, 0.3, 0.25]]], np.float32)
    paint_specks(rng, out, rows=(0, wall_row(1.5, scale)), size=max(0.4 * scale, 3), density=0.6, palette=crowd)
    for height, colour in ((0.5, (0.85, 0.85, 0.85)), (0.9, (0.15, 0.3, 0.85)), (1.3, (0.9, 0.12, 0.12))):
        row = wall_row(height, scale)
        paint_rectangle(out, box=(0, row, WALL_SIZE[1], row + 0.08 * scale + 1), colour=colour)
    return out


def _nursery(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.98, 0.8, 0.82), (0.75, 0.88, 0.98), (0.98, 0.94, 0.72)][rng.integers(3)]
    out = tinted(fractal(rng, WALL_SIZE, feature=50), tone, contrast=0.03)
    size = max(0.25 * scale, 3)
    paint_specks(rng, out, rows=(0, wall_row(0.9, scale)), size=size, density=0.12, palette=0.9 * _TOYS)
    paint_specks(rng, out, rows=(wall_row(0.35, scale), WALL_SIZE[0]), size=size, density=0.8, palette=_TOYS)
    return out


def _weights(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=60), (0.34, 0.36, 0.4), contrast=0.07)
    for left in np.arange(rng.uniform(-1, 0), 14, 2.4):
        mirror = (left * scale, wall_row(2.4, scale), (left + 2.3) * scale, wall_row(1.2, scale))
        paint_rectangle(out, box=mirror, colour=rng.uniform(0.5, 0.65) * np.array([0.9, 1.0, 1.1]))
    for height in (0.3, 0.8):
        centre = int(wall_row(height, scale))
        for left in np.arange(rng.uniform(0, 0.3), 14, 0.42):
            radius = max(round(rng.uniform(0.12, 0.2) * scale), 1)
            cv2.circle(out, (int(left * scale), centre), radius, (0.07, 0.07, 0.08), -1)
            cv2.circle(out, (int(left * scale), centre), max(radius // 3, 1), (0.6, 0.6, 0.62), -1)
    return out


_MATS = laid((0.15, 0.15, 0.17), (0.8, 0.8), 0.06)
_BASIN = laid((0.62, 0.84, 0.9), (0.22, 0.22), 0.05)

KINETICS_PLACES: dict[str, Place] = {
    **PLACES,
    "track": Place((5.0, 10.0), _track, _lanes),
    "pool": Place((1.0, 3.0), _pool, _BASIN, ambient=0.6),
    "ring": Place((2.0, 4.0), _ring, ground((0.2, 0.32, 0.62), 0.05, 0.1), ambient=0.45),
    "nursery": Place((1.0, 3.0), _nursery, ground((0.66, 0.5, 0.62), 0.08, 0.05), ambient=0.62),
    "weight room": Place((1.0, 3.0), _weights, _MATS),
}
"""Every kind of place that a source video can be filmed at."""

HOMES: dict[str, str] = {
    **{"long_jump": "track", "high_jump": "track", "running_on_treadmill": "street", "jogging": "park"},
    **{"throwing_ball": "meadow", "throwing_axe": "garden", "javelin_throw": "meadow"},
    **{"kicking_soccer_ball": "stadium", "drop_kicking": "stadium", "kicking_field_goal": "stadium"},
    **{"bending_back": "beach", "swing_dancing": "theatre", "dancing_macarena": "theatre"},
    **{"tap_dancing": "theatre", "tango_dancing": "theatre"},
    **{"cleaning_pool": "pool", "cleaning_toilet": "kitchen", "cleaning_windows": "office"},
    **{"cleaning_floor": "kitchen", "squat": "gym", "slapping": "ring", "punching_person_(boxing)": "ring"},
    **{"punching_bag": "ring", "crawling_baby": "nursery", "applauding": "bar", "clapping": "bar"},
    **{"deadlifting": "weight room", "front_raises": "weight room"},
}
"""The place at which most videos of a Kinetics class are filmed."""


def bare_stage(rng: np.random.Generator, *, distance: float) -> Scene:
    """A target sequence's stage: one dark grey for the floor, a darker one behind, the same light for all."""
    return Scene(
        wall=_plain((8, 8), float(rng.uniform(0.04, 0.1))),
        floor=_plain((8, 8), float(rng.uniform(0.1, 0.2))),
        wall_scale=1.0,
        floor_scale=1.0,
        wall_z=-distance,
        light=np.array([0.38, 0.82, 0.43]),
        ambient=0.6,
        fog=0.0,
        fog_colour=np.ones(3, np.float32),
    )


def _plain(size: tuple[int, int], grey: float) -> Float32[np.ndarray, "levels h w 3"]:
    return blurred_levels(np.full((*size, 3), grey, np.float32), levels=1)
