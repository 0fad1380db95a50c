"""The human skeleton: a pose vector in, joint positions and limb frames out."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float

POSE_FIELDS: tuple[str, ...] = (
    *("root_x", "root_y", "root_z", "turn"),
    *("bend", "tilt", "twist", "nod", "head_turn", "head_tilt"),
    *("hand_x", "hand_y", "hand_z", "elbow"),
    *("off_hand_x", "off_hand_y", "off_hand_z", "off_elbow"),
    *("foot_x", "foot_y", "foot_z", "toe"),
    *("off_foot_x", "off_foot_y", "off_foot_z", "off_toe"),
)
"""Fields of a pose vector, for a figure that faces +z with its main (writing) side at +x and y up.

Hands are wrist positions from their shoulder in arm lengths, x outward, in the torso's frame. Feet are ankle positions
from the floor under their hip in leg lengths, x outward. The root moves the pelvis in leg lengths; the feet follow its
x and z but not its y. Angles are degrees: `bend` forward, `tilt` to the main side, `twist` and `turn` towards the main
side, `nod` down, `toe` up. `elbow` runs from 0 (elbow hangs) to 1 (elbow lifted sideways).
"""

FIELD = {name: column for column, name in enumerate(POSE_FIELDS)}

_REST = {
    **{"hand_x": 0.16, "hand_y": -0.94, "hand_z": 0.1, "elbow": 0.3},
    **{"off_hand_x": 0.16, "off_hand_y": -0.94, "off_hand_z": 0.1, "off_elbow": 0.3},
    **{"foot_x": 0.04, "off_foot_x": 0.04},
}


def pose(**values: float | int) -> Float[np.ndarray, "fields"]:
    """One pose vector: standing at rest, except for the named fields of `POSE_FIELDS`."""
    vector = np.zeros(len(POSE_FIELDS))
    for name, value in {**_REST, **values}.items():
        vector[FIELD[name]] = value
    return vector


@dataclass(frozen=True)
class Body:
    """Proportions of one figure; lengths in metres, `girth` scales every thickness."""

    height: float = 1.75
    girth: float = 1.0
    upper_arm: float = 0.295
    forearm: float = 0.265
    thigh: float = 0.43
    shin: float = 0.43
    shoulder_half_width: float = 0.195
    hip_half_width: float = 0.1
    spine: float = 0.5
    ankle_height: float = 0.08

    @property
    def arm(self) -> float:
        """Shoulder to wrist, stretched [m]."""
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        """Hip to ankle, stretched [m]."""
        return self.thigh + self.shin

    @property
    def hip_height(self) -> float:
        """Pelvis above the floor when standing [m]; a little short of stretched, as people stand."""
        return self.ankle_height + 0.985 * self.leg


def sample_body(rng: np.random.Generator) -> Body:
    """A body of random height, build and proportions."""
    height = float(np.clip(rng.normal(1.72, 0.1), 1.5, 1.95))
    scale = height / 1.75
    jitter = {f.name: float(np.clip(rng.normal(1.0, 0.035), 0.92, 1.08)) for f in fields(Body)}
    lengths = {
        f.name: float(getattr(Body, f.name)) * scale * jitter[f.name] for f in fields(Body) if f.name[0] not in "hg"
    }
    hips = 0.1 * scale * jitter["hip_half_width"]
    girth = scale * float(rng.uniform(0.88, 1.22))
    return Body(height=height, girth=girth, hip_half_width=hips, **lengths)


@dataclass(frozen=True)
class Limb:
    """A two-bone limb over time: root, middle joint, end and tip, each (T, 3) in metres."""

    root: Float[np.ndarray, "t 3"]
    middle: Float[np.ndarray, "t 3"]
    end: Float[np.ndarray, "t 3"]
    tip: Float[np.ndarray, "t 3"]


@dataclass(frozen=True)
class Joints:
    """A figure over T instants: limbs, and the rotations (T, 3, 3) whose columns are the local x, y, z axes."""

    pelvis: Float[np.ndarray, "t 3"]
    neck: Float[np.ndarray, "t 3"]
    head: Float[np.ndarray, "t 3"]
    arm: Limb
    off_arm: Limb
    leg: Limb
    off_leg: Limb
    pelvis_axes: Float[np.ndarray, "t 3 3"]
    torso_axes: Float[np.ndarray, "t 3 3"]
    head_axes: Float[np.ndarray, "t 3 3"]


def rotation(axis: str, degrees: Float[np.ndarray, "*t"] | float) -> Float[np.ndarray, "*t 3 3"]:
    """Right-handed rotations about the axis "x", "y" or "z" by angles in degrees."""
    angle = np.deg2rad(np.asarray(degrees, dtype=np.float64))
    cos, sin = np.cos(angle), np.sin(angle)
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = np.zeros((*angle.shape, 3, 3))
    out[..., range(3), range(3)] = 1.0
    out[..., first, first] = out[..., second, second] = cos
    out[..., first, second], out[..., second, first] = -sin, sin
    return out


def bend_limb(
    root: Float[np.ndarray, "t 3"],
    target: Float[np.ndarray, "t 3"],
    *,
    first: float,
    second: float,
    pole: Float[np.ndarray, "t 3"],
) -> tuple[Float[np.ndarray, "t 3"], Float[np.ndarray, "t 3"]]:
    """Middle joint and end of a two-bone limb that reaches for `target`, its joint pushed towards `pole`.

    Bone lengths are kept exactly: a target out of reach is approached along its own direction.
    """
    offset = target - root
    distance = np.linalg.norm(offset, axis=-1, keepdims=True)
    direction = offset / np.maximum(distance, 1e-9)
    reach = np.clip(distance, abs(first - second) + 1e-3, (first + second) * 0.9995)
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    height = np.sqrt(np.maximum(first**2 - along**2, 0.0))
    side = pole - direction * np.sum(pole * direction, axis=-1, keepdims=True)
    side = side / np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-9)
    return root + along * direction + height * side, root + reach * direction


def forward_kinematics(
    poses: Float[np.ndarray, "t fields"], *, body: Body, mirrored: bool = False, heading_deg: float = 0.0
) -> Joints:
    """Joint positions [m] of a body in T poses, standing on the floor y = 0 over the origin.

    `mirrored` makes the figure left-right reversed (its main side at −x); `heading_deg` then turns it from +z to +x.
    """
    column = {name: poses[:, i] for name, i in FIELD.items()}

    def vector(prefix: str, side: float, unit: float) -> Float[np.ndarray, "t 3"]:
        axes = (side * column[f"{prefix}_x"], column[f"{prefix}_y"], column[f"{prefix}_z"])
        return unit * np.stack(axes, axis=-1)

    ground = rotation("y", column["turn"])
    pelvis_axes = ground @ rotation("z", -0.4 * column["tilt"]) @ rotation("x", 0.35 * column["bend"])
    torso_axes = (
        ground @ rotation("y", column["twist"]) @ rotation("z", -column["tilt"]) @ rotation("x", column["bend"])
    )
    look = rotation("y", column["head_turn"]) @ rotation("z", -column["head_tilt"]) @ rotation("x", column["nod"])
    head_axes = torso_axes @ look
    root = vector("root", 1.0, body.leg)
    pelvis = root + np.array([0.0, body.hip_height, 0.0])
    spine = 0.35 * pelvis_axes[..., 1] + 0.65 * torso_axes[..., 1]
    neck = pelvis + body.spine * spine / np.linalg.norm(spine, axis=-1, keepdims=True)
    scale = body.height / 1.75
    head = neck + scale * (0.1 * torso_axes[..., 1] + 0.115 * head_axes[..., 1] + 0.02 * head_axes[..., 2])

    def arm(side: float, prefix: str) -> Limb:
        shoulder = neck + torso_axes @ np.array([side * body.shoulder_half_width, -0.035 * scale, 0.0])
        target = shoulder + np.einsum("tij,tj->ti", torso_axes, vector(f"{prefix}hand", side, body.arm))
        lift = column[f"{prefix}elbow"][:, None]
        pole = lift * np.array([side, 0.0, -0.15]) + (1 - lift) * np.array([0.35 * side, -1.0, -0.35])
        pole = np.einsum("tij,tj->ti", torso_axes, pole)
        elbow, wrist = bend_limb(shoulder, target, first=body.upper_arm, second=body.forearm, pole=pole)
        along = (wrist - elbow) / body.forearm
        return Limb(shoulder, elbow, wrist, wrist + 0.12 * scale * along)

    def leg(side: float, prefix: str) -> Limb:
        hip = pelvis + pelvis_axes @ np.array([side * body.hip_half_width, 0.0, 0.0])
        step = vector(f"{prefix}foot", side, body.leg) + np.array([side * body.hip_half_width, body.ankle_height, 0.0])
        target = np.einsum("tij,tj->ti", ground, step) + root * np.array([1.0, 0.0, 1.0])
        pole = ground @ np.array([0.2 * side, 0.1, 1.0])
        knee, ankle = bend_limb(hip, target, first=body.thigh, second=body.shin, pole=pole)
        toe = ground @ rotation("x", -column[f"{prefix}toe"])
        return Limb(hip, knee, ankle, ankle + toe @ (scale * np.array([0.05 * side, -0.035, 0.17])))

    flip = np.diag([-1.0 if mirrored else 1.0, 1.0, 1.0])
    turn = rotation("y", heading_deg)

    def place(points: Float[np.ndarray, "t 3"]) -> Float[np.ndarray, "t 3"]:
        return points @ (turn @ flip).T

    def place_limb(limb: Limb) -> Limb:
        return Limb(place(limb.root), place(limb.middle), place(limb.end), place(limb.tip))

    def place_axes(axes: Float[np.ndarray, "t 3 3"]) -> Float[np.ndarray, "t 3 3"]:
        return turn @ flip @ axes @ flip

    return Joints(
        pelvis=place(pelvis),
        neck=place(neck),
        head=place(head),
        arm=place_limb(arm(1.0, "")),
        off_arm=place_limb(arm(-1.0, "off_")),
        leg=place_limb(leg(1.0, "")),
        off_leg=place_limb(leg(-1.0, "off_")),
        pelvis_axes=place_axes(pelvis_axes),
        torso_axes=place_axes(torso_axes),
        head_axes=place_axes(head_axes),
    )
