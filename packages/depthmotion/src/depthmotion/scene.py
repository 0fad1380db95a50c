"""A photo prepared for warping: its points, their planes, the background plate, the margin and the texture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, no_type_check

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8
from numba import njit

from depthmotion.errors import ConfigError, DepthError, ImageError
from depthmotion.intrinsics import Intrinsics
from depthmotion.plate import make_plate
from depthmotion.surface import cut_threshold, find_cuts, fit_planes
from depthmotion.surroundings import soften_inwards
from depthmotion.texture import Texture, make_texture

Fill = Literal["background", "telea", "none"]
LARGEST_MARGIN = 0.3
LARGEST_PLATE = 0.15
"""Both as shares of the image's longer side: farther away the last colours are continued."""
SLACK = 2
"""Pixels that are prepared beyond the reach of a motion."""
DIAGONAL = 1.5
"""A plate's distances are counted along rows and columns: at most this much longer than straight."""


@dataclass(frozen=True)
class Scene:
    """Everything that frames of one photo share; arrays are never written after `build_scene`.

    Points 0 … H·W-1 are the photo's pixels. `planes` (H·W, 4): disparity a·x + b·y + c around the point and the reach
    in pixels. The extra points after them lie behind the photo (plate) or around it (margin: the rows of the photo
    padded by `margin` pixels); their positions count from the principal point, and they face the camera.
    """

    camera: Intrinsics
    disparity: Float32[np.ndarray, "h w"]
    labels: UInt8[np.ndarray, "h w"]
    planes: Float32[np.ndarray, "n 4"]
    extra_x: Float32[np.ndarray, " e"]
    extra_y: Float32[np.ndarray, " e"]
    extra_disparity: Float32[np.ndarray, " e"]
    extra_labels: UInt8[np.ndarray, " e"]
    plate_within: Int32[np.ndarray, " r"]
    margin: int
    texture: Texture
    tolerance: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.disparity.shape
        return int(height), int(width)

    @property
    def num_photo(self) -> int:
        """Number of points that are the photo's own pixels."""
        return int(self.disparity.size)

    @property
    def num_plate(self) -> int:
        """Number of points behind the photo."""
        return int(self.plate_within[-1])

    def extra_runs(self, sides: Int32[np.ndarray, "4"], parallax: int) -> Int32[np.ndarray, "r 2"]:
        """Return which extra points (first, last) a frame may show that looks that far past each side and edge.

        `sides` is top, bottom, left, right, as in `Reach`.
        """
        height, width = self.shape
        near = self.plate_within[min(int(DIAGONAL * parallax), len(self.plate_within) - 1)]
        top, bottom, left, right = (min(int(side), self.margin) for side in sides)
        stride = width + 2 * self.margin
        start = self.num_plate + self.margin * stride + self.margin
        return _runs(int(near), start, stride, height, width, top, bottom, left, right)


@njit(cache=True, nogil=True)
@no_type_check
def _runs(near, start, stride, height, width, top, bottom, left, right):
    """Return the plate's first `near` points and, row by row, the margin's around the photo, which is at `start`."""
    runs = np.empty((1 + top + bottom + 2 * height, 2), np.int32)
    runs[0, 0], runs[0, 1] = 0, near
    count = 1
    for y in range(-top, height + bottom):
        first = start + y * stride
        inside = 0 <= y < height
        runs[count, 0] = first - left
        runs[count, 1] = first if inside else first + width + right
        count += 1
        if inside:
            runs[count, 0], runs[count, 1] = first + width, first + width + right
            count += 1
    return runs


def check_image(image: UInt8[np.ndarray, "h w 3"]) -> None:
    """Raise ImageError unless the image is a non-empty uint8 RGB array."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ImageError(
            f"an image is a uint8 RGB array (H, W, 3), got {image.dtype} {image.shape}: "
            "depthmotion.read_image converts any file."
        )


def check_fill(fill: str) -> None:
    """Raise ConfigError unless the fill is known."""
    if fill not in get_args(Fill):
        raise ConfigError(f"fill={fill!r} is unknown: use one of {', '.join(get_args(Fill))}.")


@dataclass(frozen=True)
class Reach:
    """How far each frame looks past the photo's top, bottom, left and right (T, 4) and behind its edges (T,) [px]."""

    sides: Int32[np.ndarray, "t 4"]
    parallax: Int32[np.ndarray, " t"]


def reach_of_motion(
    poses: Float64[np.ndarray, "t k 4 4"],
    zooms: Float64[np.ndarray, " t"],
    disparity: Float32[np.ndarray, "h w"],
    camera: Intrinsics,
) -> Reach:
    """Return how far, in pixels of the photo, the frames of a path look past its borders and behind its edges."""
    height, width = disparity.shape
    rows = np.linspace(0, height - 1, min(height, 33))
    columns = np.linspace(0, width - 1, min(width, 33))
    borders = (disparity[0], disparity[-1], disparity[:, 0], disparity[:, -1])
    across, down = np.ones(len(columns)), np.ones(len(rows))
    x = np.concatenate([columns, columns, 0 * down, (width - 1) * down])
    y = np.concatenate([0 * across, (height - 1) * across, rows, rows])
    side = np.repeat(np.arange(4), [len(columns), len(columns), len(rows), len(rows)])
    seen = np.stack(
        [(x - camera.cx) / (camera.fx * zooms[:, None]), (y - camera.cy) / (camera.fy * zooms[:, None])], axis=-1
    )
    rays = np.concatenate([seen, np.ones((*seen.shape[:2], 1))], axis=-1)
    back = poses[:, 0, :3, :3].swapaxes(-1, -2)
    rays = rays @ back.swapaxes(-1, -2)  # in frame 0's axes
    origin = -np.einsum("tij,tj->ti", back, poses[:, 0, :3, 3])[:, None, :]
    outward = np.zeros((len(poses), len(x)))
    for extreme in (np.min, np.max):
        # The border continues outwards at its own depth: where does the ray meet the plane of that depth?
        d = np.array([extreme(border) for border in borders], dtype=np.float64)[side]
        s = d * rays[..., 2] / np.maximum(1 - origin[..., 2] * d, 1e-3)
        ahead = np.maximum(rays[..., 2] + origin[..., 2] * s, 1e-3)
        u = (rays[..., 0] + origin[..., 0] * s) / ahead * camera.fx + camera.cx
        v = (rays[..., 1] + origin[..., 1] * s) / ahead * camera.fy + camera.cy
        past = np.choose(side, [-v, v - (height - 1), -u, u - (width - 1)])
        outward = np.maximum(outward, np.where(rays[..., 2] > 0, past, 0))
    reach = np.stack([outward[:, side == number].max(axis=1) for number in range(4)], axis=1)
    reach = np.minimum(reach, max(height, width))
    sides = np.where(reach > 1e-3, np.ceil(reach) + SLACK, 0).astype(np.int32)
    return Reach(sides, _parallax(poses, zooms, disparity, camera))


def _parallax(
    poses: Float64[np.ndarray, "t k 4 4"],
    zooms: Float64[np.ndarray, " t"],
    disparity: Float32[np.ndarray, "h w"],
    camera: Intrinsics,
) -> Int32[np.ndarray, " t"]:
    """Return by how many pixels near and far points, and objects, shift against each other at most in each frame."""
    height, width = disparity.shape
    view = np.array([camera.fx, camera.fy]) * zooms[:, None, None]
    corner = np.array([max(camera.cx, width - 1 - camera.cx), max(camera.cy, height - 1 - camera.cy)])
    shift = np.linalg.norm(np.abs(poses[:, :, :2, 3]) * view + np.abs(poses[:, :, 2:3, 3]) * corner, axis=-1)
    parallax = shift.max(axis=1) * float(disparity.max() - disparity.min())
    if poses.shape[1] > 1:  # objects also turn and move against the background
        rotation = np.abs(poses[:, 1:, :3, :3] - poses[:, :1, :3, :3]).max(axis=(1, 2, 3))
        parallax = parallax + rotation * max(camera.fx, camera.fy)
        parallax = np.maximum(parallax, shift.max(axis=1) * float(disparity.max()))
    return (np.ceil(np.minimum(parallax, 1e6)) + SLACK).astype(np.int32)


def build_scene(
    image: UInt8[np.ndarray, "h w 3"],
    disparity: Float32[np.ndarray, "depth_h depth_w"],
    camera: Intrinsics,
    *,
    labels: UInt8[np.ndarray, "h w"] | None = None,
    margin: int,
    plate_radius: int,
) -> Scene:
    """Prepare a photo and its disparity (1 / depth) to look `margin` px outside and `plate_radius` px behind edges."""
    check_image(image)
    height, width = image.shape[:2]
    if disparity.shape != (height, width):
        raise DepthError(
            f"depth of {disparity.shape[1]}×{disparity.shape[0]} does not fit an image of {width}×{height}: "
            "resize it (DepthMap.resized) or check that the two belong together."
        )
    longer = max(height, width)
    margin = min(margin, int(LARGEST_MARGIN * longer) + 1)
    plate_radius = min(plate_radius, int(LARGEST_PLATE * longer) + 1)
    disparity = np.ascontiguousarray(disparity, dtype=np.float32)
    labels = np.zeros((height, width), np.uint8) if labels is None else np.ascontiguousarray(labels, dtype=np.uint8)
    threshold = cut_threshold(disparity)
    right, below = find_cuts(disparity, labels, np.float32(threshold))
    plate = make_plate(image, disparity, labels, right, below, threshold=threshold, radius=plate_radius)
    padded_x = np.arange(-margin, width + margin, dtype=np.float32) - np.float32(camera.cx)
    padded_y = np.arange(-margin, height + margin, dtype=np.float32) - np.float32(camera.cy)
    padded = (len(padded_y), len(padded_x)) if margin else (0, 0)
    around = soften_inwards(image, margin=margin) if margin else None
    sides = (margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return Scene(
        camera=camera,
        disparity=disparity,
        labels=labels,
        planes=fit_planes(disparity, right, below, cx=camera.cx, cy=camera.cy),
        extra_x=_behind(
            plate.x.astype(np.float32) - np.float32(camera.cx), np.broadcast_to(padded_x[: padded[1]], padded)
        ),
        extra_y=_behind(
            plate.y.astype(np.float32) - np.float32(camera.cy), np.broadcast_to(padded_y[: padded[0], None], padded)
        ),
        extra_disparity=_behind(plate.disparity, cv2.copyMakeBorder(disparity, *sides) if margin else disparity[:0]),
        extra_labels=_behind(plate.labels, cv2.copyMakeBorder(labels, *sides) if margin else labels[:0]),
        plate_within=plate.within,
        margin=margin,
        texture=make_texture(image, plate.image, plate_x=plate.x, plate_y=plate.y, around=around),
        tolerance=threshold,
    )


def _behind(plate: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Return the values of the plate's points followed by the margin's, row by row."""
    values = np.empty(plate.size + margin.size, plate.dtype)
    values[: plate.size] = plate
    values[plate.size :].reshape(margin.shape)[...] = margin
    return values
