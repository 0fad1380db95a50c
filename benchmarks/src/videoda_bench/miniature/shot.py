"""One photo or one video of one action: everything about it drawn from a generator, then rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from videoda_bench.miniature.appearance import dress, sample_outfit
from videoda_bench.miniature.camera import Camera, film, sample_photo_framing, sample_video_framing, smooth_noise
from videoda_bench.miniature.footage import Footage, exposures, photograph
from videoda_bench.miniature.motions import MOTIONS, Motion
from videoda_bench.miniature.primitives import instants
from videoda_bench.miniature.props import sample_props
from videoda_bench.miniature.scenery import HOME_PLACES, PLACES, Scene, build_scene
from videoda_bench.miniature.sensor import sample_look
from videoda_bench.miniature.skeleton import FIELD, POSE_FIELDS, Joints, forward_kinematics, pose, sample_body

_OFFSETS = {
    **dict.fromkeys(("hand_x", "hand_y", "hand_z", "off_hand_x", "off_hand_y", "off_hand_z"), 0.045),
    **dict.fromkeys(("elbow", "off_elbow"), 0.12),
    **dict.fromkeys(("bend", "twist", "nod"), 4.0),
    **{"tilt": 2.0, "head_turn": 12.0, "head_tilt": 3.0, "foot_z": 0.03, "off_foot_z": 0.03},
}
_SWAY = {**dict.fromkeys(("bend", "tilt"), 1.2), **dict.fromkeys(("twist", "nod", "head_turn"), 3.0), "root_x": 0.01}


@dataclass(frozen=True)
class Video:
    """A video about to be filmed: iterate `frames()` once; the rest describes it as HMDB51's file names do."""

    num_frames: int
    keypoints: Float[np.ndarray, "t 11 2"]
    heading_deg: float
    whole_body: bool
    camera_moves: bool
    sharpness: str
    _footage: Footage

    def frames(self) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """RGB frames in order."""
        return self._footage.frames()


def vary(poses: Float[np.ndarray, "t fields"], *, rng: np.random.Generator) -> Float[np.ndarray, "t fields"]:
    """The same motion by another person: larger or smaller about its middle, and held a little differently."""
    middle = poses.mean(axis=0)
    amplitude = rng.normal(1.0, 0.1, len(POSE_FIELDS)) * rng.uniform(0.85, 1.1)
    out = middle + np.clip(amplitude, 0.7, 1.3) * (poses - middle)
    for name, deviation in _OFFSETS.items():
        out[:, FIELD[name]] += rng.normal(0, deviation)
    for name in ("foot_x", "off_foot_x"):
        out[:, FIELD[name]] += abs(rng.normal(0, 0.06))
    return feet_on_floor(out)


def feet_on_floor(poses: Float[np.ndarray, "t fields"]) -> Float[np.ndarray, "t fields"]:
    """The same poses with no foot below the floor."""
    out = poses.copy()
    for name in ("foot_y", "off_foot_y"):
        out[:, FIELD[name]] = np.maximum(out[:, FIELD[name]], 0.0)
    return out


def sway(
    poses: Float[np.ndarray, "t fields"], times: Float[np.ndarray, " t"], rng: np.random.Generator
) -> Float[np.ndarray, "t fields"]:
    """Add the small slow movements of anyone who stands."""
    out = poses.copy()
    for name, deviation in _SWAY.items():
        out[:, FIELD[name]] += deviation * smooth_noise(times, rng, lowest_hertz=0.2, highest_hertz=1.2)
    return out


def _heading(action: str | None, rng: np.random.Generator, *, anywhere: float) -> float:
    """View angle [degrees]: 0 faces the camera; with probability `anywhere` any angle at all."""
    if rng.random() < anywhere:
        return float(rng.uniform(-180, 180))
    if action == "climb":
        return float(180 + rng.normal(0, 25))
    if action in ("run", "kick", "push") and rng.random() < 0.8:
        return float(rng.choice([-70, 70]) + rng.normal(0, 25))
    return float(rng.normal(0, 25))


def shadows(joints: Joints, scene: Scene) -> Float[np.ndarray, "t 3 4"]:
    """Soft floor shadows of the body and both feet, fainter and wider the higher they are."""
    rows = []
    for point, radius, darkness in (
        (joints.pelvis, 0.42, 0.42),
        (0.5 * (joints.leg.end + joints.leg.tip), 0.15, 0.5),
        (0.5 * (joints.off_leg.end + joints.off_leg.tip), 0.15, 0.5),
    ):
        height = np.maximum(point[:, 1], 0.0)
        slide = -0.25 * height[:, None] * scene.light[[0, 2]]
        lifted = 1.0 / (1.0 + (1.5 * height if radius < 0.3 else 0.3 * height))
        shape = np.stack([np.full_like(height, radius) / np.sqrt(lifted), darkness * lifted], axis=-1)
        rows.append(np.concatenate([point[:, [0, 2]] + slide, shape], axis=-1))
    return np.stack(rows, axis=1)


def moved(joints: Joints, path: Float[np.ndarray, "t 3"]) -> Joints:
    """The figure carried along a path over the floor."""
    carried: dict[str, object] = {}
    for name, value in vars(joints).items():
        if name.endswith("axes"):
            carried[name] = value
        elif isinstance(value, np.ndarray):
            carried[name] = value + path
        else:
            carried[name] = type(value)(**{part: points + path for part, points in vars(value).items()})
    return Joints(**carried)  # type: ignore[arg-type]


KEYPOINTS = (
    *("pelvis", "neck", "head", "right elbow", "right wrist", "right knee", "right ankle"),
    *("left elbow", "left wrist", "left knee", "left ankle"),
)


def project_keypoints(
    joints: Joints, cameras: list[Camera], *, image_size: tuple[int, int]
) -> Float[np.ndarray, "t 11 2"]:
    """Where `KEYPOINTS` are in the picture at each instant: (x right, y down) [px], pixel centres at integers."""
    main_side = np.einsum("i,i->", joints.arm.root[0] - joints.neck[0], joints.torso_axes[0, :, 0])
    sides = [(joints.arm, joints.leg), (joints.off_arm, joints.off_leg)]
    right, left = sides if main_side < 0 else sides[::-1]
    limbs = [point for arm, leg in (right, left) for point in (arm.middle, arm.end, leg.middle, leg.end)]
    points = np.stack([joints.pelvis, joints.neck, joints.head, *limbs], axis=1)
    centre = (np.array(image_size[::-1]) - 1) / 2
    seen = [(body - camera.eye) @ camera.axes.T for body, camera in zip(points, cameras, strict=True)]
    return np.stack(
        [camera.focal * view[:, :2] / view[:, 2:] + centre for view, camera in zip(seen, cameras, strict=True)]
    )


def take_photo(
    action: str, *, rng: np.random.Generator, image_size: tuple[int, int], home_share: float
) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """A still of an action and its exact depth [m], at a random phase that leans towards the typical ones.

    With probability `home_share` it is taken at the class's own kind of place, else anywhere.
    """
    motion = MOTIONS[action]
    phase = rng.random()
    if rng.random() < 0.8:
        phase = rng.choice(motion.typical_phases) + rng.normal(0, 0.05)
    grid = np.append(np.arange(24) / 24, phase)
    poses = vary(motion.poses(grid), rng=rng)[-1:]
    poses = sway(poses, np.zeros(1), rng)
    body, heading = sample_body(rng), _heading(action, rng, anywhere=0.05)
    joints = forward_kinematics(poses, body=body, mirrored=bool(rng.random() < 0.5), heading_deg=heading)
    framing = sample_photo_framing(rng, height=body.height, leg_driven=motion.leg_driven)
    camera = film(framing, np.zeros(1), subject=np.zeros((1, 3)), image_size=image_size, rng=rng)[0]
    name = HOME_PLACES[action] if rng.random() < home_share else str(rng.choice(list(PLACES)))
    scene = build_scene(PLACES[name], rng, focal=camera.focal, distance=float(camera.eye[2]))
    shapes = dress(joints, body=body, outfit=sample_outfit(rng))
    shapes += sample_props(joints, action=action, often=1.0, rng=rng)
    moment = instants(shapes, shadows=shadows(joints, scene))[0]
    look = sample_look(rng, video=False)
    return photograph(moment, camera=camera, scene=scene, look=look, image_size=image_size, rng=rng)


def phases(motion: Motion, times: Float[np.ndarray, " t"], rng: np.random.Generator) -> Float[np.ndarray, " t"]:
    """Phase over time from a random start, at a person's tempo and with a changing pace."""
    tempo = rng.uniform(*motion.period_seconds) * rng.uniform(0.9, 1.15)
    pace = 1 + np.clip(0.16 * smooth_noise(times, rng, lowest_hertz=0.2, highest_hertz=0.8), -0.4, 0.4)
    elapsed = np.concatenate([[0.0], np.cumsum(np.diff(times) * 0.5 * (pace[1:] + pace[:-1]))])
    return rng.random() + elapsed / tempo


def plan_video(
    motion: Motion,
    *,
    action: str | None,
    rng: np.random.Generator,
    image_size: tuple[int, int],
    num_frames: tuple[int, int],
) -> Video:
    """A video of a motion: several cycles at any kind of place, filmed by hand, of num_frames (least, most) frames.

    `action` names the class whose props and view angles it has; None: no props, seen mostly from the front.
    """
    count = int(rng.integers(num_frames[0], num_frames[1] + 1))
    shutter = rng.uniform(0.15, 0.5)
    times = exposures(count, shutter=shutter)
    poses = vary(motion.poses(phases(motion, times, rng)), rng=rng)
    if rng.random() < 0.25:
        start = np.clip((times - rng.uniform(0.0, 0.35)) / 0.35, 0, 1)[:, None]
        poses = pose() + start * start * (3 - 2 * start) * (poses - pose())
    poses = sway(poses, times, rng)
    body, heading = sample_body(rng), _heading(action, rng, anywhere=0.06)
    joints = forward_kinematics(poses, body=body, mirrored=bool(rng.random() < 0.5), heading_deg=heading)
    direction = np.array([np.sin(np.deg2rad(heading)), 0.0, np.cos(np.deg2rad(heading))])
    path = (times - times.mean())[:, None] * rng.uniform(*motion.travel) * direction
    joints = moved(joints, path)
    framing = sample_video_framing(rng, height=body.height, leg_driven=motion.leg_driven)
    followed = path * np.array([rng.uniform(0.8, 1.02), 1.0, 1.0])
    cameras = film(framing, times, subject=followed, image_size=image_size, rng=rng)
    distance = cameras[0].focal * framing.view_height / image_size[0]
    scene = build_scene(
        PLACES[str(rng.choice(list(PLACES)))],
        rng,
        focal=cameras[0].focal,
        distance=distance,
        least_wall_distance=float(np.abs(path[:, 2]).max()) + 0.6,
    )
    shapes = dress(joints, body=body, outfit=sample_outfit(rng))
    if action is not None:
        shapes += sample_props(joints, action=action, often=0.9, rng=rng)
    look = sample_look(rng, video=True)
    return Video(
        num_frames=count,
        keypoints=project_keypoints(joints, cameras, image_size=image_size)[::2],
        heading_deg=heading,
        whole_body=framing.view_height > 1.15 * body.height,
        camera_moves=framing.shake_deg > 0.2 or framing.pan_deg_per_second != 0.0,
        sharpness="goo" if look.defocus < 0.5 else "med" if look.defocus < 1.0 else "bad",
        _footage=Footage(
            instants=instants(shapes, shadows=shadows(joints, scene)),
            cameras=cameras,
            scene=scene,
            look=look,
            image_size=image_size,
            rng=rng,
        ),
    )
