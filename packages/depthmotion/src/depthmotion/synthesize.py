"""A photo, its depth and a camera path become a clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, UInt8

from depthmotion.camera_path import CameraPath
from depthmotion.clip import Clip
from depthmotion.cracks import close_cracks, extend_background
from depthmotion.depthmap import DepthMap
from depthmotion.errors import PathError
from depthmotion.instances import MovingInstances
from depthmotion.intrinsics import Intrinsics
from depthmotion.motion import PixelMotions, pixel_motions
from depthmotion.resolve import resolve_frame
from depthmotion.scene import Fill, Scene, build_scene, check_fill, check_image, reach_of_motion
from depthmotion.splat import splat_photo, splat_points

TELEA_RADIUS = 3


@dataclass(frozen=True)
class RenderedFrame:
    """One frame: RGB, where the photo is seen, flow to the next frame (None for the last), depth if asked for."""

    image: UInt8[np.ndarray, "h w 3"]
    valid: Bool[np.ndarray, "h w"]
    flow: Float32[np.ndarray, "h w 2"] | None
    depth: Float32[np.ndarray, "h w"] | None


def render_frame(
    scene: Scene,
    motions: PixelMotions,
    t: int,
    *,
    rings: int,
    fill: Fill = "background",
    flow_to: int | None = None,
    with_depth: bool = False,
) -> RenderedFrame:
    """Warp one frame from the photo; `rings` is how far it looks outside, `flow_to` the frame its flow leads to."""
    height, width = scene.shape
    camera = scene.camera
    index = np.full((height, width), -1, np.int32)
    nearness = np.zeros((height, width), np.float32)
    matrix, shift, inverse, back = motions.matrix[t], motions.shift[t], motions.inverse[t], motions.back[t]
    cx, cy, photo = camera.cx, camera.cy, scene.num_photo
    points = (scene.planes, scene.point_x, scene.point_y, scene.point_labels, inverse, back, cx, cy)
    splat_photo(scene.disparity, scene.labels, cx, cy, matrix, shift, index, nearness)
    holes = close_cracks(index, nearness, *points, np.float32(scene.tolerance), photo)
    if len(holes):
        extra = scene.planes[photo:, 4]
        splat_points(
            scene.extra_x, scene.extra_y, extra, scene.point_labels[photo:], 0, scene.points_within(rings), cx, cy,
            matrix, shift, photo, index, nearness,
        )  # fmt: skip
        holes = close_cracks(index, nearness, *points, np.float32(scene.tolerance), photo)
        if len(holes) == index.size:
            index[0, 0] = 0
            holes = holes[1:]
        extend_background(index, nearness, holes)
    xy = np.empty((height, width, 2), np.int16)
    fraction = np.empty((height, width), np.uint16)
    valid = np.empty((height, width), np.bool_)
    flow = np.empty((height, width, 2), np.float32) if flow_to is not None else np.empty((1, 1, 2), np.float32)
    coordinates = np.empty((height, width, 3) if with_depth else (1, 1, 3), np.float32)
    target = t if flow_to is None else flow_to
    resolve_frame(
        index, scene.planes, scene.point_labels, matrix, inverse, back, cx, cy, photo, scene.texture.margin,
        scene.texture.layer_height, motions.matrix[target], motions.shift[target], flow_to is not None,
        xy, fraction, flow, valid, coordinates, with_depth,
    )  # fmt: skip
    image = scene.texture.read(xy, fraction)
    if fill == "telea":
        image = np.asarray(cv2.inpaint(image, (~valid).view(np.uint8), TELEA_RADIUS, cv2.INPAINT_TELEA), np.uint8)
    elif fill == "none":
        image[~valid] = 0
    depth = None
    if with_depth:
        depth = _depth_in_view(coordinates, index, scene.point_labels, matrix, shift)
    return RenderedFrame(image, valid, flow if flow_to is not None else None, depth)


def _depth_in_view(
    coordinates: Float32[np.ndarray, "h w 3"],
    index: np.ndarray,
    point_labels: np.ndarray,
    matrix: Float32[np.ndarray, "k 3 3"],
    shift: Float32[np.ndarray, "k 3"],
) -> Float32[np.ndarray, "h w"]:
    qx, qy, disparity = np.moveaxis(coordinates, -1, 0)
    labels = point_labels[np.where(index >= 0, index, -2 - index)]
    row, last = matrix[labels, 2], shift[labels, 2]
    along = row[..., 0] * qx + row[..., 1] * qy + row[..., 2] + last * disparity
    return np.asarray(along / np.maximum(disparity, 1e-6), dtype=np.float32)


@dataclass(frozen=True)
class PreparedClip:
    """A scene with its motions: what every way of rendering a clip starts from."""

    scene: Scene
    motions: PixelMotions
    rings: np.ndarray
    poses: Float64[np.ndarray, "t 4 4"]

    def __len__(self) -> int:
        return len(self.poses)

    def frames(
        self, *, fill: Fill = "background", with_flow: bool = True, with_depth: bool = False
    ) -> Iterator[RenderedFrame]:
        """Yield the frames one by one."""
        for t in range(len(self)):
            flow_to = t + 1 if with_flow and t + 1 < len(self) else None
            yield render_frame(
                self.scene, self.motions, t, rings=int(self.rings[t]), fill=fill, flow_to=flow_to, with_depth=with_depth
            )


def prepare(
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float[np.ndarray, "h w"] | DepthMap,
    path: CameraPath | Float[np.ndarray, "t 4 4"],
    *,
    intrinsics: Intrinsics | Float[np.ndarray, "3 3"] | None = None,
    instances: MovingInstances | None = None,
) -> PreparedClip:
    """Check the inputs of a clip and do once what all its frames share."""
    check_image(image)
    height, width = image.shape[:2]
    if not isinstance(path, CameraPath):
        path = CameraPath(np.asarray(path, dtype=np.float64))
    if not isinstance(depth, DepthMap):
        depth = DepthMap(np.asarray(depth))
    if intrinsics is None:
        intrinsics = Intrinsics.default(height, width)
    elif not isinstance(intrinsics, Intrinsics):
        intrinsics = Intrinsics.from_matrix(intrinsics)
    poses = np.asarray(path.poses, dtype=np.float64)[:, None]
    labels = None
    if instances is not None:
        if instances.labels.shape != (height, width):
            raise PathError(
                f"instance labels of shape {instances.labels.shape} do not fit an image of {height}×{width}."
            )
        if len(instances.motions) and instances.motions.shape[1] != len(path):
            raise PathError(
                f"instances move for {instances.motions.shape[1]} frames but the path has {len(path)}: make them equal."
            )
        labels = instances.labels
        poses = np.concatenate([poses, poses @ instances.motions.swapaxes(0, 1)], axis=1)
    values = depth.to_depth()
    disparity = np.asarray(1.0 / values, dtype=np.float32)
    rings, parallax = reach_of_motion(poses, path.zooms, disparity, intrinsics)
    scene = build_scene(image, values, intrinsics, labels=labels, margin=int(rings.max()), plate_radius=parallax)
    return PreparedClip(scene, pixel_motions(poses, path.zooms, intrinsics), rings, poses[:, 0])


def synthesize(
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float[np.ndarray, "h w"] | DepthMap,
    path: CameraPath | Float[np.ndarray, "t 4 4"],
    *,
    intrinsics: Intrinsics | Float[np.ndarray, "3 3"] | None = None,
    fill: Fill = "background",
    instances: MovingInstances | None = None,
) -> Clip:
    """Return the clip that a camera on `path` would see of a photo with the given depth.

    Every frame is warped from the photo's own pixels. `fill` decides what is seen where the photo shows nothing:
    "background" continues what lies behind, "telea" inpaints each frame (radius 3), "none" leaves black.

    >>> import numpy as np
    >>> photo = np.zeros((48, 64, 3), np.uint8)
    >>> clip = synthesize(photo, np.full((48, 64), 5.0, np.float32), paths.random_walk(4, np.random.default_rng(0)))
    >>> clip.frames.shape, clip.flow.shape
    ((4, 48, 64, 3), (3, 48, 64, 2))
    """
    check_fill(fill)
    prepared = prepare(image, depth, path, intrinsics=intrinsics, instances=instances)
    height, width = image.shape[:2]
    count = len(prepared)
    frames = np.empty((count, height, width, 3), np.uint8)
    flow = np.empty((count - 1, height, width, 2), np.float32)
    valid = np.empty((count, height, width), np.bool_)
    depths = np.empty((count, height, width), np.float32)
    for t, frame in enumerate(prepared.frames(fill=fill, with_depth=True)):
        frames[t], valid[t], depths[t] = frame.image, frame.valid, frame.depth
        if frame.flow is not None:
            flow[t] = frame.flow
    return Clip(frames, flow, valid, prepared.poses, depths)
