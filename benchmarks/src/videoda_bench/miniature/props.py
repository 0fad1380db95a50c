"""Things that people hold or stand by: cup, bottle, cigarette, ball, crate, ladder, table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.primitives import Colour, Shape, Skin, box, cone, ellipsoid
from videoda_bench.miniature.skeleton import Joints, Limb, rotation

Maker = Callable[[Joints, np.random.Generator], list[Shape]]


def _colour(rng: np.random.Generator, low: float = 0.2, high: float = 0.95) -> Colour:
    red, green, blue = rng.uniform(low, high, 3)
    return float(red), float(green), float(blue)


def _grip(limb: Limb) -> tuple[Float[np.ndarray, "t 3"], Float[np.ndarray, "t 3"]]:
    """Where a hand holds a thing, and the direction across the forearm that is nearest to up."""
    along = limb.tip - limb.end
    along = along / np.linalg.norm(along, axis=-1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0]) - along[:, 1:2] * along
    return limb.end + 0.09 * along, up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-6)


def _cup(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    centre, up = _grip(joints.arm)
    return [cone(centre - 0.03 * up, centre + 0.07 * up, radii=(0.035, 0.042), skin=Skin(_colour(rng, 0.4)))]


def _bottle(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    centre, up = _grip(joints.arm)
    colour = _colour(rng, 0.1, 0.6)
    return [
        cone(centre - 0.1 * up, centre + 0.06 * up, radii=(0.038, 0.036), skin=Skin(colour)),
        cone(centre + 0.06 * up, centre + 0.16 * up, radii=(0.026, 0.014), skin=Skin(colour)),
    ]


def _glass(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    centre, up = _grip(joints.off_arm)
    return [cone(centre - 0.03 * up, centre + 0.06 * up, radii=(0.03, 0.04), skin=Skin((0.75, 0.82, 0.86)))]


def _cigarette(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    centre, up = _grip(joints.arm)
    tip = centre + 0.06 * up + 0.05 * joints.torso_axes[..., 2]
    return [cone(centre, tip, radii=(0.011, 0.011), skin=Skin((0.95, 0.93, 0.88)))]


def _ball(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    count = len(joints.pelvis)
    forward = joints.pelvis_axes[0, :, 2] * np.array([1.0, 0.0, 1.0])
    spot = joints.pelvis.mean(axis=0) * np.array([1.0, 0.0, 1.0]) + rng.uniform(0.6, 1.1) * forward
    centre = np.broadcast_to(spot + np.array([0.0, 0.11, 0.0]), (count, 3))
    axes = np.broadcast_to(np.eye(3), (count, 3, 3))
    return [ellipsoid(centre, axes=axes, half=(0.11, 0.11, 0.11), skin=Skin(_colour(rng, 0.5)))]


def _crate(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    forward = joints.torso_axes[..., 2] * np.array([1.0, 0.0, 1.0])
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    hands = 0.5 * (joints.arm.tip + joints.off_arm.tip)
    half = float(rng.uniform(0.3, 0.45))
    centre = hands + half * forward
    centre[:, 1] = 0.6
    right = np.cross(np.broadcast_to(np.array([0.0, 1.0, 0.0]), forward.shape), forward)
    axes = np.stack([right, np.broadcast_to(np.array([0.0, 1.0, 0.0]), forward.shape), forward], axis=-1)
    return [box(centre, axes=axes, half=(half, 0.6, half), skin=Skin(_colour(rng, 0.25, 0.7)))]


def _ladder(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    count = len(joints.pelvis)
    axes = joints.pelvis_axes[0]
    forward = axes[:, 2] * np.array([1.0, 0.0, 1.0])
    forward = forward / np.linalg.norm(forward)
    right = np.cross(np.array([0.0, 1.0, 0.0]), forward)
    foot = joints.pelvis.mean(axis=0) * np.array([1.0, 0.0, 1.0]) + 0.36 * forward
    skin = Skin(_colour(rng, 0.3, 0.75))

    def beam(start: Float[np.ndarray, "3"], end: Float[np.ndarray, "3"], radius: float) -> Shape:
        line = np.broadcast_to(start, (count, 3)), np.broadcast_to(end, (count, 3))
        return cone(*line, radii=(radius, radius), skin=skin)

    tall = np.array([0.0, 3.2, 0.0])
    beams = [beam(foot + side * 0.24 * right, foot + side * 0.24 * right + tall, 0.028) for side in (-1, 1)]
    for height in np.arange(0.3, 3.1, 0.32):
        level = foot + np.array([0.0, height, 0.0])
        beams.append(beam(level - 0.24 * right, level + 0.24 * right, 0.02))
    return beams


def _table(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    count = len(joints.pelvis)
    forward = joints.pelvis_axes[0, :, 2]
    heading = float(np.rad2deg(np.arctan2(forward[0], forward[2])))
    direction = rotation("y", heading)
    centre = joints.pelvis.mean(axis=0) * np.array([1.0, 0.0, 1.0]) + direction @ np.array([0.0, 0.76, 0.62])
    skin = Skin(_colour(rng, 0.2, 0.75))
    axes = np.broadcast_to(direction, (count, 3, 3))
    shapes = [box(np.broadcast_to(centre, (count, 3)), axes=axes, half=(0.62, 0.025, 0.32), skin=skin)]
    for x, z in ((-0.56, -0.27), (0.56, -0.27), (-0.56, 0.27), (0.56, 0.27)):
        top = np.broadcast_to(centre + direction @ np.array([x, 0.0, z]), (count, 3))
        shapes.append(cone(top, top - np.array([0.0, 0.74, 0.0]), radii=(0.025, 0.025), skin=skin))
    return shapes


_MAKERS: dict[str, Maker] = {
    **{"cup": _cup, "bottle": _bottle, "glass": _glass, "cigarette": _cigarette},
    **{"ball": _ball, "crate": _crate, "ladder": _ladder, "table": _table},
}

CLASS_PROPS: dict[str, tuple[tuple[str, float], ...]] = {
    **{"clap": (), "climb": (("ladder", 0.45),), "drink": (("cup", 0.7), ("table", 0.2)), "jump": ()},
    **{"kick": (("ball", 0.5),), "pour": (("bottle", 0.6), ("glass", 0.6), ("table", 0.4))},
    **{"push": (("crate", 0.35),), "run": (("ball", 0.1),), "smoke": (("cigarette", 0.7), ("cup", 0.1))},
    "wave": (("ladder", 0.05),),
}
"""Things seen with each class and how often in photos; in videos nine times in ten of that."""


def sample_props(joints: Joints, *, action: str, often: float, rng: np.random.Generator) -> list[Shape]:
    """The things in one shot of a class, as shapes over time; `often` scales their probabilities."""
    return draw_props(joints, [(_MAKERS[name], often * likely) for name, likely in CLASS_PROPS[action]], rng=rng)


def draw_props(joints: Joints, likely: Sequence[tuple[Maker, float]], *, rng: np.random.Generator) -> list[Shape]:
    """Those of some things that happen to be there, as shapes over time; each has its probability."""
    shapes: list[Shape] = []
    for make, probability in likely:
        present = rng.random() < probability
        seed = int(rng.integers(2**32))
        if present:
            shapes += make(joints, np.random.default_rng(seed))
    return shapes
