"""What a camera sees over time, ready to be rendered frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from videoda_bench.miniature.camera import Camera
from videoda_bench.miniature.primitives import Primitives
from videoda_bench.miniature.render import render
from videoda_bench.miniature.scenery import Scene
from videoda_bench.miniature.sensor import Look, develop

FRAMES_PER_SECOND = 30
_SHIFTS = ((-0.2, 0.2), (0.2, -0.2))
_PHOTO_SHIFTS = ((0.0, 0.0), (-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))


def exposures(num_frames: int, *, shutter: float) -> Float[np.ndarray, " t2"]:
    """Two instants [s] per frame: when the shutter opens and `shutter` of a frame's time later."""
    return ((np.arange(num_frames)[:, None] + shutter * np.arange(2)) / FRAMES_PER_SECOND).ravel()


def photograph(
    moment: Primitives,
    *,
    camera: Camera,
    scene: Scene,
    look: Look,
    image_size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """A sharp RGB picture of one instant and its exact depth [m]."""
    views = [render(moment, camera=camera, scene=scene, image_size=image_size, shift=shift) for shift in _PHOTO_SHIFTS]
    light = np.mean([colour for colour, _ in views], axis=0, dtype=np.float32)
    return develop(np.asarray(light), look=look, rng=rng), views[0][1]


@dataclass(frozen=True)
class Footage:
    """Shapes and cameras at the `exposures` of N frames (2 N of each), one scene, one look; iterate `frames()` once."""

    instants: list[Primitives]
    cameras: list[Camera]
    scene: Scene
    look: Look
    image_size: tuple[int, int]
    rng: np.random.Generator

    @property
    def num_frames(self) -> int:
        """How many frames there are."""
        return len(self.instants) // 2

    def frames(self) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """RGB frames in order, each the mean of its two exposures."""
        for t in range(self.num_frames):
            light = np.zeros((*self.image_size, 3), np.float32)
            for k, shift in enumerate(_SHIFTS):
                light += render(
                    self.instants[2 * t + k],
                    camera=self.cameras[2 * t + k],
                    scene=self.scene,
                    image_size=self.image_size,
                    shift=shift,
                )[0]
            yield develop(light / np.float32(2), look=self.look, rng=self.rng)
