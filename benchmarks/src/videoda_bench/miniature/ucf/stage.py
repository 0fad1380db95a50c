"""Where things stand, hang or ride along beside a figure, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.primitives import Colour, Shape, Skin, box, cone, ellipsoid
from videoda_bench.miniature.skeleton import Joints, rotation

Points = Float[np.ndarray, "t 3"]
Coordinate = Float[np.ndarray, " t"] | float
UP = np.array([0.0, 1.0, 0.0])


def unit(vectors: Points) -> Points:
    """Vectors of length 1 along the given ones."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


@dataclass(frozen=True)
class Stage:
    """A figure over T instants and all that a maker of things needs to know about it.

    Local coordinates [m] are the figure's: x to its main side, y up, z forward, the origin on the floor under where it
    stands. `video` chooses between the two domains' looks of a thing; `rng` decides the rest.
    """

    joints: Joints
    phases: Float[np.ndarray, " t"]
    path: Points
    heading_deg: float
    mirrored: bool
    video: bool
    rng: np.random.Generator

    @property
    def turn(self) -> Float[np.ndarray, "3 3"]:
        """Columns: the directions of an unmirrored figure's x, y and z in the world."""
        return rotation("y", self.heading_deg)

    @property
    def axes(self) -> Float[np.ndarray, "t 3 3"]:
        """`turn` at every instant."""
        return np.broadcast_to(self.turn, (len(self.path), 3, 3))

    def tilted(self, axis: str, degrees: Coordinate) -> Float[np.ndarray, "t 3 3"]:
        """Local axes turned about one of themselves."""
        return self.axes @ rotation(axis, degrees)

    def along(self, x: Coordinate, y: Coordinate, z: Coordinate) -> Points:
        """A direction or offset in the world."""
        local = np.broadcast_arrays(-np.asarray(x) if self.mirrored else x, y, z, np.zeros(len(self.path)))[:3]
        return np.stack(local, axis=-1) @ self.turn.T

    def riding(self, x: Coordinate, y: Coordinate, z: Coordinate) -> Points:
        """A point that goes along with the figure."""
        return self.path + self.along(x, y, z)

    def fixed(self, x: Coordinate, y: Coordinate, z: Coordinate) -> Points:
        """A point that stays where it is by the middle of the figure's path, y counted from the floor."""
        return self.path.mean(axis=0) * np.array([1.0, 0.0, 1.0]) + self.along(x, y, z)

    def look(self, *, photo: Sequence[Colour], video: Sequence[Colour]) -> Skin:
        """A colour of the domain's palette, a little lighter or darker."""
        palette = video if self.video else photo
        red, green, blue = palette[int(self.rng.integers(len(palette)))]
        shade = float(self.rng.uniform(0.85, 1.12))
        return Skin((shade * red, shade * green, shade * blue))

    def size(self, *, photo: tuple[float, float], video: tuple[float, float]) -> float:
        """A length from the domain's range."""
        return float(self.rng.uniform(*(video if self.video else photo)))

    def solid(self, centre: Points, half: tuple[float, float, float], skin: Skin) -> Shape:
        """A box along the local axes."""
        return box(centre, axes=self.axes, half=half, skin=skin)

    def ball(self, centre: Points, radius: float, skin: Skin) -> Shape:
        """A sphere."""
        return ellipsoid(centre, axes=self.axes, half=(radius, radius, radius), skin=skin)


def darker(skin: Skin, factor: float) -> Skin:
    """A plain surface of the same colour, its light times `factor`."""
    red, green, blue = skin.colour
    return Skin((factor * red, factor * green, factor * blue))


def rod(start: Points, end: Points, radius: float, skin: Skin) -> Shape:
    """A bar of one thickness."""
    return cone(start, end, radii=(radius, radius), skin=skin)


def chain(points: Sequence[Points], radius: float, skin: Skin) -> list[Shape]:
    """Bars from each point to the next: a rope, a bent tube."""
    return [rod(start, end, radius, skin) for start, end in pairwise(points)]


def ring(
    centre: Points, first: Points, second: Points, *, radius: float, thickness: float, skin: Skin, segments: int = 12
) -> list[Shape]:
    """A closed ring in the plane of two unit vectors."""
    angles = 2 * np.pi * np.arange(segments + 1) / segments
    points = [centre + radius * (np.cos(angle) * first + np.sin(angle) * second) for angle in angles]
    return chain(points, thickness, skin)


def facing(along: Points, towards: Points) -> Float[np.ndarray, "t 3 3"]:
    """Axes whose y is `along` and whose z is as near to `towards` as that allows."""
    y = unit(along)
    z = unit(towards - np.sum(towards * y, axis=-1, keepdims=True) * y)
    return np.stack([np.cross(y, z), y, z], axis=-1)
