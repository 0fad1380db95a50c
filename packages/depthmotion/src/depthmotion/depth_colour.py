"""Depth as colour: near is bright, far is dark."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from depthmotion.depthmap import DepthMap


def depth_to_color(depth: DepthMap | Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """Return RGB uint8 of a depth map, by inverse depth between its 1st and 99th percentile (inferno)."""
    depth = depth if isinstance(depth, DepthMap) else DepthMap(np.asarray(depth))
    disparity = depth.values if depth.kind == "disparity" else 1.0 / depth.values
    low, high = np.percentile(disparity, (1, 99))
    unit = (disparity - low) / (high - low) if high > low else np.full(disparity.shape, 0.5)
    codes = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(codes, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), dtype=np.uint8)
