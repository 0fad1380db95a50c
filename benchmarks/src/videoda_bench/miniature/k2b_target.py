"""A target sequence of Kinetics → BABEL: a bare mannequin acts quickly, one action after another, before one camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from videoda_bench.miniature.appearance import Outfit, dress
from videoda_bench.miniature.camera import Framing, film
from videoda_bench.miniature.footage import FRAMES_PER_SECOND, Footage, exposures
from videoda_bench.miniature.k2b_courses import perform, smooth_step
from videoda_bench.miniature.k2b_motions import K2B_MOTIONS, sample_heading
from videoda_bench.miniature.k2b_places import bare_stage
from videoda_bench.miniature.primitives import Skin, instants
from videoda_bench.miniature.sensor import Look
from videoda_bench.miniature.shot import moved, shadows, sway, vary
from videoda_bench.miniature.skeleton import FIELD, forward_kinematics, pose, sample_body

CYCLES = (1.0, 1.6)
"""Cycles in a stretch, as far as its number of frames allows."""
QUICKNESS = (0.75, 1.0)
"""A cycle's duration as a part of the motion's own."""
GAP_FRAMES = (8, 24)
RAMP_FRAMES = 6
"""From an action's beginning into it, and from it to its end."""
STARTS_AT_ONCE = 0.3
"""The part of the sequences whose first stretch has offset 0, as in the published split."""
_CLEAN = Look(gain=1.0, gamma=1.0, cast=(1.0, 1.0, 1.0), saturation=1.0, vignette=0.0, defocus=0.0, noise=0.004)
_CAMERA = Framing(2.5, (0.0, 0.98), 1.3, focal_per_width=1.2, roll_deg=0.0, shake_deg=0.0, pan_deg_per_second=0.0)


@dataclass(frozen=True)
class Stretch:
    """A labelled part of a sequence: its class, first frame (from 0) and number of frames."""

    action: str
    offset: int
    num_frames: int


def mannequin() -> Outfit:
    """A matt skin, limbs and their ends a little darker, neither clothes nor hair nor face."""
    trunk, limb, end = Skin((0.5, 0.54, 0.62)), Skin((0.34, 0.38, 0.48)), Skin((0.2, 0.23, 0.3))
    return Outfit(
        **dict.fromkeys(("shirt", "trousers"), trunk),
        **dict.fromkeys(("sleeve", "cuff", "shin"), limb),
        **dict.fromkeys(("face", "shoes", "hair"), end),
        bare=end.colour,
        long_hair=False,
        skirt=False,
        loose=1.0,
    )


def _lay_out(
    actions: Sequence[str], periods: Sequence[float], rng: np.random.Generator, num_frames: tuple[int, int]
) -> tuple[list[Stretch], int]:
    """Where each action's stretch is, and the number of frames of the whole sequence."""

    def gap() -> int:
        return int(rng.integers(GAP_FRAMES[0], GAP_FRAMES[1] + 1))

    stretches = []
    offset = 0 if rng.random() < STARTS_AT_ONCE else gap()
    for action, period in zip(actions, periods, strict=True):
        wanted = round(rng.uniform(*CYCLES) * period * FRAMES_PER_SECOND)
        least = int(rng.integers(num_frames[0], (num_frames[0] + num_frames[1]) // 2 + 1))
        length = min(max(wanted, least), num_frames[1])
        stretches.append(Stretch(action, offset, length))
        offset += length + gap()
    return stretches, offset


def plan_target_sequence(
    actions: Sequence[str], *, rng: np.random.Generator, image_size: tuple[int, int], num_frames: tuple[int, int]
) -> tuple[Footage, list[Stretch]]:
    """A sequence of some actions with pauses between, each stretch of num_frames (least, most) frames."""
    motions = [K2B_MOTIONS[action] for action in actions]
    periods = [rng.uniform(*motion.period_seconds) * rng.uniform(*QUICKNESS) for motion in motions]
    stretches, count = _lay_out(actions, periods, rng, num_frames)
    times = exposures(count, shutter=0.2)
    mirrored = bool(rng.random() < 0.5)
    poses = np.broadcast_to(pose(), (len(times), len(FIELD))).copy()
    knots, places, headings = [], [], []
    for motion, period, stretch in zip(motions, periods, stretches, strict=True):
        start, stop = (frame / FRAMES_PER_SECOND for frame in (stretch.offset, stretch.offset + stretch.num_frames))
        acted = vary(motion.poses(rng.random() + (times - start) / period), rng=rng)
        performed, _ = perform(
            stretch.action, acted, times, start=start, stop=stop, ramp=RAMP_FRAMES / FRAMES_PER_SECOND, rng=rng
        )
        passing = GAP_FRAMES[0] / FRAMES_PER_SECOND
        here = smooth_step((times - start) / passing + 1) * smooth_step((stop - times) / passing + 1)
        if stretch.offset == 0:
            here[times < stop] = 1.0
        poses += here[:, None] * (performed - pose())
        heading = sample_heading(stretch.action, rng)
        angle = np.deg2rad(-heading if mirrored else heading)
        half = 0.25 * rng.uniform(*motion.travel) * (stop - start) * np.array([np.sin(angle), 0.0, np.cos(angle)])
        knots += [start, stop]
        places += [-half, half]
        headings += [heading, heading]
    poses[:, FIELD["turn"]] += np.interp(times, knots, headings)
    body = sample_body(rng)
    joints = forward_kinematics(sway(poses, times, rng), body=body, mirrored=mirrored)
    joints = moved(joints, _walk(times, knots, places))
    cameras = film(_CAMERA, times, subject=np.zeros((len(times), 3)), image_size=image_size, rng=rng)
    scene = bare_stage(rng, distance=6.0)
    footage = Footage(
        instants=instants(dress(joints, body=body, outfit=mannequin()), shadows=shadows(joints, scene)),
        cameras=cameras,
        scene=scene,
        look=_CLEAN,
        image_size=image_size,
        rng=rng,
    )
    return footage, stretches


def _walk(
    times: Float[np.ndarray, " t"], knots: Sequence[float], places: Sequence[Float[np.ndarray, "3"]]
) -> Float[np.ndarray, "t 3"]:
    """The way over the floor through places at some times, straight between them."""
    return np.stack([np.interp(times, knots, [place[axis] for place in places]) for axis in range(3)], axis=-1)
