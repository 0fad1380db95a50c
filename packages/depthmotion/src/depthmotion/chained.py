"""The published procedure, kept for comparison: every frame is made from the JPEG of the frame before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from depthmotion.camera_path import CameraPath
from depthmotion.depthmap import DepthMap
from depthmotion.image_files import decode_image, encode_image
from depthmotion.intrinsics import Intrinsics
from depthmotion.nearest import SplatMasks, warp_nearest

PUBLISHED_QUALITY = 95


@dataclass(frozen=True)
class ChainedClip:
    """Frames uint8 (T, H, W, 3) as decoded from `jpegs`, flow (T-1, H, W, 2) between them, masks of each splat."""

    frames: UInt8[np.ndarray, "t h w 3"]
    jpegs: list[bytes]
    flow: Float32[np.ndarray, "t1 h w 2"]
    masks: list[SplatMasks]


def synthesize_chained(
    image: UInt8[np.ndarray, "h w 3"],
    estimate_depth: Callable[[UInt8[np.ndarray, "h w 3"]], DepthMap],
    path: CameraPath | Float[np.ndarray, "t 4 4"],
    *,
    intrinsics: Intrinsics | None = None,
    jpeg_quality: int = PUBLISHED_QUALITY,
    published: bool = True,
) -> ChainedClip:
    """Return the clip of the published procedure (CFB, stage A): depth, warp, Telea, JPEG, once per frame.

    Frame 0 is the photo moved by pose 0, so the published 16 frames come of `random_walk(17, rng).poses[1:]`.
    `estimate_depth` is asked anew for every frame, as a `load_depth` source or any function from RGB to a `DepthMap`.
    Without `published` the splat is correct, and only the chaining remains: see `warp_nearest`.
    """
    path = path if isinstance(path, CameraPath) else CameraPath(np.asarray(path, dtype=np.float64))
    frames, jpegs, flows, masks = [], [], [], []
    last = np.eye(4)
    frame = image
    for pose in path.poses:
        depth = estimate_depth(frame).to_depth()
        warp = warp_nearest(frame, depth, pose @ np.linalg.inv(last), intrinsics=intrinsics, published=published)
        jpegs.append(encode_image(warp.filled(), suffix=".jpg", quality=jpeg_quality))
        frame = decode_image(jpegs[-1])
        frames.append(frame)
        flows.append(warp.flow)
        masks.append(warp.masks)
        last = pose
    return ChainedClip(np.stack(frames), jpegs, np.stack(flows)[1:], masks)
