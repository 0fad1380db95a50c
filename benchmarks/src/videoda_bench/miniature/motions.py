"""The actions: one function per class from phase to pose, built around poses that two classes share.

A photo taken in a shared pose fits both classes of its pair; only how the body gets there and leaves it tells them
apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.skeleton import FIELD, pose

Poses = Float[np.ndarray, "t fields"]
Phases = Float[np.ndarray, "t"]
Key = tuple[float, Float[np.ndarray, " fields"]]

HANDS_IN_FRONT = {
    **{"hand_x": -0.02, "hand_y": -0.16, "hand_z": 0.55, "elbow": 0.25},
    **{"off_hand_x": -0.02, "off_hand_y": -0.16, "off_hand_z": 0.55, "off_elbow": 0.25},
}
HAND_AT_MOUTH = {"hand_x": -0.24, "hand_y": 0.13, "hand_z": 0.4, "elbow": 0.35}
CUP_AT_CHEST = {"hand_x": -0.08, "hand_y": -0.3, "hand_z": 0.55, "elbow": 0.15}
ARM_RAISED = {"hand_x": 0.2, "hand_y": 0.88, "hand_z": 0.16, "elbow": 0.8}
ARMS_RAISED = {**ARM_RAISED, "off_hand_x": 0.2, "off_hand_y": 0.88, "off_hand_z": 0.16, "off_elbow": 0.8}
STRIDE = {
    **{"foot_z": 0.42, "foot_y": 0.14, "toe": 12, "off_foot_z": -0.3, "off_foot_y": 0.06, "off_toe": -25, "bend": 6},
    **{"hand_x": 0.15, "hand_y": -0.7, "hand_z": -0.35, "off_hand_x": 0.0, "off_hand_y": -0.5, "off_hand_z": 0.5},
}

SHARED_POSES: dict[str, tuple[str, str]] = {
    "both hands in front of the chest": ("clap", "push"),
    "hand at the mouth": ("drink", "smoke"),
    "cup in front of the chest": ("drink", "pour"),
    "one arm raised": ("climb", "wave"),
    "both arms raised": ("climb", "jump"),
    "one leg forward": ("kick", "run"),
}
"""Poses through which the motions of two classes both pass, for about half of their time."""


def cycle(phase: Phases, keys: list[Key]) -> Poses:
    """Periodic Catmull-Rom curve through (time in [0, 1), pose) keys."""
    times = np.array([time for time, _ in keys])
    poses = np.stack([vector for _, vector in keys])
    count = len(keys)
    wrapped = np.mod(phase, 1.0)
    k = np.searchsorted(times, wrapped, side="right") - 1
    span = np.append(times[1:], times[0] + 1.0) - times
    slope = (np.roll(poses, -1, axis=0) - np.roll(poses, 1, axis=0)) / (span + np.roll(span, 1))[:, None]
    following = (k + 1) % count
    u = np.mod(wrapped - times[k], 1.0)[:, None] / span[k][:, None]
    width = span[k][:, None]
    return (
        (2 * u**3 - 3 * u**2 + 1) * poses[k]
        + (u**3 - 2 * u**2 + u) * width * slope[k]
        + (3 * u**2 - 2 * u**3) * poses[following]
        + (u**3 - u**2) * width * slope[following]
    )


def swapped(vector: Float[np.ndarray, " fields"]) -> Float[np.ndarray, " fields"]:
    """The same pose with main and off side exchanged."""
    out = vector.copy()
    for name, column in FIELD.items():
        if f"off_{name}" in FIELD:
            other = FIELD[f"off_{name}"]
            out[column], out[other] = vector[other], vector[column]
        elif name in ("root_x", "turn", "tilt", "twist", "head_turn", "head_tilt"):
            out[column] = -vector[column]
    return out


def clap(phase: Phases) -> Poses:
    """Hands meet and part sideways in front of the chest, fast."""
    apart = pose(**{**HANDS_IN_FRONT, "hand_x": 0.12, "off_hand_x": 0.12})
    together = pose(**{**HANDS_IN_FRONT, "hand_x": -0.36, "off_hand_x": -0.36, "nod": 4})
    return cycle(phase, [(0.0, apart), (0.2, pose(**HANDS_IN_FRONT)), (0.45, together), (0.7, pose(**HANDS_IN_FRONT))])


def climb(phase: Phases) -> Poses:
    """Arms and opposite legs reach up and pull down in turn; the body rises and sinks back."""
    reach = pose(
        **{**ARM_RAISED, "off_hand_x": 0.25, "off_hand_y": -0.1, "off_hand_z": 0.45, "off_elbow": 0.4},
        **{"foot_y": 0.08, "off_foot_y": 0.42, "off_foot_z": 0.28, "off_foot_x": 0.2, "tilt": -6, "nod": -14},
        root_y=-0.02,
    )
    hang = pose(**ARMS_RAISED, foot_y=0.24, off_foot_y=0.24, foot_z=0.16, off_foot_z=0.16, nod=-18, root_y=0.03)
    return cycle(phase, [(0.0, reach), (0.25, hang), (0.5, swapped(reach)), (0.75, hang)])


def drink(phase: Phases) -> Poses:
    """A hand carries a cup from the chest up to the mouth; the head and the trunk lean back."""
    chest = pose(**CUP_AT_CHEST, nod=6)
    mouth = pose(**HAND_AT_MOUTH, bend=-2)
    tipped = pose(**{**HAND_AT_MOUTH, "hand_y": 0.27, "hand_z": 0.36, "elbow": 0.75, "nod": -24, "bend": -11})
    return cycle(phase, [(0.0, chest), (0.14, chest), (0.36, mouth), (0.58, tipped), (0.8, mouth)])


def jump(phase: Phases) -> Poses:
    """Crouch with the arms back, spring with the arms thrown up, land."""
    crouch = pose(
        **{"root_y": -0.3, "bend": 32, "hand_z": -0.55, "hand_y": -0.7, "off_hand_z": -0.55, "off_hand_y": -0.7},
        nod=-12,
    )
    spring = pose(**ARMS_RAISED, root_y=0.16, foot_y=0.1, off_foot_y=0.1, toe=-40, off_toe=-40, nod=-8)
    flight = pose(
        **ARMS_RAISED,
        **{"root_y": 0.42, "foot_y": 0.62, "off_foot_y": 0.62, "foot_z": -0.1, "off_foot_z": -0.1, "toe": -35},
        off_toe=-35,
    )
    stand = pose(root_y=-0.03, hand_y=-0.7, off_hand_y=-0.7, hand_z=0.45, off_hand_z=0.45)
    return cycle(phase, [(0.0, crouch), (0.25, spring), (0.42, flight), (0.58, spring), (0.8, stand)])


def kick(phase: Phases) -> Poses:
    """One leg swings back and then far forward and up; the other stands."""
    ready = pose(**{**STRIDE, "foot_z": 0.1, "foot_y": 0.0, "off_foot_z": -0.08, "off_foot_y": 0.0}, root_z=-0.05)
    windup = pose(
        **{"foot_z": -0.5, "foot_y": 0.32, "toe": -50, "bend": 10, "twist": -14, "hand_x": 0.5, "hand_y": -0.6},
        **{"hand_z": 0.3, "off_hand_x": 0.5, "off_hand_y": -0.5, "off_hand_z": -0.3},
    )
    strike = pose(
        **{"foot_z": 0.82, "foot_y": 0.55, "toe": 5, "bend": -16, "twist": 12, "hand_x": 0.45, "hand_y": -0.6},
        **{"hand_z": -0.4, "off_hand_x": 0.3, "off_hand_y": -0.3, "off_hand_z": 0.6, "off_toe": -8},
    )
    return cycle(phase, [(0.0, ready), (0.2, windup), (0.4, strike), (0.52, strike), (0.7, pose(**STRIDE))])


def pour(phase: Phases) -> Poses:
    """One hand lifts and tips a bottle over the other hand's glass, low in front, then sets it down."""
    glass = {"off_hand_x": -0.12, "off_hand_y": -0.55, "off_hand_z": 0.5, "off_elbow": 0.1}
    low = pose(**glass, hand_x=0.2, hand_y=-0.72, hand_z=0.48, bend=14, nod=22)
    chest = pose(**glass, **CUP_AT_CHEST, bend=6, nod=16)
    tipped = pose(**glass, hand_x=-0.12, hand_y=-0.12, hand_z=0.62, elbow=0.95, bend=7, tilt=-6, nod=22)
    return cycle(phase, [(0.0, low), (0.2, chest), (0.42, tipped), (0.64, tipped), (0.84, chest)])


def push(phase: Phases) -> Poses:
    """Both arms stretch forward at chest height while the whole body lunges after them."""
    load = pose(**{**HANDS_IN_FRONT, "hand_z": 0.36, "off_hand_z": 0.36}, root_z=-0.12, bend=-4, foot_z=0.1)
    front = pose(**HANDS_IN_FRONT, foot_z=0.14, off_foot_z=-0.14, bend=4)
    thrust = pose(
        **{"hand_x": -0.06, "hand_y": 0.05, "hand_z": 0.98, "off_hand_x": -0.06, "off_hand_y": 0.05},
        **{"off_hand_z": 0.98, "root_z": 0.3, "root_y": -0.12, "bend": 30, "nod": -18, "foot_z": 0.22},
        **{"off_foot_z": -0.55, "off_foot_y": 0.05, "off_toe": -25},
    )
    return cycle(phase, [(0.0, load), (0.24, front), (0.44, thrust), (0.56, thrust), (0.78, front)])


def run(phase: Phases) -> Poses:
    """Legs and arms swing in opposition, left and right in turn; the heels rise behind."""
    stride = pose(**STRIDE)
    airborne = {"root_y": 0.03, "bend": 10}
    passing = pose(
        **airborne,
        **{"foot_z": -0.05, "off_foot_z": -0.2, "off_foot_y": 0.42, "off_toe": -50, "hand_y": -0.6, "hand_z": 0.15},
        **{"off_hand_y": -0.6, "off_hand_z": 0.15},
    )
    return cycle(phase, [(0.0, stride), (0.25, passing), (0.5, swapped(stride)), (0.75, swapped(passing))])


def smoke(phase: Phases) -> Poses:
    """A hand sweeps from the mouth outward and down to the side and back, the elbow staying low."""
    mouth = pose(**HAND_AT_MOUTH, nod=2)
    away = pose(hand_x=0.62, hand_y=-0.42, hand_z=0.36, elbow=0.0, head_turn=-12, nod=-6, tilt=3)
    low = pose(hand_x=0.5, hand_y=-0.78, hand_z=0.2, elbow=0.0, head_turn=-14, nod=-8, tilt=4)
    return cycle(phase, [(0.0, mouth), (0.3, mouth), (0.5, away), (0.68, low), (0.84, away)])


def wave(phase: Phases) -> Poses:
    """A raised hand swings from side to side above the head."""
    inward = pose(**{**ARM_RAISED, "hand_x": -0.22, "hand_y": 0.8, "tilt": 2})
    outward = pose(**{**ARM_RAISED, "hand_x": 0.66, "hand_y": 0.6, "tilt": -2})
    return cycle(phase, [(0.0, pose(**ARM_RAISED)), (0.25, outward), (0.5, pose(**ARM_RAISED)), (0.75, inward)])


@dataclass(frozen=True)
class Motion:
    """An action: its pose function, cycle length [s], typical phases, travel speed [m/s] and whether legs drive it."""

    poses: Callable[[Phases], Poses]
    period_seconds: tuple[float, float]
    typical_phases: tuple[float, ...]
    travel: tuple[float, float] = (0.0, 0.0)
    leg_driven: bool = False


MOTIONS: dict[str, Motion] = {
    "clap": Motion(clap, (0.38, 0.6), (0.45,)),
    "climb": Motion(climb, (1.3, 1.9), (0.0, 0.5), leg_driven=True),
    "drink": Motion(drink, (1.5, 2.2), (0.58,)),
    "jump": Motion(jump, (0.95, 1.3), (0.42, 0.0), leg_driven=True),
    "kick": Motion(kick, (1.0, 1.4), (0.45,), leg_driven=True),
    "pour": Motion(pour, (1.6, 2.3), (0.53,)),
    "push": Motion(push, (1.1, 1.6), (0.5,)),
    "run": Motion(run, (0.62, 0.85), (0.25, 0.75), travel=(1.2, 2.6), leg_driven=True),
    "smoke": Motion(smoke, (1.1, 1.6), (0.15, 0.6)),
    "wave": Motion(wave, (0.6, 0.95), (0.25, 0.75)),
}
"""The classes there are motions for, in the label order of the real task; a world takes eight of them by default."""
