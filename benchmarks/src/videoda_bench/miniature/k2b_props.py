"""What Kinetics people hold or stand by: balls, a mop, a barbell, a punching bag. Nobody in BABEL has any of it."""

from __future__ import annotations

import numpy as np

from videoda_bench.miniature.primitives import Shape, Skin, box, cone, ellipsoid
from videoda_bench.miniature.props import Maker, draw_props
from videoda_bench.miniature.skeleton import Joints

_BLACK, _STEEL = Skin((0.06, 0.06, 0.07)), Skin((0.62, 0.63, 0.66))


def _skin(rng: np.random.Generator) -> Skin:
    red, green, blue = (float(value) for value in rng.uniform(0.2, 0.95, 3))
    return Skin((red, green, blue))


def _held_ball(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    hand = joints.arm.tip
    axes = np.broadcast_to(np.eye(3), (len(hand), 3, 3))
    return [ellipsoid(hand, axes=axes, half=(0.07, 0.07, 0.07), skin=_skin(rng))]


def _javelin(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    forward = joints.torso_axes[..., 2] + np.array([0.0, 0.25, 0.0])
    half = 0.75 * forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    return [cone(joints.arm.tip - half, joints.arm.tip + half, radii=(0.016, 0.016), skin=_skin(rng))]


def _ball_on_floor(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    forward = joints.pelvis_axes[0, :, 2] * np.array([1.0, 0.0, 1.0])
    spot = joints.pelvis.mean(axis=0) * np.array([1.0, 0.0, 1.0]) + rng.uniform(0.5, 1.0) * forward
    centre = np.broadcast_to(spot + np.array([0.0, 0.11, 0.0]), joints.pelvis.shape)
    axes = np.broadcast_to(np.eye(3), (len(centre), 3, 3))
    return [ellipsoid(centre, axes=axes, half=(0.11, 0.11, 0.11), skin=_skin(rng))]


def _mop(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    """A stick through both hands down to the floor, and its broad end."""
    hands = 0.5 * (joints.arm.tip + joints.off_arm.tip)
    forward = joints.torso_axes[..., 2] * np.array([1.0, 0.0, 1.0])
    forward = forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-6)
    foot = hands + 0.55 * forward
    foot[:, 1] = 0.04
    away = hands - foot
    top = hands + 0.45 * away / np.linalg.norm(away, axis=-1, keepdims=True)
    up = np.broadcast_to(np.array([0.0, 1.0, 0.0]), forward.shape)
    axes = np.stack([np.cross(up, forward), up, forward], axis=-1)
    return [
        cone(foot, top, radii=(0.016, 0.016), skin=_skin(rng)),
        box(foot, axes=axes, half=(0.2, 0.03, 0.07), skin=_skin(rng)),
    ]


def _barbell(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    centre = 0.5 * (joints.arm.tip + joints.off_arm.tip)
    side = joints.pelvis_axes[..., 0]
    radius = float(rng.uniform(0.12, 0.22))
    shapes = [cone(centre - 0.7 * side, centre + 0.7 * side, radii=(0.016, 0.016), skin=_STEEL)]
    for sign in (-1, 1):
        plate = centre + 0.58 * sign * side
        shapes.append(ellipsoid(plate, axes=joints.pelvis_axes, half=(0.035, radius, radius), skin=_BLACK))
    return shapes


def _punching_bag(joints: Joints, rng: np.random.Generator) -> list[Shape]:
    forward = joints.pelvis_axes[0, :, 2] * np.array([1.0, 0.0, 1.0])
    spot = joints.pelvis.mean(axis=0) * np.array([1.0, 0.0, 1.0]) + 0.85 * forward
    count = len(joints.pelvis)
    line = [np.broadcast_to(spot + np.array([0.0, height, 0.0]), (count, 3)) for height in (0.75, 1.6)]
    chain = np.broadcast_to(spot + np.array([0.0, 3.0, 0.0]), (count, 3))
    skin = _skin(rng) if rng.random() < 0.4 else _BLACK
    return [cone(*line, radii=(0.17, 0.17), skin=skin), cone(line[1], chain, radii=(0.015, 0.015), skin=_STEEL)]


KINETICS_PROPS: dict[str, tuple[Maker, float]] = {
    **{"throwing_ball": (_held_ball, 0.8), "javelin_throw": (_javelin, 0.8), "drop_kicking": (_ball_on_floor, 0.3)},
    **{"kicking_soccer_ball": (_ball_on_floor, 0.8), "kicking_field_goal": (_ball_on_floor, 0.6)},
    **{"cleaning_pool": (_mop, 0.8), "cleaning_floor": (_mop, 0.8)},
    **{"punching_bag": (_punching_bag, 0.9), "deadlifting": (_barbell, 0.9)},
    **{"front_raises": (_barbell, 0.6), "squat": (_barbell, 0.15)},
}
"""The thing seen with a Kinetics class, and how often."""


def kinetics_props(joints: Joints, *, kinetics_class: str, rng: np.random.Generator) -> list[Shape]:
    """What is in one video of a Kinetics class besides the figure, as shapes over time."""
    thing = KINETICS_PROPS.get(kinetics_class)
    return draw_props(joints, [thing] if thing else [], rng=rng)
