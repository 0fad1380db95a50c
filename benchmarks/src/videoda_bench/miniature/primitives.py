"""Solid shapes as arrays: what the ray caster draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

CONE, ELLIPSOID, BOX = 0, 1, 2
PLAIN, STRIPES, PLAID, SPLIT, HEAD = 0, 1, 2, 3, 4

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Skin:
    """Surface of a shape: RGB colours in [0, 1], a pattern that mixes in the second, and the pattern's number."""

    colour: Colour
    second: Colour = (0.0, 0.0, 0.0)
    pattern: int = PLAIN
    amount: float = 0.0

    def row(self) -> list[float]:
        """The eight numbers that the ray caster reads."""
        return [*self.colour, *self.second, float(self.pattern), self.amount]


@dataclass(frozen=True)
class Shape:
    """One shape over T instants: its kind, its numbers (T, 15) and its skin."""

    kind: int
    numbers: Float[np.ndarray, "t 15"]
    skin: Skin


@dataclass(frozen=True)
class Primitives:
    """All shapes of one instant, and floor shadows as rows (x, z, radius [m], darkness)."""

    kinds: Int64[np.ndarray, " n"]
    shapes: Float[np.ndarray, "n 15"]
    skins: Float[np.ndarray, "n 8"]
    shadows: Float[np.ndarray, "k 4"]


def cone(
    start: Float[np.ndarray, "t 3"], end: Float[np.ndarray, "t 3"], *, radii: tuple[float, float], skin: Skin
) -> Shape:
    """A rounded cone: the hull of a sphere at `start` and one at `end`."""
    numbers = np.zeros((len(start), 15))
    numbers[:, 0:3], numbers[:, 3], numbers[:, 4:7], numbers[:, 7] = start, radii[0], end, radii[1]
    return Shape(CONE, numbers, skin)


def _solid(
    kind: int,
    centre: Float[np.ndarray, "t 3"],
    axes: Float[np.ndarray, "t 3 3"],
    half: tuple[float, float, float],
    skin: Skin,
) -> Shape:
    numbers = np.zeros((len(centre), 15))
    numbers[:, 0:3], numbers[:, 3:6] = centre, half
    numbers[:, 6:15] = np.swapaxes(axes, -1, -2).reshape(-1, 9)
    return Shape(kind, numbers, skin)


def ellipsoid(
    centre: Float[np.ndarray, "t 3"],
    *,
    axes: Float[np.ndarray, "t 3 3"],
    half: tuple[float, float, float],
    skin: Skin,
) -> Shape:
    """An ellipsoid with half sizes [m] along the columns of `axes`."""
    return _solid(ELLIPSOID, centre, axes, half, skin)


def box(
    centre: Float[np.ndarray, "t 3"],
    *,
    axes: Float[np.ndarray, "t 3 3"],
    half: tuple[float, float, float],
    skin: Skin,
) -> Shape:
    """A box with half sizes [m] along the columns of `axes`."""
    return _solid(BOX, centre, axes, half, skin)


def instants(shapes: Sequence[Shape], *, shadows: Float[np.ndarray, "t k 4"]) -> list[Primitives]:
    """The shapes regrouped by instant, ready to render."""
    kinds = np.array([shape.kind for shape in shapes], dtype=np.int64)
    skins = np.array([shape.skin.row() for shape in shapes], dtype=np.float64).reshape(-1, 8)
    numbers = np.stack([shape.numbers for shape in shapes], axis=1) if shapes else np.zeros((len(shadows), 0, 15))
    return [
        Primitives(kinds, np.ascontiguousarray(numbers[t]), skins, np.ascontiguousarray(shadows[t]))
        for t in range(len(shadows))
    ]
