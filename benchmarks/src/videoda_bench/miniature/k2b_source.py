"""A source video of Kinetics → BABEL: a clothed person at a telling place, the action long, begun and ended anywhen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from videoda_bench.miniature.appearance import dress, sample_outfit
from videoda_bench.miniature.camera import Framing, film
from videoda_bench.miniature.footage import Footage, exposures
from videoda_bench.miniature.k2b_courses import perform
from videoda_bench.miniature.k2b_motions import K2B_MOTIONS, sample_heading
from videoda_bench.miniature.k2b_places import HOMES, KINETICS_PLACES
from videoda_bench.miniature.k2b_props import kinetics_props
from videoda_bench.miniature.primitives import instants
from videoda_bench.miniature.scenery import build_scene
from videoda_bench.miniature.sensor import sample_look
from videoda_bench.miniature.shot import moved, phases, shadows, sway, vary
from videoda_bench.miniature.skeleton import forward_kinematics, sample_body

SLOWNESS = (1.2, 2.0)
"""A cycle's duration as a multiple of the motion's own; in the target it is at most that."""
IDLE_SHARE = 0.2
"""The most of a video that passes before the action, and after it."""
RAMP_SECONDS = 0.4


def sample_source_framing(rng: np.random.Generator, *, height: float) -> Framing:
    """The whole figure from about eye level, the camera in the hand."""
    return Framing(
        view_height=height * float(rng.uniform(1.15, 1.45)),
        aim=(float(rng.normal(0, 0.12)), height * float(rng.uniform(0.52, 0.6))),
        camera_height=float(rng.uniform(0.9, 1.8)),
        focal_per_width=float(rng.uniform(1.0, 1.5)),
        roll_deg=float(rng.normal(0, 1.0)),
        shake_deg=float(rng.choice([0.05, 0.25])),
        pan_deg_per_second=0.0,
    )


def plan_source_video(
    action: str,
    *,
    kinetics_class: str,
    rng: np.random.Generator,
    image_size: tuple[int, int],
    num_frames: tuple[int, int],
    home_share: float,
) -> Footage:
    """A video of a class as one of its Kinetics classes shows it, of num_frames (least, most) frames.

    The action begins, goes on slowly for at least three fifths of the time, and ends; the camera is held by hand.
    With probability `home_share` the place is the Kinetics class's own, else any.
    """
    motion = K2B_MOTIONS[action]
    times = exposures(int(rng.integers(num_frames[0], num_frames[1] + 1)), shutter=rng.uniform(0.15, 0.5))
    low, high = motion.period_seconds
    slow = rng.uniform(*SLOWNESS)
    acted = vary(motion.poses(phases(replace(motion, period_seconds=(slow * low, slow * high)), times, rng)), rng=rng)
    start, stop = times[-1] * rng.uniform([0, 1 - IDLE_SHARE], [IDLE_SHARE, 1])
    performed, progress = perform(action, acted, times, start=start, stop=stop, ramp=RAMP_SECONDS, rng=rng)
    poses = sway(performed, times, rng)
    body, heading = sample_body(rng), sample_heading(action, rng)
    joints = forward_kinematics(poses, body=body, mirrored=bool(rng.random() < 0.5), heading_deg=heading)
    speed = rng.uniform(*motion.travel) * np.array([np.sin(np.deg2rad(heading)), 0.0, np.cos(np.deg2rad(heading))])
    path = np.cumsum(np.gradient(progress) * (stop - start))[:, None] * speed
    path -= path.mean(axis=0)
    followed = path * np.array([rng.uniform(0.8, 1.02), 1.0, 1.0])
    joints = moved(joints, path)
    framing = sample_source_framing(rng, height=body.height)
    cameras = film(framing, times, subject=followed, image_size=image_size, rng=rng)
    own = rng.random() < home_share
    place = HOMES[kinetics_class] if own else str(rng.choice(list(KINETICS_PLACES)))
    scene = build_scene(
        KINETICS_PLACES[place],
        rng,
        focal=cameras[0].focal,
        distance=cameras[0].focal * framing.view_height / image_size[0],
        least_wall_distance=float(np.abs(path[:, 2]).max()) + 0.6,
    )
    shapes = dress(joints, body=body, outfit=sample_outfit(rng))
    shapes += kinetics_props(joints, kinetics_class=kinetics_class, rng=rng)
    return Footage(
        instants=instants(shapes, shadows=shadows(joints, scene)),
        cameras=cameras,
        scene=scene,
        look=sample_look(rng, video=True),
        image_size=image_size,
        rng=rng,
    )
