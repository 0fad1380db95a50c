"""The twelve actions of Kinetics → BABEL as motions; several pass through the same poses.

A body bent over the floor may *bend*, *lift* or *clean*, deep knees *squat*, *lift* or *jump*, an arm thrown forward
*throw* or *punch*: what comes before and after tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from videoda_bench.miniature.motions import MOTIONS, Motion, Phases, Poses, cycle, swapped
from videoda_bench.miniature.skeleton import pose

_BENT = {**{"bend": 92, "root_z": -0.12, "nod": 8}, **dict.fromkeys(("hand_x", "off_hand_x"), 0.04)}


def both_hands(x: float, y: float, z: float, *, elbow: float = 0.3) -> dict[str, float]:
    """Both wrists at mirrored places."""
    return {
        **{"hand_x": x, "hand_y": y, "hand_z": z, "elbow": elbow},
        **{"off_hand_x": x, "off_hand_y": y, "off_hand_z": z, "off_elbow": elbow},
    }


def throw(phase: Phases) -> Poses:
    """An arm swings from far behind the head over the shoulder to the front, the body after it."""
    step = {"off_foot_z": 0.32, "foot_z": -0.25, "off_hand_x": 0.3, "off_hand_y": -0.25, "off_hand_z": 0.6}
    ready = pose(hand_x=0.05, hand_y=-0.3, hand_z=0.45)
    windup = pose(**step, hand_x=0.35, hand_y=0.42, hand_z=-0.6, elbow=0.9, bend=-16, twist=32, root_z=-0.1)
    release = pose(**step, hand_x=0.12, hand_y=0.72, hand_z=0.6, elbow=0.7, bend=14, twist=-12, root_z=0.1)
    follow = pose(
        **{**step, "off_hand_y": -0.6, "off_hand_z": -0.3},
        **{"hand_x": -0.28, "hand_y": -0.5, "hand_z": 0.7, "bend": 38, "twist": -34, "root_z": 0.2, "foot_y": 0.12},
    )
    return cycle(phase, [(0.0, ready), (0.3, windup), (0.48, release), (0.6, follow), (0.8, ready)])


def bend(phase: Phases) -> Poses:
    """The trunk folds forward until the hands reach the floor, and rises, the legs straight."""
    down = pose(**_BENT, hand_y=0.1, hand_z=0.93, off_hand_y=0.1, off_hand_z=0.93)
    half = pose(**{**_BENT, "bend": 48}, hand_y=-0.55, hand_z=0.7, off_hand_y=-0.55, off_hand_z=0.7)
    return cycle(phase, [(0.0, pose()), (0.22, half), (0.42, down), (0.62, down), (0.82, half)])


def dance(phase: Phases) -> Poses:
    """The weight goes from leg to leg, hips and arms swing to the sides, the trunk turns."""
    side = pose(
        **{"root_x": 0.16, "root_y": -0.05, "tilt": 13, "turn": 24, "head_tilt": -8},
        **{"off_foot_y": 0.14, "off_toe": -20},
        **{"hand_x": 0.55, "hand_y": 0.62, "hand_z": 0.25, "elbow": 0.9},
        **{"off_hand_x": 0.75, "off_hand_y": -0.3, "off_hand_z": 0.3, "off_elbow": 0.6},
        **{"foot_x": 0.16, "off_foot_x": 0.1},
    )
    middle = pose(**both_hands(0.05, 0.05, 0.6, elbow=0.7), root_y=-0.12, foot_x=0.12, off_foot_x=0.12)
    return cycle(phase, [(0.0, side), (0.25, middle), (0.5, swapped(side)), (0.75, middle)])


def clean(phase: Phases) -> Poses:
    """Both hands sweep something low before the body from side to side, the trunk bent and turning with them."""
    sweep = pose(
        **{"bend": 42, "twist": 44, "nod": 14, "root_x": 0.1, "foot_z": -0.12, "off_foot_z": 0.15},
        **{"hand_x": 0.2, "hand_y": -0.55, "hand_z": 0.72, "foot_x": 0.12, "off_foot_x": 0.12},
        **{"off_hand_x": -0.4, "off_hand_y": -0.35, "off_hand_z": 0.72},
    )
    reach = pose(**both_hands(-0.1, -0.4, 0.82), bend=46, nod=10, foot_z=-0.12, off_foot_z=0.15)
    other = swapped(sweep)
    return cycle(
        phase, [(0.0, sweep), (0.25, reach), (0.5, other), (0.75, pose(**both_hands(-0.1, -0.6, 0.5), bend=30))]
    )


def squat(phase: Phases) -> Poses:
    """Hips sink behind bent knees and rise, the arms stretched forward for balance."""
    wide = {"foot_x": 0.16, "off_foot_x": 0.16}
    deep = pose(**wide, **both_hands(0.05, 0.28, 0.92), root_y=-0.5, root_z=-0.2, bend=34, nod=-16)
    half = pose(**wide, **both_hands(0.05, -0.1, 0.9), root_y=-0.2, root_z=-0.08, bend=16, nod=-8)
    up = pose(**wide, **both_hands(0.08, -0.6, 0.5))
    return cycle(phase, [(0.0, up), (0.22, half), (0.42, deep), (0.58, deep), (0.8, half)])


def punch(phase: Phases) -> Poses:
    """From a guard before the chin one fist shoots forward, then the other."""
    guard = {
        **both_hands(-0.2, -0.02, 0.42, elbow=0.2),
        "foot_z": -0.22,
        "off_foot_z": 0.22,
        "root_y": -0.07,
        "bend": 6,
    }
    jab = {"bend": 14, "root_z": 0.08, "root_y": -0.1}
    right = pose(**{**guard, **jab, "hand_x": -0.1, "hand_y": 0.06, "hand_z": 0.99, "elbow": 0.7, "twist": -34})
    left = pose(
        **{**guard, **jab, "off_hand_x": -0.1, "off_hand_y": 0.06, "off_hand_z": 0.99, "off_elbow": 0.7, "twist": 34}
    )
    keys = [(0.0, right), (0.2, pose(**guard)), (0.42, pose(**guard)), (0.5, left), (0.7, pose(**guard))]
    return cycle(phase, [*keys, (0.92, pose(**guard))])


def crawl(phase: Phases) -> Poses:
    """On hands and knees; a hand and the opposite knee go forward in turn."""
    prone = {"root_y": -0.56, "bend": 84, "nod": -48, "toe": -140, "off_toe": -140}
    stride = pose(
        **prone,
        **{"hand_x": 0.02, "hand_y": 0.42, "hand_z": 0.86, "off_hand_x": 0.02, "off_hand_y": -0.2, "off_hand_z": 0.93},
        **{"foot_z": -0.72, "off_foot_z": -0.36, "elbow": 0.2, "off_elbow": 0.2, "twist": -6},
    )
    lifted = pose(
        **prone,
        **{"hand_x": 0.02, "hand_y": 0.12, "hand_z": 0.93, "off_hand_x": 0.04, "off_hand_y": 0.15, "off_hand_z": 0.78},
        **{"foot_z": -0.5, "off_foot_z": -0.56, "foot_y": 0.06, "elbow": 0.2, "off_elbow": 0.5},
    )
    return cycle(phase, [(0.0, stride), (0.25, lifted), (0.5, swapped(stride)), (0.75, swapped(lifted))])


def lift(phase: Phases) -> Poses:
    """Hands grip something at the floor, the body rises with it, the arms raise it before the chest and back."""
    grip = pose(**both_hands(0.12, -0.34, 0.86), root_y=-0.3, root_z=-0.16, bend=64, nod=-20)
    thighs = pose(**both_hands(0.1, -0.92, 0.26))
    raised = pose(**both_hands(0.1, 0.12, 0.9, elbow=0.5), bend=-8, nod=-4)
    keys = [(0.0, grip), (0.1, grip), (0.32, thighs), (0.52, raised), (0.62, raised), (0.82, thighs)]
    return cycle(phase, keys)


@dataclass(frozen=True)
class K2bMotion(Motion):
    """An action of this world: is it seen from the side rather than the front."""

    sideways: bool = True


def _known(action: str, *, sideways: bool = True) -> K2bMotion:
    return K2bMotion(**vars(MOTIONS[action]), sideways=sideways)


K2B_MOTIONS: dict[str, K2bMotion] = {
    "jump": _known("jump"),
    "run": _known("run"),
    "throw": K2bMotion(throw, (1.2, 1.6), (0.48,), leg_driven=True),
    "kick": _known("kick"),
    "bend": K2bMotion(bend, (1.5, 2.1), (0.5,), leg_driven=True),
    "dance": K2bMotion(dance, (0.9, 1.3), (0.0, 0.5), sideways=False, leg_driven=True),
    "clean": K2bMotion(clean, (1.0, 1.4), (0.0, 0.5), sideways=False, leg_driven=True),
    "squat": K2bMotion(squat, (1.2, 1.7), (0.5,), leg_driven=True),
    "punch": K2bMotion(punch, (0.8, 1.1), (0.0, 0.5), leg_driven=True),
    "crawl": K2bMotion(crawl, (1.0, 1.4), (0.0, 0.5), travel=(0.4, 0.7), leg_driven=True),
    "clap": _known("clap", sideways=False),
    "lift": K2bMotion(lift, (1.7, 2.3), (0.05, 0.57), leg_driven=True),
}
"""Every class in label order."""


def sample_heading(action: str, rng: np.random.Generator) -> float:
    """View angle [degrees]: 0 faces the camera, ±90 is seen from the side; one time in ten any angle at all."""
    if rng.random() < 0.1:
        return float(rng.uniform(-180, 180))
    if K2B_MOTIONS[action].sideways and rng.random() < 0.75:
        return float(rng.choice([-65, 65]) + rng.normal(0, 22))
    return float(rng.normal(0, 28))
