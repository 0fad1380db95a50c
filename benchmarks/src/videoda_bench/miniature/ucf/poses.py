"""The movements of work, music and riding: one function per class from phase to pose, a cycle being one repetition."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.motions import Phases, Poses, cycle, swapped
from videoda_bench.miniature.skeleton import FIELD, pose

Wave = tuple[float | int, float | int, float | int]
"""Amplitude, cycles per phase, and where in its cycle the sine starts."""

CRANK_RADIUS = 0.2
"""Of a bicycle's pedals, in leg lengths."""


def swing(phase: Phases, base: Float[np.ndarray, " fields"], **waves: Wave) -> Poses:
    """A base pose with sine waves added to some fields."""
    poses = np.repeat(base[None], len(phase), axis=0)
    for name, (amplitude, cycles, start) in waves.items():
        poses[:, FIELD[name]] += amplitude * np.sin(2 * np.pi * (cycles * phase + start))
    return poses


def both(**fields: float | int) -> dict[str, float | int]:
    """The same values for the main and the off side."""
    return {**fields, **{f"off_{name}": value for name, value in fields.items()}}


def write_on_board(phase: Phases) -> Poses:
    """The main hand draws small strokes at head height, from one side to the other; the body follows."""
    base = pose(hand_x=0.05, hand_y=0.35, hand_z=0.72, elbow=0.45, nod=-6, foot_z=0.05, off_foot_z=-0.08)
    return swing(
        phase,
        base,
        hand_x=(0.26, 1, 0),
        hand_y=(0.13, 7, 0),
        hand_z=(0.02, 7, 0.2),
        root_x=(0.06, 1, 0),
        tilt=(3, 1, 0),
    )


def walk(phase: Phases) -> Poses:
    """Short steps; the main hand holds a leash in front, the other arm swings."""
    leash = {"hand_x": 0.1, "hand_y": -0.66, "hand_z": 0.5, "elbow": 0.1}
    step = pose(
        **leash,
        **{"foot_z": 0.3, "toe": 10, "off_foot_z": -0.3, "off_foot_y": 0.05, "off_toe": -22, "bend": 3},
        **{"off_hand_y": -0.86, "off_hand_z": 0.38},
    )
    passing = pose(**leash, off_foot_z=-0.05, off_foot_y=0.14, off_toe=-25, off_hand_y=-0.94, bend=3, root_y=0.02)
    back = swapped(step)
    back_passing = swapped(passing)
    for name, value in {
        **leash,
        "off_hand_x": 0.16,
        "off_hand_y": -0.86,
        "off_hand_z": -0.35,
        "off_elbow": 0.3,
    }.items():
        back[FIELD[name]] = back_passing[FIELD[name]] = value
    back_passing[FIELD["off_hand_z"]] = 0.0
    return cycle(phase, [(0.0, step), (0.25, passing), (0.5, back), (0.75, back_passing)])


def brush_teeth(phase: Phases) -> Poses:
    """A hand at the mouth moves to and fro, fast; the head gives a little."""
    base = pose(hand_x=-0.1, hand_y=0.06, hand_z=0.5, elbow=0.2, nod=3, off_hand_y=-0.7, off_hand_z=0.4)
    return swing(phase, base, hand_x=(0.07, 1, 0), hand_y=(0.02, 1, 0.3), head_turn=(2.5, 1, 0.5))


def mop(phase: Phases) -> Poses:
    """Bent forward, both hands on the stick, the lower one sweeping from side to side."""
    base = pose(
        **{"hand_x": 0.0, "hand_y": -0.85, "hand_z": 0.4, "elbow": 0.2, "off_hand_x": -0.15, "off_hand_y": -0.35},
        **{
            "off_hand_z": 0.5,
            "off_elbow": 0.5,
            "bend": 30,
            "nod": 18,
            "foot_z": 0.15,
            "off_foot_z": -0.2,
            "foot_x": 0.12,
        },
    )
    return swing(
        phase,
        base,
        **{"hand_x": (0.24, 1, 0), "hand_z": (0.12, 1, 0.25), "off_hand_x": (0.1, 1, 0.5), "twist": (16, 1, 0)},
        bend=(5, 1, 0.25),
    )


def draw_bow(phase: Phases) -> Poses:
    """Side on to the target: the off arm holds the bow out, the other hand draws to the chin, holds, lets go."""
    bow = {"off_hand_x": 0.97, "off_hand_y": 0.1, "off_hand_z": 0.15, "off_elbow": 0.6, "head_turn": -62, "tilt": 1}
    feet = both(foot_x=0.12)
    nocked = pose(**bow, **feet, hand_x=-0.95, hand_y=0.12, hand_z=0.42, elbow=0.9)
    half = pose(**bow, **feet, hand_x=-0.6, hand_y=0.2, hand_z=0.3, elbow=1.0)
    drawn = pose(**bow, **feet, hand_x=-0.16, hand_y=0.2, hand_z=0.24, elbow=1.0)
    loosed = pose(**bow, **feet, hand_x=0.12, hand_y=0.22, hand_z=0.1, elbow=1.0)
    low = pose(**{**bow, "off_hand_y": -0.35, "off_hand_z": 0.4, "head_turn": -30}, **feet, hand_y=-0.7, hand_z=0.5)
    return cycle(phase, [(0.0, nocked), (0.2, half), (0.35, drawn), (0.55, drawn), (0.62, loosed), (0.8, low)])


def row(phase: Phases) -> Poses:
    """Sitting low with the feet ahead: slide forward with the arms out, then drive back and pull."""
    seat = {"root_y": -0.58, **both(foot_y=0.3, foot_x=0.02, toe=40)}

    def stroke(slide: float, reach: float, bend: float) -> Float[np.ndarray, " fields"]:
        hands = {"hand_x": 0.12, "hand_y": -0.38, "hand_z": reach, "elbow": 0.4}
        return pose(
            **seat,
            **both(**hands),
            **{"root_z": slide, "foot_z": 0.84 - slide, "off_foot_z": 0.84 - slide, "bend": bend, "nod": -0.4 * bend},
        )

    catch, drive, finish = stroke(0.36, 0.92, 32), stroke(0.08, 0.9, 8), stroke(0.0, 0.3, -16)
    return cycle(phase, [(0.0, catch), (0.28, drive), (0.5, finish), (0.75, stroke(0.12, 0.8, 14))])


def cut(phase: Phases) -> Poses:
    """Looking down at a board: one hand holds, the other chops fast and wanders."""
    base = pose(
        **{"hand_x": -0.16, "hand_y": -0.6, "hand_z": 0.62, "elbow": 0.3, "off_hand_x": -0.12, "off_hand_y": -0.68},
        **{"off_hand_z": 0.6, "off_elbow": 0.3, "bend": 12, "nod": 26},
    )
    return swing(phase, base, hand_y=(0.1, 1, 0), hand_z=(0.06, 1, 0.25), off_hand_x=(0.03, 1, 0.4), nod=(2, 1, 0))


def ride_horse(phase: Phases) -> Poses:
    """Astride, knees bent, hands at the reins; the trunk rises and rocks with each bound."""
    hands = both(hand_x=-0.12, hand_y=-0.5, hand_z=0.58, elbow=0.2)
    base = pose(**hands, **both(foot_x=0.34, foot_y=0.72, foot_z=0.16, toe=10), root_y=0.59, bend=8)
    return swing(phase, base, root_y=(0.06, 1, 0), bend=(9, 1, 0.4), hand_z=(0.08, 1, 0.3), off_hand_z=(0.08, 1, 0.3))


def ride_bicycle(phase: Phases) -> Poses:
    """Leaning on the bars, the feet going round half a turn apart."""
    hands = both(hand_x=0.06, hand_y=-0.5, hand_z=0.82, elbow=0.3)
    base = pose(**hands, **both(foot_x=0.02, foot_y=0.24, foot_z=0.26), root_y=0.02, bend=36, nod=-26)
    return swing(
        phase,
        base,
        **{"foot_y": (-CRANK_RADIUS, 1, 0), "off_foot_y": (-CRANK_RADIUS, 1, 0.5), "toe": (14, 1, 0.1)},
        **{"foot_z": (CRANK_RADIUS, 1, 0.25), "off_foot_z": (CRANK_RADIUS, 1, 0.75), "off_toe": (14, 1, 0.6)},
        tilt=(2.5, 1, 0.25),
    )


def play_guitar(phase: Phases) -> Poses:
    """The main hand strums down and up across the body; the other moves along the neck."""
    base = pose(
        **{"hand_x": -0.3, "hand_y": -0.58, "hand_z": 0.46, "elbow": 0.7, "off_hand_x": 0.62, "off_hand_y": -0.38},
        **{"off_hand_z": 0.52, "off_elbow": 0.1, "nod": 14, "head_turn": -22},
    )
    return swing(
        phase,
        base,
        hand_y=(0.15, 1, 0),
        hand_x=(0.05, 1, 0.1),
        off_hand_x=(0.1, 0.25, 0),
        nod=(4, 0.5, 0),
        tilt=(2, 0.5, 0),
    )


def play_violin(phase: Phases) -> Poses:
    """The chin on the violin, the off arm holding it out; the bow hand draws out sideways and back."""
    base = pose(
        **{"hand_x": 0.22, "hand_y": -0.08, "hand_z": 0.68, "elbow": 0.75, "off_hand_x": 0.42, "off_hand_y": 0.1},
        **{"off_hand_z": 0.74, "off_elbow": 0.0, "head_turn": -38, "head_tilt": -14, "nod": 12},
    )
    return swing(
        phase,
        base,
        hand_x=(0.36, 1, 0),
        hand_y=(-0.15, 1, 0),
        hand_z=(-0.12, 1, 0),
        twist=(5, 1, 0),
        tilt=(2.5, 0.5, 0),
    )
