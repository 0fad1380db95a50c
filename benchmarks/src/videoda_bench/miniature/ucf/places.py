"""Kinds of places that people ride, row, play and exercise at, beside those of the E→H world."""

from __future__ import annotations

import numpy as np

from videoda_bench.miniature.scenery import (
    FLOOR_SIZE,
    PLACES,
    WALL_SIZE,
    Place,
    fill_below,
    ground,
    laid,
    sky,
    skyline,
    wall_row,
)
from videoda_bench.miniature.textures import Texture, blocks, foliage, fractal, paint_rectangle, paint_specks, tinted

_POSTERS = np.array([[[0.8, 0.3, 0.25], [0.25, 0.45, 0.7], [0.9, 0.8, 0.4], [0.35, 0.6, 0.4]]], np.float32)


def _lake(rng: np.random.Generator, scale: float) -> Texture:
    out = sky(rng)
    trees = foliage(rng, WALL_SIZE, colour=(0.22, 0.34, 0.2), feature=1.2 * scale)
    fill_below(out, line=skyline(rng, row=wall_row(4.5, scale), amplitude=0.7 * scale, feature=3 * scale), fill=trees)
    shore = int(wall_row(1.0, scale))
    out[shore:] = tinted(fractal(rng, WALL_SIZE, feature=3, stretch=10), (0.2, 0.36, 0.42), contrast=0.15)[shore:]
    return out


def _water(rng: np.random.Generator, scale: float) -> Texture:
    tone = np.array([(0.2, 0.38, 0.46), (0.25, 0.36, 0.33), (0.32, 0.42, 0.5)][rng.integers(3)])
    waves = fractal(rng, FLOOR_SIZE, feature=0.35 * scale, octaves=3, stretch=3.0)
    return tinted(waves, tone, contrast=0.22)


def _bathroom(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.82, 0.88, 0.9), (0.9, 0.84, 0.8), (0.72, 0.82, 0.78)][rng.integers(3)]
    block = (0.2 * scale, 0.2 * scale)
    out = blocks(rng, WALL_SIZE, block=block, colour=tone, joint=(0.97, 0.97, 0.97), spread=0.03, stagger=False)
    left = rng.uniform(0.2, 1.2)
    for start in np.arange(left, 8, 2.4):
        frame = (start * scale, wall_row(2.1, scale), (start + 1.1) * scale, wall_row(1.1, scale))
        paint_rectangle(out, box=frame, colour=(0.5, 0.4, 0.3))
        glass = ((start + 0.06) * scale, wall_row(2.04, scale), (start + 1.04) * scale, wall_row(1.16, scale))
        paint_rectangle(out, box=glass, colour=rng.uniform(0.55, 0.75) * np.array([0.95, 1.02, 1.08]))
        basin = ((start + 0.2) * scale, wall_row(0.95, scale), (start + 0.9) * scale, wall_row(0.75, scale))
        paint_rectangle(out, box=basin, colour=(0.97, 0.97, 0.96))
    return out


def _classroom(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=70), rng.uniform([0.72, 0.72, 0.62], [0.9, 0.88, 0.85]), contrast=0.03)
    for left in np.arange(rng.uniform(0, 1), 12, rng.uniform(1.4, 2.2)):
        low = rng.uniform(1.2, 1.6)
        box = (left * scale, wall_row(low + 0.6, scale), (left + 0.45) * scale, wall_row(low, scale))
        paint_rectangle(out, box=box, colour=_POSTERS[0, rng.integers(4)])
    return out


def _living_room(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.78, 0.7, 0.58), (0.62, 0.7, 0.68), (0.75, 0.62, 0.6), (0.85, 0.84, 0.8)][rng.integers(4)]
    out = tinted(fractal(rng, WALL_SIZE, feature=50), tone, contrast=0.03)
    for left in np.arange(rng.uniform(0, 1.5), 12, rng.uniform(1.8, 2.8)):
        picture = (left * scale, wall_row(2.0, scale), (left + 0.6) * scale, wall_row(1.55, scale))
        paint_rectangle(out, box=picture, colour=(0.3, 0.2, 0.14))
        inner = ((left + 0.05) * scale, wall_row(1.95, scale), (left + 0.55) * scale, wall_row(1.6, scale))
        paint_rectangle(out, box=inner, colour=rng.uniform(0.25, 0.85, 3))
    sofa, cloth = rng.uniform(0, 2.5), rng.uniform(0.15, 0.6, 3)
    for left, right, top in ((sofa, sofa + 2.0, 0.8), (sofa - 0.15, sofa + 2.15, 0.45)):
        box = (left * scale, wall_row(top, scale), right * scale, wall_row(0.08, scale))
        paint_rectangle(out, box=box, colour=cloth * (1.0 if top > 0.5 else 0.8))
    return out


def _climbing_hall(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.42, 0.44, 0.5), (0.55, 0.45, 0.33), (0.3, 0.34, 0.42)][rng.integers(3)]
    panel = (1.2 * scale, 1.2 * scale)
    out = blocks(rng, WALL_SIZE, block=panel, colour=tone, joint=np.array(tone) * 0.6, spread=0.08, stagger=False)
    paint_specks(rng, out, rows=(0, WALL_SIZE[0]), size=max(0.12 * scale, 2), density=0.035, palette=_POSTERS)
    return out


def _court(rng: np.random.Generator, scale: float) -> Texture:
    out = foliage(rng, WALL_SIZE, colour=(0.26, 0.38, 0.22), feature=1.0 * scale)
    fence = int(wall_row(3.0, scale))
    mesh = tinted(fractal(rng, WALL_SIZE, feature=2), (0.12, 0.28, 0.24), contrast=0.2)
    out[fence:] = 0.45 * out[fence:] + 0.55 * mesh[fence:]
    for left in np.arange(0, WALL_SIZE[1], 2.4 * scale):
        paint_rectangle(out, box=(left, fence, left + 0.07 * scale + 1, WALL_SIZE[0]), colour=(0.2, 0.3, 0.28))
    return out


def _court_floor(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.2, 0.42, 0.58), (0.3, 0.5, 0.34), (0.68, 0.36, 0.24)][rng.integers(3)]
    out = tinted(fractal(rng, FLOOR_SIZE, feature=20), tone, contrast=0.04)
    for metres in (-1.0, 1.6):
        row = (metres * scale) % FLOOR_SIZE[0]
        paint_rectangle(out, box=(0, row, FLOOR_SIZE[1], row + 0.06 * scale + 1), colour=(0.93, 0.93, 0.9))
    return out


def _paddock(rng: np.random.Generator, scale: float) -> Texture:
    out = PLACES["meadow"].wall(rng, scale)
    for rail in (0.5, 1.0, 1.4):
        rows = (wall_row(rail, scale), wall_row(rail - 0.1, scale) + 1)
        paint_rectangle(out, box=(0, rows[0], WALL_SIZE[1], rows[1]), colour=(0.88, 0.86, 0.82))
    for left in np.arange(0, WALL_SIZE[1], 2.5 * scale):
        box = (left, wall_row(1.5, scale), left + 0.14 * scale + 1, WALL_SIZE[0])
        paint_rectangle(out, box=box, colour=(0.8, 0.78, 0.74))
    return out


_CARPET = ground((0.5, 0.4, 0.36), 0.1, 0.04)

UCF_PLACES: dict[str, Place] = {
    **PLACES,
    "lake": Place((20.0, 30.0), _lake, _water, fog=0.004),
    "bathroom": Place((0.6, 1.3), _bathroom, laid((0.75, 0.75, 0.72), (0.3, 0.3), 0.05), ambient=0.6),
    "classroom": Place((0.8, 1.4), _classroom, ground((0.5, 0.48, 0.44), 0.06, 0.05), ambient=0.6),
    "living room": Place((1.2, 2.8), _living_room, _CARPET, ambient=0.55),
    "climbing hall": Place((0.7, 1.4), _climbing_hall, ground((0.25, 0.3, 0.42), 0.08, 0.1)),
    "court": Place((6.0, 11.0), _court, _court_floor),
    "paddock": Place((6.0, 12.0), _paddock, PLACES["beach"].floor, fog=0.004),
    "road": Place((5.0, 10.0), PLACES["park"].wall, PLACES["street"].floor, fog=0.006),
}
"""Every kind of place by name."""
