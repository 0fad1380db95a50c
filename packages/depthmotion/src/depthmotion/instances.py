"""Objects that move on their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer, UInt8

from depthmotion.errors import InstanceError, PathError
from depthmotion.intrinsics import Intrinsics
from depthmotion.paths._ranges import check_num_frames, check_range, signed_uniform
from depthmotion.rotation import rigid_motion

MAX_INSTANCES = 254
PUBLISHED_TRANSLATION = (0.05, 0.1)
PUBLISHED_ROTATION_DEG = (2.5, 5.0)
"""The published engine's ranges for one pair of frames, per axis: ±[0.05, 0.1] and ±[π/72, π/36]."""


@dataclass(frozen=True)
class MovingInstances:
    """Labels uint8 (H, W), 0 is the static scene, k moves by `motions[k-1]`; motions (K, T, 4, 4) in frame 0's camera.

    `motions[k-1, t]` takes object k's points from frame 0 to time t, before the camera moves.
    """

    labels: UInt8[np.ndarray, "h w"]
    motions: Float[np.ndarray, "k t 4 4"]

    def __post_init__(self) -> None:
        motions = np.asarray(self.motions, dtype=np.float64)
        if motions.ndim != 4 or motions.shape[2:] != (4, 4) or not np.isfinite(motions).all():
            raise PathError(f"instance motions have shape (K, T, 4, 4) and are finite, got {motions.shape}.")
        if self.labels.size and int(self.labels.max()) > len(motions):
            raise PathError(f"label {int(self.labels.max())} has no motion: {len(motions)} motions are given.")
        object.__setattr__(self, "motions", motions)


def largest_ids(mask: Integer[np.ndarray, "h w"], *, count: int = 1) -> list[int]:
    """Return the ids above 0 of at most `count` instances of a mask, those of the largest area, largest first."""
    ids, areas = np.unique(mask[mask > 0], return_counts=True)
    return [int(ids[place]) for place in np.lexsort((ids, -areas))[:count]]


def select_largest(mask: Integer[np.ndarray, "h w"], *, count: int = 1) -> UInt8[np.ndarray, "h w"]:
    """Return labels 1 … count for the instances of a mask with the largest area, largest first; ids above 0 count."""
    return select(mask, largest_ids(mask, count=count))


def select(mask: Integer[np.ndarray, "h w"], ids: Sequence[int]) -> UInt8[np.ndarray, "h w"]:
    """Return labels 1 … len(ids) for the named instances of a mask.

    Raises:
        InstanceError: the mask lacks one of them, or there are more than 254.
    """
    if len(ids) > MAX_INSTANCES:
        raise InstanceError(f"{len(ids)} instances asked for: at most {MAX_INSTANCES} move on their own.")
    labels = np.zeros(mask.shape, np.uint8)
    for number, identity in enumerate(ids, start=1):
        where = mask == identity
        if identity <= 0 or not where.any():
            held = np.unique(mask[mask > 0]).tolist()
            listed = ", ".join(map(str, held[:20])) + (" …" if len(held) > 20 else "") or "none"
            raise InstanceError(f"instance {identity} is not in the mask, which holds: {listed}.")
        labels[where] = number
    return labels


def random_instances(
    labels: UInt8[np.ndarray, "h w"],
    depth: Float[np.ndarray, "h w"],
    num_frames: int,
    rng: np.random.Generator,
    *,
    intrinsics: Intrinsics | Float[np.ndarray, "3 3"] | None = None,
    translation: tuple[float, float] = PUBLISHED_TRANSLATION,
    rotation_deg: tuple[float, float] = PUBLISHED_ROTATION_DEG,
) -> MovingInstances:
    """Move every labelled object steadily by a random rigid motion about its centre, drawn per axis over the clip.

    The published ranges suit a scene whose nearest things are at depth 1; `translation` is in the unit of `depth`.
    """
    check_num_frames(num_frames)
    check_range("translation", translation)
    check_range("rotation_deg", rotation_deg)
    height, width = labels.shape
    camera = Intrinsics.of(intrinsics, height, width)
    motions = []
    for label in range(1, int(labels.max()) + 1):
        turn = np.deg2rad(signed_uniform(rng, rotation_deg, (3,)))
        shift = signed_uniform(rng, translation, (3,))
        y, x = np.nonzero(labels == label)
        centre = np.zeros(3)
        if len(y):
            z = float(np.median(depth[y, x]))
            centre = z * np.array([(x.mean() - camera.cx) / camera.fx, (y.mean() - camera.cy) / camera.fy, 1.0])
        steps = []
        for part in np.linspace(0.0, 1.0, num_frames):
            step = rigid_motion(part * turn, np.zeros(3))
            step[:3, 3] = centre - step[:3, :3] @ centre + part * shift
            steps.append(step)
        motions.append(np.stack(steps))
    stacked = np.stack(motions) if motions else np.zeros((0, num_frames, 4, 4))
    return MovingInstances(labels, stacked)
