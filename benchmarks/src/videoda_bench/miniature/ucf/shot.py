"""One photo or one video of an activity: who does it, where and with what, drawn from generators, then rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, UInt8

from videoda_bench.miniature.appearance import dress, sample_outfit
from videoda_bench.miniature.camera import Framing, film, sample_photo_framing, sample_video_framing
from videoda_bench.miniature.footage import FRAMES_PER_SECOND, Footage, exposures, photograph
from videoda_bench.miniature.primitives import Shape, instants
from videoda_bench.miniature.scenery import build_scene
from videoda_bench.miniature.sensor import sample_look
from videoda_bench.miniature.shot import moved, phases, shadows, sway, vary
from videoda_bench.miniature.skeleton import Body, Joints, forward_kinematics, sample_body
from videoda_bench.miniature.ucf.activities import Activity
from videoda_bench.miniature.ucf.places import UCF_PLACES
from videoda_bench.miniature.ucf.stage import Stage


@dataclass(frozen=True)
class _Performer:
    """Who does it and from where it is seen; the seeds decide clothes, things and manner each time alike."""

    body: Body
    mirrored: bool
    heading_deg: float
    manner: int
    clothes: int
    things: int

    @property
    def forward(self) -> Float[np.ndarray, "3"]:
        """Where it faces, along the floor."""
        heading = np.deg2rad(self.heading_deg)
        return np.array([np.sin(heading), 0.0, np.cos(heading)])


def _sample_performer(activity: Activity, rng: np.random.Generator) -> _Performer:
    framing = activity.framing
    heading = rng.choice(framing.headings) + rng.normal(0, framing.spread_deg)
    if rng.random() < framing.anywhere:
        heading = rng.uniform(-180, 180)
    manner, clothes, things = (int(seed) for seed in rng.integers(2**32, size=3))
    return _Performer(sample_body(rng), bool(rng.random() < 0.5), float(heading), manner, clothes, things)


def _framed(framing: Framing, activity: Activity, *, height: float) -> Framing:
    """A framing of a standing figure, made the activity's: closer or wider, aimed higher or lower."""
    middle = 0.53 * height
    view = activity.framing.view * framing.view_height
    aim = middle + activity.framing.raised + activity.height + activity.framing.view * (framing.aim[1] - middle)
    camera_height = float(np.clip(framing.camera_height, max(aim - 0.6 * view, 0.3), aim + 0.6 * view))
    return replace(
        framing, view_height=view, aim=(framing.aim[0] * activity.framing.view, aim), camera_height=camera_height
    )


def _shapes(
    activity: Activity,
    performer: _Performer,
    poses: Float[np.ndarray, "t fields"],
    *,
    phase: Float[np.ndarray, " t"],
    path: Float[np.ndarray, "t 3"],
    video: bool,
) -> tuple[Joints, list[Shape]]:
    """The dressed figure and its things over T instants."""
    joints = moved(
        forward_kinematics(poses, body=performer.body, mirrored=performer.mirrored, heading_deg=performer.heading_deg),
        path,
    )
    shapes = dress(joints, body=performer.body, outfit=sample_outfit(np.random.default_rng(performer.clothes)))
    for number, make in enumerate(activity.things):
        rng = np.random.default_rng(np.random.SeedSequence((performer.things, number)))
        shapes += make(Stage(joints, phase, path, performer.heading_deg, performer.mirrored, video, rng))
    return joints, shapes


def take_photo(
    activity: Activity, *, rng: np.random.Generator, image_size: tuple[int, int], home_share: float
) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """A still of an activity and its exact depth [m], at a random phase that leans towards the typical ones.

    With probability `home_share` it is taken at the first of the activity's places, else at any of them.
    """
    motion = activity.motion
    phase = rng.random()
    if rng.random() < 0.75:
        phase = rng.choice(motion.typical_phases) + rng.normal(0, 0.05)
    performer = _sample_performer(activity, rng)
    grid = np.append(np.arange(24) / 24, phase)
    poses = vary(motion.poses(grid), rng=np.random.default_rng(performer.manner))[-1:]
    path = np.array([[0.0, activity.height, 0.0]])
    joints, shapes = _shapes(
        activity, performer, sway(poses, np.zeros(1), rng), phase=grid[-1:], path=path, video=False
    )
    framing = sample_photo_framing(rng, height=performer.body.height, leg_driven=motion.leg_driven)
    framing = _framed(framing, activity, height=performer.body.height)
    aim = activity.framing.ahead * performer.forward[None]
    camera = film(framing, np.zeros(1), subject=aim, image_size=image_size, rng=rng)[0]
    place = activity.places[0] if rng.random() < home_share else str(rng.choice(activity.places))
    scene = build_scene(
        UCF_PLACES[place],
        rng,
        focal=camera.focal,
        distance=float(camera.eye[2]),
        least_wall_distance=activity.framing.room,
    )
    moment = instants(shapes, shadows=shadows(joints, scene))[0]
    look = sample_look(rng, video=False)
    return photograph(moment, camera=camera, scene=scene, look=look, image_size=image_size, rng=rng)


def plan_clip(
    activity: Activity,
    *,
    group: np.random.Generator,
    rng: np.random.Generator,
    image_size: tuple[int, int],
    num_frames: tuple[int, int],
) -> Footage:
    """A clip of num_frames (least, most) frames.

    `group` decides what all clips of a group share: the person, clothes and things, the place, the camera and its
    position; `rng` decides the rest.
    """
    motion = activity.motion
    performer = _sample_performer(activity, group)
    framing = sample_video_framing(group, height=performer.body.height, leg_driven=motion.leg_driven)
    framing = _framed(framing, activity, height=performer.body.height)
    place = UCF_PLACES[str(group.choice(activity.video_places or activity.places))]
    look = sample_look(group, video=True)

    performer = replace(performer, heading_deg=performer.heading_deg + float(rng.normal(0, 6.0)))
    times = exposures(int(rng.integers(num_frames[0], num_frames[1] + 1)), shutter=rng.uniform(0.15, 0.5))
    phase = phases(motion, times, rng)
    poses = sway(vary(motion.poses(phase), rng=np.random.default_rng(performer.manner)), times, rng)
    elapsed = (times - times.mean())[:, None]
    path = elapsed * rng.uniform(*motion.travel) * performer.forward
    path = path + elapsed * np.array([0.0, activity.rise, 0.0]) + np.array([0.0, activity.height, 0.0])
    joints, shapes = _shapes(activity, performer, poses, phase=phase, path=path, video=True)

    followed = path * np.array([rng.uniform(0.8, 1.02), 1.0, 1.0]) + activity.framing.ahead * performer.forward
    cameras = film(framing, times, subject=followed, image_size=image_size, rng=rng)
    longest = num_frames[1] / FRAMES_PER_SECOND
    scene = build_scene(
        place,
        group,
        focal=cameras[0].focal,
        distance=cameras[0].focal * framing.view_height / image_size[0],
        least_wall_distance=0.5 * longest * max(map(abs, motion.travel)) + max(activity.framing.room, 0.6),
    )
    moments = instants(shapes, shadows=shadows(joints, scene))
    return Footage(instants=moments, cameras=cameras, scene=scene, look=look, image_size=image_size, rng=rng)
