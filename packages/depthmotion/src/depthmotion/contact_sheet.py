"""A clip on one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import UInt8

from depthmotion.depth_colour import depth_to_color
from depthmotion.errors import ConfigError
from depthmotion.flowio import flow_to_color
from depthmotion.image_files import resize_image

if TYPE_CHECKING:
    from depthmotion.clip import Clip

_GAP = 4


def contact_sheet(clip: Clip, *, columns: int = 8, width: int = 160) -> UInt8[np.ndarray, "h w 3"]:
    """Return a picture uint8 RGB of a clip: frames, flow and depth, at `columns` moments, each `width` pixels wide.

    Flow leads to the next frame and has one scale for the clip; its place under the last frame stays white. What is
    not seen in the photo has a red tint in the row of depth.
    """
    if columns < 1 or width < 8:
        raise ConfigError(f"columns={columns}, width={width}: give at least 1 column of 8 pixels.")
    count, full_height, full_width = clip.frames.shape[:3]
    moments = np.unique(np.linspace(0, count - 1, min(columns, count)).round().astype(int))
    size = max(1, round(width * full_height / full_width)), width
    largest = float(np.hypot(clip.flow[..., 0], clip.flow[..., 1]).max(initial=0.0))
    rows: list[list[np.ndarray]] = [[], [], []]
    for t in moments:
        rows[0].append(resize_image(clip.frames[t], size))
        flow = flow_to_color(clip.flow[t], max_magnitude=max(largest, 1e-6)) if t < len(clip.flow) else None
        rows[1].append(np.full((*size, 3), 255, np.uint8) if flow is None else resize_image(flow, size))
        depth = depth_to_color(np.maximum(clip.depth[t], 1e-6))
        tint = np.where(clip.valid[t][..., None], depth, depth // 2 + np.array([127, 0, 0], np.uint8)).astype(np.uint8)
        rows[2].append(resize_image(tint, size))
    spaced = [
        [cv2.copyMakeBorder(tile, 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for tile in row]
        for row in rows
    ]
    return np.asarray(np.concatenate([np.concatenate(row, axis=1) for row in spaced]), dtype=np.uint8)
