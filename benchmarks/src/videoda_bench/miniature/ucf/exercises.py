"""The movements of sports and exercises: one function per class from phase to pose, a cycle being one repetition."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.motions import Phases, Poses, cycle
from videoda_bench.miniature.skeleton import pose
from videoda_bench.miniature.ucf.poses import both, swing


def together(x: float, y: float, z: float, *, gap: float = 0.05) -> dict[str, float | int]:
    """Both hands on one grip at (x to the main side, y up, z forward) of the shoulders' middle, in arm lengths."""
    return {
        **{"hand_x": x - 0.35 + gap, "hand_y": y, "hand_z": z, "elbow": 0.2},
        **{"off_hand_x": -x - 0.35 + gap, "off_hand_y": y, "off_hand_z": z, "off_elbow": 0.2},
    }


def squat(phase: Phases) -> Poses:
    """Sit down deep with the arms stretched forward, and stand up."""
    up = pose(**both(foot_x=0.14, hand_y=-0.8, hand_z=0.4))
    half = pose(
        **both(hand_x=0.0, hand_y=0.0, hand_z=0.8, foot_x=0.16, foot_z=0.13),
        **{"root_y": -0.26, "root_z": -0.13, "bend": 26, "nod": -12},
    )
    down = pose(
        **both(hand_x=0.0, hand_y=0.35, hand_z=0.9, foot_x=0.18, foot_z=0.24),
        **{"root_y": -0.56, "root_z": -0.24, "bend": 44, "nod": -24},
    )
    return cycle(phase, [(0.0, up), (0.1, up), (0.32, half), (0.5, down), (0.62, down), (0.82, half)])


def punch_bag(phase: Phases) -> Poses:
    """Fists at the chin; one arm, then the other, shoots forward as the trunk turns."""
    guard = both(hand_x=-0.18, hand_y=0.0, hand_z=0.42, elbow=0.0, foot_x=0.1)
    stance = {**guard, "foot_z": -0.16, "off_foot_z": 0.16, "root_y": -0.06, "bend": 10}
    ready = pose(**stance)
    cross = pose(**{**stance, "hand_x": -0.3, "hand_y": 0.1, "hand_z": 0.97, "twist": -32, "root_z": 0.06})
    jab = pose(**{**stance, "off_hand_x": -0.3, "off_hand_y": 0.1, "off_hand_z": 0.97, "twist": 30, "root_z": 0.06})
    return cycle(phase, [(0.0, ready), (0.18, jab), (0.34, ready), (0.52, cross), (0.68, ready), (0.84, ready)])


def swing_club(phase: Phases) -> Poses:
    """Bent over the ball: both arms wind up to one side, swing down through, and finish high on the other."""
    stance = {"foot_x": 0.14, "off_foot_x": 0.14, "root_y": -0.05, "nod": 14}
    address = pose(**stance, **together(0.0, -0.72, 0.62), bend=34)
    back = pose(**stance, **together(0.62, -0.1, 0.6), bend=32, twist=42)
    top = pose(**stance, **together(0.62, 0.5, 0.3), bend=28, twist=62)
    through = pose(**stance, **together(-0.55, -0.25, 0.68), bend=24, twist=-34, toe=-20)
    finish = pose(**{**stance, "nod": 0}, **together(-0.55, 0.55, 0.2), bend=6, twist=-72, foot_y=0.04, toe=-45)
    keys = [(0.0, address), (0.12, address), (0.3, back), (0.42, top), (0.54, address), (0.62, through)]
    return cycle(phase, [*keys, (0.72, finish), (0.84, finish)])


def juggle(phase: Phases) -> Poses:
    """Forearms level in front, the hands scooping up in turn; the eyes follow the balls."""
    base = pose(**both(hand_x=0.06, hand_y=-0.56, hand_z=0.52, elbow=0.1), nod=-14)
    main = {"hand_y": (0.15, 1.0, 0.0), "hand_x": (0.09, 1.0, 0.25)}
    off = {"off_hand_y": (0.15, 1.0, 0.5), "off_hand_x": (0.09, 1.0, 0.75)}
    return swing(phase, base, **main, **off)


def jumping_jack(phase: Phases) -> Poses:
    """Hop between feet together, arms down, and feet apart, arms overhead."""
    closed = pose(foot_x=0.0, off_foot_x=0.0, hand_x=0.16, off_hand_x=0.16, root_y=-0.02)
    side = {"hand_x": 0.95, "hand_y": 0.1, "hand_z": 0.05, "elbow": 0.8}
    over = {"hand_x": 0.02, "hand_y": 0.96, "hand_z": 0.05, "elbow": 0.9}

    def spread(hands: dict[str, float | int], feet: float, lift: float) -> Float[np.ndarray, " fields"]:
        return pose(
            **both(**hands, foot_x=feet, foot_y=lift),
            root_y=lift - 0.25 * feet**2,
        )

    flight = spread(side, 0.25, 0.12)
    return cycle(phase, [(0.0, closed), (0.25, flight), (0.5, spread(over, 0.5, 0.0)), (0.75, flight)])


def skip_rope(phase: Phases) -> Poses:
    """Small hops on both feet, the hands turning at the hips."""
    base = pose(**both(hand_x=0.46, hand_y=-0.68, hand_z=0.3, elbow=0.1, foot_y=0.07), root_y=0.05)
    hops = dict.fromkeys(("foot_y", "off_foot_y", "root_y"), (0.08, 1.0, 0.5))
    tiptoe = dict.fromkeys(("toe", "off_toe"), (-12.0, 1.0, 0.5))
    turns = dict.fromkeys(("hand_y", "off_hand_y"), (0.05, 1.0, 0.0))
    turns |= dict.fromkeys(("hand_z", "off_hand_z"), (0.05, 1.0, 0.25))
    return swing(phase, base, **hops, **tiptoe, **turns)


def push_up(phase: Phases) -> Poses:
    """Face down on hands and toes, the straight body sinking to the floor and rising."""

    def plank(height: float, bend: float, arms: float) -> Float[np.ndarray, " fields"]:
        hands = both(hand_x=0.14 + 0.25 * (0.95 - arms), hand_y=-0.1, hand_z=arms, elbow=0.5)
        feet = both(foot_x=0.02, foot_z=-0.94, foot_y=0.03, toe=-75)
        return pose(**hands, **feet, root_y=height, bend=bend, nod=-30)

    high, low = plank(-0.58, 84, 0.95), plank(-0.84, 97, 0.36)
    middle = plank(-0.7, 91, 0.68)
    return cycle(phase, [(0.0, high), (0.1, high), (0.3, middle), (0.5, low), (0.6, low), (0.8, middle)])


def swing_racket(phase: Phases) -> Poses:
    """A forehand: the racket goes back at the side, sweeps forward and up across the body, and returns."""
    feet = {"foot_x": 0.12, "off_foot_x": 0.12, "foot_z": -0.2, "off_foot_z": 0.18, "root_y": -0.08}
    free = {"off_hand_x": 0.35, "off_hand_y": -0.3, "off_hand_z": 0.6, "off_elbow": 0.4}
    ready = pose(
        **feet, hand_x=-0.1, hand_y=-0.45, hand_z=0.6, off_hand_x=-0.1, off_hand_y=-0.45, off_hand_z=0.6, bend=14
    )
    back = pose(**feet, **free, hand_x=0.75, hand_y=-0.35, hand_z=-0.35, elbow=0.5, twist=38, bend=10)
    hit = pose(**feet, **free, hand_x=0.35, hand_y=-0.3, hand_z=0.82, elbow=0.4, twist=-8, bend=12, root_z=0.1)
    after = pose(
        **feet, **{**free, "off_hand_z": 0.3, "off_hand_y": -0.6}, hand_x=-0.62, hand_y=0.3, hand_z=0.55, twist=-42
    )
    return cycle(
        phase, [(0.0, ready), (0.16, ready), (0.38, back), (0.46, back), (0.56, hit), (0.68, after), (0.8, after)]
    )
