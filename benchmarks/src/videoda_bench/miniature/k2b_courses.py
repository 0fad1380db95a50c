"""How each action of Kinetics → BABEL begins and ends: each in its own way, so that the order tells the action.

A thrower holds with both hands before and is bent over the fallen arm after; a lifter grips at the floor and ends with
the weight overhead. Standing with raised arms is the end of one action and the beginning of another.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.k2b_motions import both_hands
from videoda_bench.miniature.motions import Poses
from videoda_bench.miniature.shot import feet_on_floor, vary
from videoda_bench.miniature.skeleton import pose

_KNEELING = {"root_y": -0.56, "toe": -140, "off_toe": -140, "foot_z": -0.3, "off_foot_z": -0.3}
_WIDE = {"foot_x": 0.16, "off_foot_x": 0.16}
_RAISED = both_hands(0.2, 0.88, 0.16, elbow=0.8)
_ON_HIPS = both_hands(0.02, -0.42, 0.3, elbow=0.9)
_FALLEN_ARM = {"hand_x": -0.28, "hand_y": -0.75, "hand_z": 0.45, "bend": 40, "twist": -30, "root_z": 0.15}
_STEP = {"foot_z": 0.5, "off_foot_z": -0.3, "off_toe": -20, "root_z": 0.15, "root_y": -0.16}
_FOREHEAD = {"hand_x": -0.15, "hand_y": 0.32, "hand_z": 0.42, "elbow": 0.8}

COURSES: dict[str, tuple[Float[np.ndarray, " fields"], Float[np.ndarray, " fields"]]] = {
    "jump": (
        pose(root_y=-0.3, bend=34, nod=-14, **both_hands(0.1, -0.7, -0.55)),
        pose(root_y=-0.26, bend=22, **both_hands(0.05, -0.1, 0.85)),
    ),
    "run": (
        pose(root_y=-0.2, bend=46, nod=-26, foot_z=0.25, off_foot_z=-0.5, off_toe=-35, **both_hands(0.0, -0.8, 0.4)),
        pose(bend=-8, nod=-14, **_ON_HIPS),
    ),
    "throw": (
        pose(twist=14, **both_hands(-0.24, -0.1, 0.42)),
        pose(**_FALLEN_ARM, foot_z=-0.3, foot_y=0.18, toe=-40, off_foot_z=0.3),
    ),
    "kick": (
        pose(bend=-6, foot_z=-0.4, toe=-30, root_z=-0.1, **both_hands(0.6, -0.45, 0.1)),
        pose(**_STEP, bend=14, **both_hands(0.5, -0.5, -0.3)),
    ),
    "bend": (pose(bend=-10, nod=-12, **_RAISED), pose(bend=-16, nod=-10, **both_hands(-0.05, -0.55, -0.35))),
    "dance": (
        pose(bend=30, nod=20, foot_z=0.15, off_foot_z=-0.15, **both_hands(-0.3, -0.5, 0.3)),
        pose(**_WIDE, tilt=10, nod=-8, **both_hands(0.8, 0.4, 0.1, elbow=0.8)),
    ),
    "clean": (
        pose(tilt=10, **both_hands(0.05, -0.85, 0.3)),
        pose(**_FOREHEAD, nod=6, off_hand_x=0.02, off_hand_y=-0.42, off_hand_z=0.3, off_elbow=0.9),
    ),
    "squat": (
        pose(**_WIDE, **both_hands(-0.1, 0.45, 0.0, elbow=1.0)),
        pose(**_WIDE, root_y=-0.14, root_z=-0.1, bend=42, nod=18, **both_hands(0.02, -0.72, 0.5)),
    ),
    "punch": (
        pose(foot_z=-0.22, off_foot_z=0.22, nod=12, **both_hands(-0.3, -0.05, 0.35)),
        pose(nod=-10, **_RAISED),
    ),
    "crawl": (
        pose(**_KNEELING, **both_hands(0.02, -0.9, 0.15)),
        pose(**{**_KNEELING, "root_y": -0.66, "root_z": -0.2, "bend": 26}, **both_hands(0.05, -0.6, 0.5)),
    ),
    "clap": (pose(**_ON_HIPS), pose(bend=18, nod=22, **both_hands(-0.38, 0.0, 0.4))),
    "lift": (
        pose(root_y=-0.3, root_z=-0.16, bend=64, nod=-20, **both_hands(0.12, -0.34, 0.86)),
        pose(foot_z=0.2, off_foot_z=-0.2, **both_hands(0.1, 0.98, 0.1, elbow=0.8)),
    ),
}
"""The poses before and after each action."""


DRIFT = 0.4
"""How far an action's poses go over from its beginning to its end while it lasts, in shares of their difference."""


def smooth_step(values: Float[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    """0 below 0, 1 above 1, a smooth cubic between."""
    inside = np.clip(values, 0.0, 1.0)
    return inside * inside * (3 - 2 * inside)


def perform(
    action: str,
    acted: Poses,
    times: Float[np.ndarray, " t"],
    *,
    start: float,
    stop: float,
    ramp: float,
    rng: np.random.Generator,
) -> tuple[Poses, Float[np.ndarray, " t"]]:
    """An action as it goes: from its beginning through the poses of `acted`, drifting with them, to its end.

    Returns the poses and how much of the action has passed, from 0 to 1; `ramp` [s] leads into it from `start` [s] on
    and out of it until `stop` [s].
    """
    progress = np.clip((times - start) / (stop - start), 0.0, 1.0)
    before, after = vary(np.stack(COURSES[action]), rng=rng)
    acting = acted + DRIFT * (progress[:, None] - 0.5) * (after - before)
    begun = smooth_step((times - start) / ramp)[:, None]
    ended = smooth_step((times - stop) / ramp + 1)[:, None]
    poses = (1 - begun) * before + begun * ((1 - ended) * acting + ended * after)
    return feet_on_floor(poses), progress
