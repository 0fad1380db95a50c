"""Places: a floor and a back wall with procedurally painted surfaces, light and haze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32

from videoda_bench.miniature.textures import (
    Texture,
    blocks,
    blurred_levels,
    foliage,
    fractal,
    gradient,
    paint_rectangle,
    paint_specks,
    tinted,
)

WALL_SIZE = (208, 320)
FLOOR_SIZE = (192, 192)
_BRIGHT = np.array(
    [[[0.8, 0.2, 0.2], [0.9, 0.85, 0.8], [0.2, 0.3, 0.7], [0.15, 0.15, 0.17], [0.9, 0.75, 0.2]]], np.float32
)


@dataclass(frozen=True)
class Scene:
    """What surrounds a figure at the origin: surfaces as (levels, H, W, 3), their pixels per metre, light and haze.

    The wall stands at z = `wall_z` (negative, behind the figure); `light` points from the scene to the light.
    """

    wall: Float32[np.ndarray, "wall_levels wall_h wall_w 3"]
    floor: Float32[np.ndarray, "floor_levels floor_h floor_w 3"]
    wall_scale: float
    floor_scale: float
    wall_z: float
    light: Float[np.ndarray, "3"]
    ambient: float
    fog: float
    fog_colour: Float32[np.ndarray, "3"]


@dataclass(frozen=True)
class Place:
    """A kind of scene: how far its wall is [m], how it is painted (wall and floor, px/m given), how light it is."""

    distance: tuple[float, float]
    wall: Callable[[np.random.Generator, float], Texture]
    floor: Callable[[np.random.Generator, float], Texture]
    ambient: float = 0.55
    fog: float = 0.0


def wall_row(height_metres: float, scale: float) -> float:
    """Texture row of a height above the floor."""
    return WALL_SIZE[0] - 1 - height_metres * scale


def sky(rng: np.random.Generator) -> Texture:
    """Blue above, pale below, with more or fewer clouds."""
    blue = rng.uniform(0, 1)
    top = (0.35 + 0.3 * (1 - blue), 0.52 + 0.2 * (1 - blue), 0.85)
    out = gradient(WALL_SIZE, top, (0.82, 0.86, 0.9))
    clouds = fractal(rng, WALL_SIZE, feature=40, octaves=5, stretch=2.0)
    cover = np.clip(clouds - rng.uniform(-0.5, 1.0), 0, 1)[..., None]
    return (out + cover * (0.93 - out)).astype(np.float32)


def fill_below(image: Texture, *, line: Float[np.ndarray, " w"], fill: Texture) -> None:
    """Replace what lies below a skyline given as one row per column."""
    below = np.arange(image.shape[0])[:, None] > line[None, :]
    image[below] = fill[below]


def skyline(rng: np.random.Generator, *, row: float, amplitude: float, feature: float) -> Float[np.ndarray, " w"]:
    """A hilly line about a row: one row per column."""
    return row + amplitude * fractal(rng, (2, WALL_SIZE[1]), feature=feature, octaves=3)[0]


def _meadow(rng: np.random.Generator, scale: float) -> Texture:
    out = sky(rng)
    hills = tinted(fractal(rng, WALL_SIZE, feature=12), (0.42, 0.52, 0.48), contrast=0.08)
    fill_below(out, line=skyline(rng, row=wall_row(5, scale), amplitude=0.8 * scale, feature=60), fill=hills)
    trees = foliage(rng, WALL_SIZE, colour=(0.2, 0.36, 0.14), feature=1.6 * scale)
    fill_below(out, line=skyline(rng, row=wall_row(2.4, scale), amplitude=0.8 * scale, feature=2 * scale), fill=trees)
    return out


def _park(rng: np.random.Generator, scale: float) -> Texture:
    out = foliage(rng, WALL_SIZE, colour=(0.3, 0.42, 0.2), feature=1.2 * scale)
    out = 0.6 * out + 0.4 * np.minimum(sky(rng), 0.8)
    for left in rng.uniform(0, WALL_SIZE[1], 7):
        wide = rng.uniform(0.15, 0.4) * scale
        paint_rectangle(
            out, box=(left, 0, left + wide, WALL_SIZE[0]), colour=rng.uniform(0.14, 0.26) * np.array([1.2, 1, 0.8])
        )
    return (out * (1 + 0.08 * fractal(rng, WALL_SIZE, feature=4)[..., None])).astype(np.float32)


def _beach(rng: np.random.Generator, scale: float) -> Texture:
    out = sky(rng)
    sea = tinted(fractal(rng, WALL_SIZE, feature=4, stretch=8), (0.16, 0.42, 0.55), contrast=0.16)
    horizon = int(wall_row(rng.uniform(2.0, 3.2), scale))
    out[horizon:] = sea[horizon:]
    return out


def _cliff(rng: np.random.Generator, scale: float) -> Texture:
    tone = np.array([0.55, 0.47, 0.4]) * rng.uniform(0.8, 1.15) + rng.normal(0, 0.03, 3)
    ridged = np.abs(fractal(rng, WALL_SIZE, feature=1.2 * scale, octaves=5))
    cracks = np.exp(-((fractal(rng, WALL_SIZE, feature=0.8 * scale, octaves=4) / 0.12) ** 2))
    return tinted(0.4 * (ridged - 0.8) - 0.5 * cracks, tone, contrast=0.8)


def _street(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.55, 0.28, 0.2), (0.62, 0.5, 0.4), (0.45, 0.42, 0.42)][rng.integers(3)]
    out = blocks(rng, WALL_SIZE, block=(0.16 * scale, 0.42 * scale), colour=tone, joint=(0.6, 0.58, 0.54))
    for left in np.arange(rng.uniform(0, 2), 12, rng.uniform(2.2, 3.2)):
        low = 0.0 if rng.random() < 0.3 else 1.0
        window = ((left - 0.08) * scale, wall_row(2.4, scale), (left + 0.98) * scale, wall_row(low, scale))
        paint_rectangle(out, box=window, colour=(0.75, 0.73, 0.7))
        inner = (left * scale, wall_row(2.32, scale), (left + 0.9) * scale, wall_row(low + 0.08, scale))
        paint_rectangle(out, box=inner, colour=rng.uniform(0.1, 0.35) * np.array([0.8, 0.95, 1.1]))
    return out * np.float32(rng.uniform(0.8, 1.1))


def _alley(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=2 * scale, octaves=6), (0.5, 0.5, 0.49), contrast=0.14)
    stains = fractal(rng, WALL_SIZE, feature=0.5 * scale, octaves=2, stretch=0.2)
    out *= (1 - 0.1 * np.clip(stains, 0, 2))[..., None]
    left = rng.uniform(0.5, 4) * scale
    paint_rectangle(out, box=(left, wall_row(2.1, scale), left + scale, WALL_SIZE[0]), colour=(0.22, 0.32, 0.3))
    return out.astype(np.float32)


def _kitchen(rng: np.random.Generator, scale: float) -> Texture:
    tile = [(0.85, 0.86, 0.83), (0.7, 0.8, 0.8), (0.86, 0.8, 0.68)][rng.integers(3)]
    out = blocks(
        rng,
        WALL_SIZE,
        block=(0.16 * scale, 0.16 * scale),
        colour=tile,
        joint=(0.6, 0.6, 0.58),
        spread=0.03,
        stagger=False,
    )
    wood = np.array([(0.55, 0.36, 0.2), (0.9, 0.9, 0.88), (0.35, 0.42, 0.45)][rng.integers(3)])
    for bottom, top in ((1.55, 2.5), (0.0, 0.92)):
        grain = tinted(fractal(rng, WALL_SIZE, feature=0.1 * scale, stretch=0.15), wood, contrast=0.06)
        rows = slice(int(max(wall_row(top, scale), 0)), max(int(wall_row(bottom, scale)), 0))
        out[rows] = grain[rows]
        for left in np.arange(0, WALL_SIZE[1], 0.6 * scale):
            paint_rectangle(out, box=(left, rows.start, left + 1.5, rows.stop), colour=wood * 0.5)
            knob = (
                left + 0.48 * scale,
                wall_row(bottom + 0.5, scale),
                left + 0.52 * scale,
                wall_row(bottom + 0.35, scale),
            )
            paint_rectangle(out, box=knob, colour=(0.3, 0.3, 0.3))
    paint_rectangle(out, box=(0, wall_row(0.98, scale), WALL_SIZE[1], wall_row(0.9, scale)), colour=(0.28, 0.27, 0.27))
    return out


def _bar(rng: np.random.Generator, scale: float) -> Texture:
    out = blocks(
        rng, WALL_SIZE, block=(3 * scale, 0.18 * scale), colour=(0.36, 0.2, 0.11), joint=(0.12, 0.07, 0.04), spread=0.15
    )
    palette = np.array([[[0.2, 0.4, 0.2], [0.6, 0.35, 0.1], [0.75, 0.7, 0.6], [0.5, 0.1, 0.1]]], np.float32)
    for shelf in (0.9, 1.35, 1.8, 2.25):
        row = wall_row(shelf, scale)
        paint_specks(
            rng, out, rows=(row - 0.14 * scale, row - 0.1 * scale), size=0.16 * scale, density=3.0, palette=palette
        )
        paint_rectangle(out, box=(0, row, WALL_SIZE[1], row + 0.04 * scale), colour=(0.55, 0.36, 0.18))
    glow = gradient(WALL_SIZE, (1.25, 1.1, 0.9), (0.65, 0.6, 0.6))
    return (out * glow * 1.2).astype(np.float32)


def _theatre(rng: np.random.Generator, scale: float) -> Texture:
    tone = [(0.5, 0.06, 0.09), (0.12, 0.12, 0.3), (0.3, 0.1, 0.3)][rng.integers(3)]
    x = np.arange(WALL_SIZE[1], dtype=np.float32)[None, :]
    bend = 0.1 * scale * fractal(rng, WALL_SIZE, feature=40)
    folds = np.sin(2 * np.pi * (x + bend) / (rng.uniform(0.25, 0.5) * scale))
    out = tinted((folds + 0.3 * fractal(rng, WALL_SIZE, feature=6)).astype(np.float32), tone, contrast=0.45)
    spot = np.exp(-(((x - rng.uniform(80, 240)) / 90) ** 2))[..., None]
    return (out * (0.6 + 0.8 * spot)).astype(np.float32)


def _stadium(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=30), (0.35, 0.35, 0.38), contrast=0.1)
    paint_specks(rng, out, rows=(0, wall_row(1.3, scale)), size=max(0.35 * scale, 2.5), density=1.1, palette=_BRIGHT)
    for left in np.arange(0, WALL_SIZE[1], 3.5 * scale):
        band = (left, wall_row(1.3, scale), left + 3.4 * scale, wall_row(0.2, scale))
        paint_rectangle(out, box=band, colour=_BRIGHT[0, rng.integers(5)] * rng.uniform(0.7, 1))
    return out


def _gym(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=60), (0.78, 0.74, 0.62), contrast=0.05)
    stripe = rng.uniform(0.2, 0.8, 3)
    paint_rectangle(out, box=(0, wall_row(1.4, scale), WALL_SIZE[1], wall_row(0, scale) + 1), colour=0.6 * stripe + 0.2)
    start = rng.uniform(0, 2)
    for left in (start, start + 1.1, start + 4.0):
        for bar in np.arange(0.2, 2.9, 0.16):
            rung = (left * scale, wall_row(bar, scale), (left + 0.95) * scale, wall_row(bar, scale) + 0.05 * scale + 1)
            paint_rectangle(out, box=rung, colour=(0.55, 0.36, 0.18))
    return out


def _office(rng: np.random.Generator, scale: float) -> Texture:
    out = tinted(fractal(rng, WALL_SIZE, feature=80), rng.uniform(0.65, 0.9, 3), contrast=0.04)
    outside = foliage(rng, WALL_SIZE, colour=(0.6, 0.68, 0.6), feature=14)
    for left in np.arange(rng.uniform(0, 1.5), 12, rng.uniform(1.6, 2.4)):
        columns = slice(int(left * scale), int((left + 1.3) * scale))
        rows = slice(int(max(wall_row(2.3, scale), 0)), int(wall_row(0.95, scale)))
        out[rows, columns] = outside[rows, columns]
        for x in (left, left + 0.62, left + 1.26):
            paint_rectangle(out, box=(x * scale, rows.start, x * scale + 2, rows.stop), colour=(0.93, 0.93, 0.93))
    return out


def _garden(rng: np.random.Generator, scale: float) -> Texture:
    out = foliage(rng, WALL_SIZE, colour=(0.24, 0.4, 0.16), feature=0.5 * scale)
    paint_specks(rng, out, rows=(0, WALL_SIZE[0]), size=max(0.1 * scale, 2), density=0.03, palette=_BRIGHT)
    return out


def ground(
    colour: tuple[float, float, float], contrast: float, feature: float
) -> Callable[[np.random.Generator, float], Texture]:
    """A floor of earth, sand or grass: a painter of a tone with coarse grain and fine of `feature` metres."""

    def paint(rng: np.random.Generator, scale: float) -> Texture:
        tone = np.array(colour) * rng.uniform(0.85, 1.15)
        coarse = fractal(rng, FLOOR_SIZE, feature=40, octaves=3)
        return tinted(
            0.5 * coarse + fractal(rng, FLOOR_SIZE, feature=feature * scale, octaves=3), tone, contrast=contrast
        )

    return paint


def laid(
    colour: tuple[float, float, float], block: tuple[float, float], spread: float
) -> Callable[[np.random.Generator, float], Texture]:
    """A floor of tiles or planks: a painter of blocks of (height, width) metres, each of its own shade."""

    def paint(rng: np.random.Generator, scale: float) -> Texture:
        joint = np.array(colour) * 0.6
        tone = np.array(colour) * rng.uniform(0.85, 1.15)
        size = (block[0] * scale, block[1] * scale)
        return blocks(rng, FLOOR_SIZE, block=size, colour=tone, joint=joint, spread=spread)

    return paint


_GRASS = ground((0.3, 0.44, 0.17), 0.2, 0.12)
_SAND = ground((0.76, 0.67, 0.5), 0.08, 0.1)
_ASPHALT = ground((0.4, 0.4, 0.41), 0.1, 0.06)
_PATH = ground((0.55, 0.46, 0.35), 0.13, 0.1)
_WOOD = laid((0.6, 0.42, 0.24), (0.14, 1.2), 0.1)
_TILES = laid((0.7, 0.68, 0.64), (0.4, 0.4), 0.04)

PLACES: dict[str, Place] = {
    "theatre": Place((2.0, 5.0), _theatre, _WOOD, ambient=0.45),
    "cliff": Place((0.7, 1.6), _cliff, _PATH),
    "bar": Place((1.2, 3.0), _bar, _WOOD, ambient=0.5),
    "meadow": Place((14.0, 28.0), _meadow, _GRASS, fog=0.006),
    "stadium": Place((9.0, 18.0), _stadium, _GRASS, fog=0.004),
    "kitchen": Place((0.8, 2.0), _kitchen, _TILES),
    "gym": Place((2.5, 6.0), _gym, _WOOD),
    "park": Place((7.0, 14.0), _park, _PATH, fog=0.01),
    "street": Place((1.0, 4.0), _street, _ASPHALT),
    "beach": Place((18.0, 30.0), _beach, _SAND, fog=0.003),
    "office": Place((1.5, 4.0), _office, ground((0.42, 0.44, 0.5), 0.08, 0.05), ambient=0.6),
    "alley": Place((1.0, 3.5), _alley, _ASPHALT),
    "garden": Place((2.5, 6.0), _garden, _GRASS),
}
"""Every kind of scene by name."""

HOME_PLACES: dict[str, str] = {
    **{"clap": "theatre", "climb": "cliff", "drink": "bar", "jump": "meadow", "kick": "stadium", "pour": "kitchen"},
    **{"push": "gym", "run": "park", "smoke": "street", "wave": "beach"},
}
"""The scene in which photos of a class are most often taken."""


def build_scene(
    place: Place, rng: np.random.Generator, *, focal: float, distance: float, least_wall_distance: float = 0.0
) -> Scene:
    """Paint one scene of a kind for a camera `distance` metres before the figure, at about the picture's resolution."""
    behind = max(float(rng.uniform(*place.distance)), least_wall_distance)
    wall_scale = 1.1 * focal / (distance + behind)
    floor_scale = min(0.9 * focal / distance, 60.0)
    mood = (rng.uniform(0.8, 1.12) * (1 + rng.normal(0, 0.05, 3))).astype(np.float32)
    wall = cv2.GaussianBlur(place.wall(rng, wall_scale), (0, 0), 0.5)
    direction = np.array([rng.normal(0, 0.7), rng.uniform(0.5, 1.4), rng.uniform(0.2, 1.0)])
    return Scene(
        wall=blurred_levels(wall * mood, levels=3),
        floor=blurred_levels(place.floor(rng, floor_scale) * mood),
        wall_scale=wall_scale,
        floor_scale=floor_scale,
        wall_z=-behind,
        light=direction / np.linalg.norm(direction),
        ambient=float(np.clip(place.ambient + rng.normal(0, 0.06), 0.35, 0.7)),
        fog=place.fog * float(rng.uniform(0, 2)),
        fog_colour=np.array([0.8, 0.83, 0.87], np.float32),
    )
