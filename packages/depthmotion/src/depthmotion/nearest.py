"""Nearest-pixel forward splat: the plain warp, correct or exactly as published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from numba import njit

from depthmotion.errors import DepthError
from depthmotion.intrinsics import Intrinsics
from depthmotion.scene import check_image

TELEA_RADIUS = 3


@dataclass(frozen=True)
class SplatMasks:
    """Masks (H, W) of one splat, as the published engine names them.

    `hit` (H): some pixel landed here. `collided` (M): more than one. `around` (M′): `collided` dilated by 3×3.
    `clear` (P): false on the ring that the dilation adds. `filled_by` (H′): hit and clear, what is kept where the rest
    is painted.
    """

    hit: Bool[np.ndarray, "h w"]
    collided: Bool[np.ndarray, "h w"]

    @property
    def around(self) -> Bool[np.ndarray, "h w"]:
        """M′: the collisions and the pixels beside them."""
        return cv2.dilate(self.collided.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0

    @property
    def clear(self) -> Bool[np.ndarray, "h w"]:
        """P: everything but the pixels beside collisions."""
        return ~self.around | self.collided

    @property
    def filled_by(self) -> Bool[np.ndarray, "h w"]:
        """H′: hit and clear."""
        return self.hit & self.clear


@dataclass(frozen=True)
class NearestWarp:
    """A warped image, black where nothing landed, its masks, and the flow that was applied, on the source's grid."""

    image: UInt8[np.ndarray, "h w 3"]
    masks: SplatMasks
    flow: Float32[np.ndarray, "h w 2"]

    def filled(self) -> UInt8[np.ndarray, "h w 3"]:
        """Return the image with Telea's inpainting (radius 3) where nothing landed."""
        holes = (~self.masks.hit).view(np.uint8)
        return np.asarray(cv2.inpaint(self.image, holes, TELEA_RADIUS, cv2.INPAINT_TELEA), dtype=np.uint8)


@njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _splat(image, target, depth, published, out, counts, front):
    height, width = depth.shape
    for y in range(height):
        for x in range(width):
            if depth[y, x] <= 0:
                continue
            u, v = target[y, x, 0], target[y, x, 1]
            if published:
                column = int(min(max(u, np.float32(0)), np.float32(width - 1)))
                row = int(min(max(v, np.float32(0)), np.float32(height - 1)))
            else:
                if not (u >= -0.5 and v >= -0.5 and u < width - 0.5 and v < height - 0.5):
                    continue
                column, row = int(u + np.float32(0.5)), int(v + np.float32(0.5))
            shown = depth[y, x] < front[row, column]
            if shown:
                out[row, column] = image[y, x]
            if shown or published:
                front[row, column] = depth[y, x]
            counts[row, column] = min(counts[row, column] + 1, 2)


def _project(
    depth: Float32[np.ndarray, "h w"], pose: Float32[np.ndarray, "4 4"], camera: Intrinsics
) -> tuple[Float32[np.ndarray, "h w 2"], Float32[np.ndarray, "h w"]]:
    """Back-project, move and project all pixels in float32: their coordinates and depth (0 behind the camera)."""
    height, width = depth.shape
    fx, fy, cx, cy = (np.float32(value) for value in (camera.fx, camera.fy, camera.cx, camera.cy))
    x = (np.arange(width, dtype=np.float32)[None] - cx) / fx * depth
    y = (np.arange(height, dtype=np.float32)[:, None] - cy) / fy * depth
    moved = [row[0] * x + row[1] * y + row[2] * depth + row[3] for row in pose[:3]]
    ahead = moved[2] > 1e-6
    along = np.where(ahead, moved[2], np.float32(1))
    target = np.stack([moved[0] / along * fx + cx, moved[1] / along * fy + cy], axis=-1)
    return target, np.where(ahead, moved[2], np.float32(0))


def warp_nearest(
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float[np.ndarray, "h w"],
    pose: Float[np.ndarray, "4 4"],
    *,
    intrinsics: Intrinsics | None = None,
    published: bool = False,
) -> NearestWarp:
    """Move every pixel of an image to the nearest pixel of another view; `pose` takes this camera's points there.

    With `published`, as the engine behind CFB does it: coordinates are truncated, what leaves the image is put onto its
    border, and a pixel is compared with the last that landed, shown or not; the camera's centre is (W/2, H/2).
    """
    check_image(image)
    height, width = image.shape[:2]
    if depth.shape != (height, width):
        raise DepthError(f"depth of shape {depth.shape} does not fit an image of {height}×{width}: resize it.")
    if not (np.isfinite(depth).all() and depth.min() > 0):
        raise DepthError("depth must be positive and finite: fill missing values first.")
    if intrinsics is None:
        intrinsics = Intrinsics.default(height, width)
        if published:
            intrinsics = Intrinsics(intrinsics.fx, intrinsics.fy, width / 2, height / 2)
    z = np.asarray(depth, dtype=np.float32)
    target, along = _project(z, np.asarray(pose, dtype=np.float32), intrinsics)
    flow = target - np.stack(np.meshgrid(*(np.arange(side, dtype=np.float32) for side in (width, height))), axis=-1)
    out = np.zeros_like(image)
    counts = np.zeros((height, width), np.uint8)
    front = np.full((height, width), np.inf, np.float32)
    _splat(np.ascontiguousarray(image), target, along, published, out, counts, front)
    return NearestWarp(out, SplatMasks(counts > 0, counts > 1), flow)
