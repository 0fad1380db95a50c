"""A photo prepared for warping: its points, their planes, and the pictures that frames are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from depthmotion.errors import ConfigError, DepthError, ImageError
from depthmotion.intrinsics import Intrinsics
from depthmotion.plate import make_plate
from depthmotion.reach import Reach
from depthmotion.surface import cut_threshold, find_cuts, fit_planes
from depthmotion.surroundings import continue_outwards
from depthmotion.texture import Texture, make_texture

Fill = Literal["background", "telea", "none"]
LARGEST_MARGIN = 0.3
LARGEST_PLATE = 0.15
"""Both as shares of the image's longer side: farther away the last colours are continued."""


@dataclass(frozen=True)
class Scene:
    """Everything that frames of one photo share; arrays are never written after `build_scene`.

    A point is a pixel of the photo, 0 … H·W-1. `planes` (H·W, 4): disparity a·x + b·y + c around the point, x and y
    from the principal point, and the reach in pixels, negative where the photo has a share of a nearer colour, without
    which the plate shows the point. Where `covered`, the plate shows what lies behind. `edges`: see `place_edges`.
    """

    camera: Intrinsics
    disparity: Float32[np.ndarray, "h w"]
    labels: UInt8[np.ndarray, "h w"]
    planes: Float32[np.ndarray, "n 4"]
    covered: Bool[np.ndarray, "h w"]
    edges: UInt8[np.ndarray, "n 4"]
    texture: Texture
    tolerance: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.disparity.shape
        return int(height), int(width)


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


def build_scene(
    image: UInt8[np.ndarray, "h w 3"],
    disparity: Float32[np.ndarray, "depth_h depth_w"],
    camera: Intrinsics,
    *,
    labels: UInt8[np.ndarray, "h w"] | None = None,
    reach: Reach,
) -> Scene:
    """Prepare a photo and its disparity (1 / depth) to look as far outside and behind edges as `reach` says."""
    check_image(image)
    height, width = image.shape[:2]
    if disparity.shape != (height, width):
        raise DepthError(
            f"depth of {disparity.shape[1]}×{disparity.shape[0]} does not fit an image of {width}×{height}: "
            "resize it (DepthMap.resized) or check that the two belong together."
        )
    longer = max(height, width)
    margins = np.minimum(reach.sides, np.int32(LARGEST_MARGIN * longer + 1))
    radius = min(reach.parallax, int(LARGEST_PLATE * longer) + 1)
    image = np.ascontiguousarray(image)
    disparity = np.ascontiguousarray(disparity, dtype=np.float32)
    labels = np.zeros((height, width), np.uint8) if labels is None else np.ascontiguousarray(labels, dtype=np.uint8)
    threshold = cut_threshold(disparity)
    right, below = find_cuts(disparity, labels, np.float32(threshold))
    plate = make_plate(image, disparity, labels, right, below, threshold=threshold, radius=radius)
    planes = fit_planes(disparity, right, below, cx=camera.cx, cy=camera.cy)
    planes[plate.mixed, 3] *= -1
    backdrop = continue_outwards(image, plate.image, margins=margins)
    return Scene(
        camera=camera,
        disparity=disparity,
        labels=labels,
        planes=planes,
        covered=plate.covered,
        edges=plate.edges,
        texture=make_texture(image, backdrop, margins=margins),
        tolerance=threshold,
    )
