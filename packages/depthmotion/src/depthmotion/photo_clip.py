"""From a photo and its depth to a clip, as the commands make it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Integer, UInt8

from depthmotion import paths
from depthmotion.clip import Clip
from depthmotion.depthmap import DepthMap
from depthmotion.errors import ConfigError, PathError
from depthmotion.image_files import resize_image
from depthmotion.instance_files import resize_labels
from depthmotion.instances import select
from depthmotion.intrinsics import Intrinsics
from depthmotion.mask_edges import snap_to_depth
from depthmotion.object_motion import ObjectMotion
from depthmotion.scene import Fill
from depthmotion.synthesize import synthesize

_LARGEST_OWN_SIZE = 16_000_000


def clip_of_photo(
    photo: UInt8[np.ndarray, "h w 3"],
    depth: DepthMap,
    *,
    path: str,
    seed: int,
    num_frames: int | None = None,
    size: tuple[int, int] | None = None,
    fov_deg: float | None = None,
    max_holes: float | None = None,
    fill: Fill = "background",
    mask: Integer[np.ndarray, "h w"] | None = None,
    objects: ObjectMotion | None = None,
) -> Clip:
    """Return the clip of a photo along a described path, drawn from a seed and scaled to the photo's depth.

    Args:
        photo: uint8 RGB.
        depth: of the photo's size; its camera is the photo's unless `fov_deg` says another.
        path: see `paths.from_description`.
        seed: decides the path, and then the motions of objects.
        num_frames: length; `None` is 16, or a file of poses' own.
        size: (height, width) that photo, depth and mask are resized to.
        fov_deg: the photo's horizontal field of view.
        max_holes: the path is shrunk until no frame has more than this share of pixels that the photo does not show.
        fill: see `synthesize`.
        mask: instance ids of the photo; without it nothing moves on its own.
        objects: which of them move, and how far.

    Raises:
        DepthMotionError: an input is not as it should be.
    """
    if fov_deg is not None:
        camera = Intrinsics.from_field_of_view(*photo.shape[:2], horizontal_fov_deg=fov_deg)
        depth = DepthMap(depth.values, depth.kind, camera)
    objects = objects or ObjectMotion()
    labels = None if mask is None else select(mask, objects.chosen(mask))
    if size is not None:
        photo, depth = resize_image(photo, size), depth.resized(*size)
        labels = None if labels is None else resize_labels(labels, size)
    if photo.shape[0] * photo.shape[1] > _LARGEST_OWN_SIZE:
        raise PathError(
            f"a photo of {photo.shape[1]}×{photo.shape[0]} is too large to be warped at its own size (at most "
            f"{_LARGEST_OWN_SIZE // 1_000_000} megapixels): give a size."
        )
    distances = depth.to_depth()
    rng = np.random.default_rng(seed)
    camera_path = paths.from_description(
        path,
        rng,
        depth=distances,
        num_frames=num_frames,
        max_holes=max_holes,
        intrinsics=depth.intrinsics,
    )
    instances = None
    if labels is not None:
        labels = snap_to_depth(labels, distances)
        instances = objects.draw(labels, distances, len(camera_path), rng, intrinsics=depth.intrinsics)
    return synthesize(photo, distances, camera_path, intrinsics=depth.intrinsics, fill=fill, instances=instances)


def check_view(*, size: tuple[int, int] | None, fov_deg: float | None = None, max_holes: float | None = None) -> None:
    """Raise ConfigError for values that `clip_of_photo` cannot take, before any photo is read."""
    if size is not None and (len(size) != 2 or not 2 <= min(size) <= max(size) <= 8192):
        raise ConfigError(f"size={size}: give (height, width) of 2 to 8192 pixels.")
    if fov_deg is not None and not 1 <= fov_deg <= 170:
        raise ConfigError(f"fov_deg={fov_deg}: give a horizontal field of view of 1 to 170 degrees.")
    if max_holes is not None and not 0 < max_holes <= 1:
        raise ConfigError(f"max_holes={max_holes}: give a share of the frame above 0 and at most 1.")
