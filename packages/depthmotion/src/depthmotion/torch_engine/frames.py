"""What a batch of frames starts from, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64, UInt8

from depthmotion.errors import ConfigError
from depthmotion.prepared import PreparedClip

LANE = 20
"""Bits per colour of a packed pixel: weighted sums of pixels sum all three colours at once without overflow."""


@dataclass(frozen=True)
class Scenes:
    """The scenes of B clips of one size: their points (pixels of the photo), planes and pictures.

    `planes` (B, P, 4): disparity a·x + b·y + c, x and y from the principal point, and reach, see `Scene`. `edges`: see
    `place_edges`. `texture` holds RGB, one colour per `LANE` bits, rows as in `Texture`. `centre` is the principal
    point, `margins` top, bottom, left, right.
    """

    height: int
    width: int
    disparity: Float32[torch.Tensor, "b p"]
    labels: Int64[torch.Tensor, "b p"]
    planes: Float32[torch.Tensor, "b p 4"]
    covered: Bool[torch.Tensor, "b p"]
    edges: UInt8[torch.Tensor, "b p 4"]
    texture: Int64[torch.Tensor, "b rows columns"]
    centre: Float32[torch.Tensor, "b 2"]
    margins: Int64[torch.Tensor, "b 4"]
    tolerance: Float32[torch.Tensor, " b"]
    num_objects: int

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.disparity.device


@dataclass(frozen=True)
class Frames:
    """N frames: which scene each shows, and its motions per object (see `PixelMotions`); flow leads along `to_…`."""

    scene: Int64[torch.Tensor, " n"]
    matrix: Float32[torch.Tensor, "n k 3 3"]
    shift: Float32[torch.Tensor, "n k 3"]
    inverse: Float32[torch.Tensor, "n k 3 3"]
    back: Float32[torch.Tensor, "n k 3"]
    to_matrix: Float32[torch.Tensor, "n k 3 3"]
    to_shift: Float32[torch.Tensor, "n k 3"]

    def __len__(self) -> int:
        return len(self.scene)

    def part(self, first: int, last: int) -> Frames:
        """Return the frames first … last - 1."""
        return Frames(**{name: value[first:last] for name, value in vars(self).items()})


def scenes_of(clips: Sequence[PreparedClip], *, device: torch.device) -> Scenes:
    """Put the scenes of prepared clips of one size on a device.

    Raises:
        ConfigError: there are none, or they differ in size or length.
    """
    shapes = {(len(clip), *clip.scene.shape) for clip in clips}
    if len(shapes) != 1:
        listed = ", ".join(f"{count} frames of {width}×{height}" for count, height, width in sorted(shapes)) or "none"
        raise ConfigError(f"clips of one size and length are rendered together, got {listed}: sort them first.")
    scenes = [clip.scene for clip in clips]
    height, width = scenes[0].shape

    def stacked(values: list[np.ndarray]) -> torch.Tensor:
        return torch.stack([torch.from_numpy(value).to(device) for value in values])

    return Scenes(
        height=height,
        width=width,
        disparity=stacked([scene.disparity.reshape(-1) for scene in scenes]),
        labels=stacked([scene.labels.reshape(-1).astype(np.int64) for scene in scenes]),
        planes=stacked([scene.planes for scene in scenes]),
        covered=stacked([scene.covered.reshape(-1) for scene in scenes]),
        edges=stacked([scene.edges for scene in scenes]),
        texture=_packed([scene.texture.image for scene in scenes], device),
        centre=stacked([np.array([scene.camera.cx, scene.camera.cy], np.float32) for scene in scenes]),
        margins=stacked([np.asarray(scene.texture.margins, dtype=np.int64) for scene in scenes]),
        tolerance=stacked([np.array(scene.tolerance, np.float32) for scene in scenes]),
        num_objects=max(clip.motions.matrix.shape[1] for clip in clips),
    )


def _packed(pictures: list[np.ndarray], device: torch.device) -> Int64[torch.Tensor, "b rows columns"]:
    """Return pictures uint8 (rows, columns, 3) as one number per pixel, zero past a smaller one's end."""
    sides = [max(picture.shape[axis] for picture in pictures) for axis in (0, 1)]
    packed = torch.zeros((len(pictures), *sides), dtype=torch.int64, device=device)
    for place, picture in zip(packed, pictures, strict=True):
        red, green, blue = torch.from_numpy(picture).to(device).long().unbind(-1)
        place[: len(red), : red.shape[1]] = red | (green << LANE) | (blue << (2 * LANE))
    return packed


def frames_of(clips: Sequence[PreparedClip], *, device: torch.device) -> Frames:
    """Put the motions of all frames of prepared clips on a device, clip by clip; the last frame leads to itself."""
    objects = max(clip.motions.matrix.shape[1] for clip in clips)

    def joined(values: list[np.ndarray]) -> torch.Tensor:
        # Clips with fewer objects repeat their first motion, which no label names.
        padded = [
            np.concatenate([value, np.repeat(value[:, :1], objects - value.shape[1], axis=1)], axis=1)
            for value in values
        ]
        return torch.from_numpy(np.concatenate(padded)).to(device)

    def later(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values[1:], values[-1:]])

    motions = [clip.motions for clip in clips]
    return Frames(
        scene=torch.arange(len(clips), device=device).repeat_interleave(len(clips[0])),
        matrix=joined([motion.matrix for motion in motions]),
        shift=joined([motion.shift for motion in motions]),
        inverse=joined([motion.inverse for motion in motions]),
        back=joined([motion.back for motion in motions]),
        to_matrix=joined([later(motion.matrix) for motion in motions]),
        to_shift=joined([later(motion.shift) for motion in motions]),
    )
