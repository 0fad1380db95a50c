"""Which objects of a photo move on their own, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer, UInt8

from depthmotion.errors import ConfigError, InstanceError
from depthmotion.instances import (
    MAX_INSTANCES,
    PUBLISHED_ROTATION_DEG,
    PUBLISHED_TRANSLATION,
    MovingInstances,
    largest_ids,
    random_instances,
)
from depthmotion.intrinsics import Intrinsics
from depthmotion.paths import nearest_depth
from depthmotion.paths._ranges import check_range


@dataclass(frozen=True, kw_only=True)
class ObjectMotion:
    """Which instances of a mask move on their own, and the ranges that their random rigid motions are drawn from."""

    largest: int | None = None
    """How many instances of a mask move, those of the largest area; 1 if neither this nor ids are given."""
    ids: tuple[int, ...] = ()
    """The instances that move, by their ids in the mask."""
    object_translation: tuple[float, float] = PUBLISHED_TRANSLATION
    """Range of an object's way over the clip per axis, for a scene whose nearest things are at depth 1."""
    object_rotation_deg: tuple[float, float] = PUBLISHED_ROTATION_DEG
    """Range of an object's turn over the clip per axis, about its own centre."""

    def __post_init__(self) -> None:
        """Raise `ConfigError` or `PathError` for values that no motion can have."""
        if self.largest is not None and self.ids:
            raise ConfigError(f"largest={self.largest} and ids={self.ids}: give one of the two.")
        if self.largest is not None and not 1 <= self.largest <= MAX_INSTANCES:
            raise ConfigError(f"largest={self.largest}: allowed is 1 to {MAX_INSTANCES} instances.")
        if len(set(self.ids)) < len(self.ids) or any(identity < 1 for identity in self.ids):
            raise ConfigError(f"ids={self.ids}: give different whole numbers from 1; 0 is no object.")
        check_range("object_translation", self.object_translation)
        check_range("object_rotation_deg", self.object_rotation_deg)

    def check_mask(self, instances: Path | None) -> None:
        """Raise ConfigError if there is no mask that these settings could be about."""
        if instances is None and self != ObjectMotion():
            raise ConfigError("largest, ids and an object's motion are about an instance mask: give instances.")

    def chosen(self, mask: Integer[np.ndarray, "h w"]) -> list[int]:
        """Return the ids of the instances of a mask that move.

        Raises:
            InstanceError: the mask holds no instance.
        """
        if not mask.max(initial=0) > 0:
            raise InstanceError("the mask holds no instance: all its ids are 0. Leave it out, or the photo.")
        return list(self.ids) or largest_ids(mask, count=self.largest or 1)

    def draw(
        self,
        labels: UInt8[np.ndarray, "h w"],
        depth: Float[np.ndarray, "h w"],
        num_frames: int,
        rng: np.random.Generator,
        *,
        intrinsics: Intrinsics | None = None,
    ) -> MovingInstances:
        """Return random motions of labelled objects at the scale of a scene of the given depth."""
        near = nearest_depth(depth)
        low, high = self.object_translation
        return random_instances(
            labels,
            depth,
            num_frames,
            rng,
            intrinsics=intrinsics,
            translation=(low * near, high * near),
            rotation_deg=self.object_rotation_deg,
        )
