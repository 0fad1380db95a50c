"""Objects that move on their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer, UInt8

from depthmotion.errors import PathError
from depthmotion.paths._ranges import check_num_frames, check_range, signed_uniform
from depthmotion.rotation import rigid_motion

MAX_INSTANCES = 254


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


def select_largest(mask: Integer[np.ndarray, "h w"], *, count: int = 1) -> UInt8[np.ndarray, "h w"]:
    """Return labels 1 … count for the instances of a mask with the largest area, largest first; ids above 0 count."""
    ids, areas = np.unique(mask[mask > 0], return_counts=True)
    order = np.lexsort((ids, -areas))[:count]
    return select(mask, [int(ids[i]) for i in order])


def select(mask: Integer[np.ndarray, "h w"], ids: list[int]) -> UInt8[np.ndarray, "h w"]:
    """Return labels 1 … len(ids) for the named instances of a mask."""
    if len(ids) > MAX_INSTANCES:
        raise PathError(f"{len(ids)} instances asked for: at most {MAX_INSTANCES} move on their own.")
    labels = np.zeros(mask.shape, np.uint8)
    for number, identity in enumerate(ids, start=1):
        where = mask == identity
        if identity <= 0 or not where.any():
            raise PathError(f"instance {identity} is not in the mask, which holds {np.unique(mask).tolist()[:20]}.")
        labels[where] = number
    return labels


def random_instances(
    labels: UInt8[np.ndarray, "h w"],
    depth: Float[np.ndarray, "h w"],
    num_frames: int,
    rng: np.random.Generator,
    *,
    intrinsics: np.ndarray | None = None,
    translation: tuple[float, float] = (0.05, 0.1),
    rotation_deg: tuple[float, float] = (2.5, 5.0),
) -> MovingInstances:
    """Move every labelled object steadily by a random rigid motion about its centre, drawn per axis over the clip.

    The ranges are those of the published engine for one pair of frames: ±[0.05, 0.1] and ±[π/72, π/36].
    """
    check_num_frames(num_frames)
    check_range("translation", translation)
    check_range("rotation_deg", rotation_deg)
    height, width = labels.shape
    camera = np.array([[0.58 * width, 0, (width - 1) / 2], [0, 0.58 * height, (height - 1) / 2], [0, 0, 1]])
    camera = camera if intrinsics is None else np.asarray(intrinsics, dtype=np.float64)
    motions = []
    for label in range(1, int(labels.max()) + 1):
        turn = np.deg2rad(signed_uniform(rng, rotation_deg, (3,)))
        shift = signed_uniform(rng, translation, (3,))
        y, x = np.nonzero(labels == label)
        centre = np.zeros(3)
        if len(y):
            z = float(np.median(depth[y, x]))
            centre = z * np.array(
                [(x.mean() - camera[0, 2]) / camera[0, 0], (y.mean() - camera[1, 2]) / camera[1, 1], 1]
            )
        steps = []
        for part in np.linspace(0.0, 1.0, num_frames):
            step = rigid_motion(part * turn, np.zeros(3))
            step[:3, 3] = centre - step[:3, :3] @ centre + part * shift
            steps.append(step)
        motions.append(np.stack(steps))
    stacked = np.stack(motions) if motions else np.zeros((0, num_frames, 4, 4))
    return MovingInstances(labels, stacked)
