"""A photo prepared for warping: its points, their planes, the background plate, the margin and the texture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from depthmotion.errors import ConfigError, DepthError, ImageError
from depthmotion.intrinsics import Intrinsics
from depthmotion.plate import make_plate
from depthmotion.surface import cut_threshold, find_cuts, fit_planes
from depthmotion.texture import Texture, make_texture

Fill = Literal["background", "telea", "none"]
LARGEST_MARGIN = 0.3
LARGEST_PLATE = 0.15
"""Both as shares of the image's longer side: farther away the last colours are continued."""


@dataclass(frozen=True)
class Scene:
    """Everything that frames of one photo share; arrays are never written after `build_scene`.

    Points 0 … H·W-1 are the photo's pixels, the others lie behind them (plate) or around them (margin, by ring).
    `planes` (N, 5): disparity a·x + b·y + c around the point, reach in pixels, disparity at the point.
    """

    camera: Intrinsics
    disparity: Float32[np.ndarray, "h w"]
    labels: UInt8[np.ndarray, "h w"]
    planes: Float32[np.ndarray, "n 5"]
    point_x: Float32[np.ndarray, "n"]
    point_y: Float32[np.ndarray, "n"]
    point_labels: UInt8[np.ndarray, "n"]
    extra_x: Int32[np.ndarray, "e"]
    extra_y: Int32[np.ndarray, "e"]
    num_plate: int
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

    def points_within(self, ring: int) -> int:
        """Return how many extra points the plate and the margin's first `ring` rings hold."""
        height, width = self.shape
        ring = min(ring, self.margin)
        return self.num_plate + (height + 2 * ring) * (width + 2 * ring) - height * width


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


def _margin_rings(height: int, width: int, margin: int) -> tuple[Int32[np.ndarray, "n"], Int32[np.ndarray, "n"]]:
    """Return the coordinates around an image, innermost ring first."""
    ys, xs = [], []
    for ring in range(1, margin + 1):
        across = np.arange(-ring, width + ring, dtype=np.int32)
        down = np.arange(-ring + 1, height + ring - 1, dtype=np.int32)
        ys += [np.full_like(across, -ring), np.full_like(across, height - 1 + ring), down, down]
        xs += [across, across, np.full_like(down, -ring), np.full_like(down, width - 1 + ring)]
    if not ys:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    return np.concatenate(ys), np.concatenate(xs)


def reach_of_motion(
    poses: Float64[np.ndarray, "t k 4 4"],
    zooms: Float64[np.ndarray, "t"],
    disparity: Float32[np.ndarray, "h w"],
    camera: Intrinsics,
) -> tuple[Int32[np.ndarray, "t"], int]:
    """Return how far, in pixels, each frame looks past the photo's border, and the widest parallax of a path."""
    height, width = disparity.shape
    rows = np.unique(np.linspace(0, height - 1, 33).astype(int))
    columns = np.unique(np.linspace(0, width - 1, 33).astype(int))
    y = np.concatenate([np.full(len(columns), 0), np.full(len(columns), height - 1), rows, rows])
    x = np.concatenate([columns, columns, np.full(len(rows), 0), np.full(len(rows), width - 1)])
    side_y = np.repeat([-1, 1, 0, 0], [len(columns), len(columns), len(rows), len(rows)])
    side_x = np.repeat([0, 0, -1, 1], [len(columns), len(columns), len(rows), len(rows)])
    rays = np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones(len(x))])
    edge = disparity[y, x].astype(np.float64)
    camera_only = poses[:, 0]
    moved = camera_only[:, :3, :3] @ rays + camera_only[:, :3, 3:] * edge
    ahead = np.maximum(moved[:, 2], 1e-3)
    u = moved[:, 0] / ahead * camera.fx * zooms[:, None] + camera.cx
    v = moved[:, 1] / ahead * camera.fy * zooms[:, None] + camera.cy
    inward = np.maximum(-(u - x) * side_x, -(v - y) * side_y)
    rings = np.ceil(np.clip(inward.max(axis=1), 0, None)).astype(np.int32)
    spread = float(disparity.max() - disparity.min())
    view = np.array([camera.fx, camera.fy]) * zooms[:, None, None]
    corner = np.array([max(camera.cx, width - 1 - camera.cx), max(camera.cy, height - 1 - camera.cy)])
    shift = np.abs(poses[:, :, :2, 3]) * view + np.abs(poses[:, :, 2:3, 3]) * corner
    parallax = float(np.linalg.norm(shift, axis=-1).max()) * spread
    if poses.shape[1] > 1:  # objects also turn and move against the background
        rotation = np.abs(poses[:, 1:, :3, :3] - poses[:, :1, :3, :3]).max()
        parallax += float(rotation) * max(camera.fx, camera.fy)
        parallax = max(parallax, float(np.linalg.norm(shift, axis=-1).max()) * float(disparity.max()))
    return np.where(rings > 0, rings + 2, 0).astype(np.int32), int(min(np.ceil(parallax), 1e6)) + 2


def build_scene(
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float32[np.ndarray, "depth_h depth_w"],
    camera: Intrinsics,
    *,
    labels: UInt8[np.ndarray, "h w"] | None = None,
    margin: int,
    plate_radius: int,
) -> Scene:
    """Prepare a photo and its depth for motions that look `margin` pixels outside and `plate_radius` behind edges."""
    check_image(image)
    height, width = image.shape[:2]
    if depth.shape != (height, width):
        raise DepthError(
            f"depth of {depth.shape[1]}×{depth.shape[0]} does not fit an image of {width}×{height}: "
            "resize it (DepthMap.resized) or check that the two belong together."
        )
    longer = max(height, width)
    margin = min(margin, int(LARGEST_MARGIN * longer) + 1)
    plate_radius = min(plate_radius, int(LARGEST_PLATE * longer) + 1)
    disparity = np.ascontiguousarray(1.0 / depth, dtype=np.float32)
    labels = np.zeros((height, width), np.uint8) if labels is None else np.ascontiguousarray(labels, dtype=np.uint8)
    threshold = cut_threshold(disparity)
    right, below = find_cuts(disparity, labels, np.float32(threshold))
    photo_planes = fit_planes(disparity, right, below, cx=camera.cx, cy=camera.cy)
    plate = make_plate(image, disparity, labels, right, below, threshold=threshold, radius=plate_radius)
    ring_y, ring_x = _margin_rings(height, width, margin)
    inside_y, inside_x = np.clip(ring_y, 0, height - 1), np.clip(ring_x, 0, width - 1)
    extra_x, extra_y = np.concatenate([plate.x, ring_x]), np.concatenate([plate.y, ring_y])
    extra = np.concatenate([plate.disparity, disparity[inside_y, inside_x]])
    pixel_y, pixel_x = np.divmod(np.arange(height * width, dtype=np.int32), np.int32(width))
    planes = np.zeros((height * width + len(extra), 5), np.float32)
    planes[: height * width, :4] = photo_planes
    planes[: height * width, 4] = disparity.ravel()
    planes[height * width :, 2] = planes[height * width :, 4] = extra
    planes[height * width :, 3] = 1.0
    return Scene(
        camera=camera,
        disparity=disparity,
        labels=labels,
        planes=planes,
        point_x=np.concatenate([pixel_x, extra_x]).astype(np.float32) - np.float32(camera.cx),
        point_y=np.concatenate([pixel_y, extra_y]).astype(np.float32) - np.float32(camera.cy),
        point_labels=np.concatenate([labels.ravel(), plate.labels, labels[inside_y, inside_x]]),
        extra_x=extra_x,
        extra_y=extra_y,
        num_plate=len(plate.x),
        margin=margin,
        texture=make_texture([image, plate.image], margin=margin),
        tolerance=threshold,
    )
