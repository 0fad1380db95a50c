"""Motions that no class of a benchmark has: cycles through random poses, for pretraining."""

from __future__ import annotations

import numpy as np

from videoda_bench.miniature.motions import Motion, cycle, swapped
from videoda_bench.miniature.skeleton import pose

ARMS = ("one", "mirrored", "alternating", "each its own", "at rest")
LEGS = ("stand", "step", "bounce", "stand", "swing")


def random_motion(index: int, *, seed: int) -> Motion:
    """Return pretraining class `index`: which limbs move follows from the index, everything else from the seed."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, index)))
    arms, legs = ARMS[index % len(ARMS)], LEGS[index // len(ARMS) % len(LEGS)]
    trunk_moves = rng.random() < 0.4
    keys = []
    for k in range(int(rng.integers(2, 5))):
        fields = {**_arm_fields(arms, rng), **_leg_fields(legs, k, rng)}
        if trunk_moves:
            fields |= {"bend": rng.uniform(-15, 60), "tilt": rng.uniform(-20, 20), "twist": rng.uniform(-35, 35)}
        keys.append(pose(**fields))
    if arms == "alternating":
        keys += [swapped(key) for key in keys]
    timed = [(k / len(keys), key) for k, key in enumerate(keys)]
    period = rng.uniform(0.45, 1.8)
    travels = legs == "step" and rng.random() < 0.5
    return Motion(
        lambda phase: cycle(phase, timed),
        period_seconds=(0.8 * period, 1.25 * period),
        typical_phases=(0.0,),
        travel=(0.8, 2.2) if travels else (0.0, 0.0),
        leg_driven=legs != "stand",
    )


def _hand(rng: np.random.Generator, prefix: str = "") -> dict[str, float]:
    """A wrist anywhere within reach, mostly in front of the body."""
    while True:
        x, y, z = rng.uniform([-0.4, -0.95, -0.35], [0.9, 0.95, 0.95])
        if 0.35 < np.linalg.norm([x, y, z]) < 1:
            return {
                f"{prefix}hand_x": x,
                f"{prefix}hand_y": y,
                f"{prefix}hand_z": z,
                f"{prefix}elbow": rng.uniform(0, 0.9),
            }


def _arm_fields(arms: str, rng: np.random.Generator) -> dict[str, float]:
    if arms == "at rest":
        return {}
    main = _hand(rng)
    if arms == "mirrored":
        return {**main, **{f"off_{name}": value for name, value in main.items()}}
    return {**main, **_hand(rng, "off_")} if arms == "each its own" else main


def _leg_fields(legs: str, key: int, rng: np.random.Generator) -> dict[str, float]:
    if legs == "step":
        lift, other_lift = rng.uniform(0, 0.2), rng.uniform(0, 0.2)
        return {
            "foot_z": rng.uniform(-0.5, 0.5),
            "off_foot_z": rng.uniform(-0.5, 0.5),
            "foot_y": lift * (key % 2),
            "off_foot_y": other_lift * ((key + 1) % 2),
        }
    if legs == "bounce":
        return {"root_y": rng.uniform(-0.35, 0.2)}
    if legs == "swing":
        return {"foot_z": rng.uniform(-0.6, 0.85), "foot_y": rng.uniform(0, 0.6), "foot_x": rng.uniform(0, 0.5)}
    return {}
