"""A photo, its depth and a camera path become a clip."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, UInt8

from depthmotion.camera_path import CameraPath
from depthmotion.clip import Clip
from depthmotion.depthmap import DepthMap
from depthmotion.errors import ConfigError, MissingDependencyError, PathError
from depthmotion.instances import MovingInstances
from depthmotion.intrinsics import Intrinsics
from depthmotion.motion import pixel_motions
from depthmotion.prepared import PreparedClip
from depthmotion.reach import reach_of_motion
from depthmotion.scene import Fill, build_scene, check_fill, check_image

Engine = Literal["numba", "torch"]


def prepare(
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float[np.ndarray, "h w"] | DepthMap,
    path: CameraPath | Float[np.ndarray, "t 4 4"],
    *,
    intrinsics: Intrinsics | Float[np.ndarray, "3 3"] | None = None,
    instances: MovingInstances | None = None,
) -> PreparedClip:
    """Check the inputs of a clip and do once what all its frames share.

    Without `intrinsics` the camera is the depth map's, if it knows one, or the published one: see `Intrinsics.default`.
    """
    check_image(image)
    height, width = image.shape[:2]
    if not isinstance(path, CameraPath):
        path = CameraPath(np.asarray(path, dtype=np.float64))
    if not isinstance(depth, DepthMap):
        depth = DepthMap(np.asarray(depth))
    intrinsics = Intrinsics.of(depth.intrinsics if intrinsics is None else intrinsics, height, width)
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
    disparity = np.asarray(1.0 / depth.to_depth(), dtype=np.float32)
    reach = reach_of_motion(poses, path.zooms, disparity, intrinsics)
    scene = build_scene(
        image,
        disparity,
        intrinsics,
        labels=labels,
        reach=reach,
    )
    return PreparedClip(scene, pixel_motions(poses, path.zooms, intrinsics), poses[:, 0])


def synthesize(
    image: UInt8[np.ndarray, "h w 3"],
    depth: Float[np.ndarray, "h w"] | DepthMap,
    path: CameraPath | Float[np.ndarray, "t 4 4"],
    *,
    intrinsics: Intrinsics | Float[np.ndarray, "3 3"] | None = None,
    fill: Fill = "background",
    instances: MovingInstances | None = None,
    engine: Engine = "numba",
    device: str = "auto",
) -> Clip:
    """Return the clip that a camera on `path` would see of a photo with the given depth.

    Every frame is warped from the photo's own pixels. `fill` decides what is seen where the photo shows nothing:
    "background" continues what lies behind, "telea" inpaints each frame (radius 3), "none" leaves black. The engine
    "torch" renders all frames at once on `device` (`auto`: a GPU if there is one); `torch_engine.render_batch` does so
    for many clips, and leaves them there.

    >>> import numpy as np
    >>> photo = np.zeros((48, 64, 3), np.uint8)
    >>> clip = synthesize(photo, np.full((48, 64), 5.0, np.float32), paths.random_walk(4, np.random.default_rng(0)))
    >>> clip.frames.shape, clip.flow.shape
    ((4, 48, 64, 3), (3, 48, 64, 2))
    """
    check_fill(fill)
    if engine not in get_args(Engine):
        raise ConfigError(f"engine={engine!r} is unknown: use one of {', '.join(get_args(Engine))}.")
    prepared = prepare(image, depth, path, intrinsics=intrinsics, instances=instances)
    if engine == "torch":
        return _by_torch(prepared, fill, device)
    height, width = image.shape[:2]
    count = len(prepared)
    frames = np.empty((count, height, width, 3), np.uint8)
    flow = np.empty((count - 1, height, width, 2), np.float32)
    valid = np.empty((count, height, width), np.bool_)
    for t, frame in enumerate(prepared.frames(fill=fill)):
        frames[t], valid[t] = frame.image, frame.valid
        if frame.flow is not None:
            flow[t] = frame.flow
    return Clip(frames, flow, valid, prepared.poses, prepared)


def _by_torch(prepared: PreparedClip, fill: Fill, device: str) -> Clip:
    try:
        from depthmotion.torch_engine import render_batch
    except ImportError as error:
        raise MissingDependencyError(
            f"the engine torch needs PyTorch: pip install 'depthmotion[torch]' ({error})."
        ) from error
    batch = render_batch([prepared], device=device, fill=fill)
    frames, flow, valid = (part[0].cpu().numpy() for part in (batch.frames, batch.flow, batch.valid))
    return Clip(frames, flow, valid, prepared.poses, prepared)
