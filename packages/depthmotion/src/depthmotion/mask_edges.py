"""The border of an object's mask, moved to the depth edge beside it."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

RADIUS = 0.012
"""How far the border moves at most, as a share of the image's longer side."""
CONTRAST = 0.02
"""Difference of disparity between object and surroundings, as a share of the largest, that makes an edge."""


def snap_to_depth(
    labels: UInt8[np.ndarray, "h w"], depth: Float[np.ndarray, "h w"], *, radius: int | None = None
) -> UInt8[np.ndarray, "h w"]:
    """Return labels whose borders lie on depth edges, where there is one within `radius` pixels.

    Masks and depth come of different networks, whose edges differ by some pixels: what a mask leaves out of an object
    stays behind when it moves, and what it takes of the background comes along. A pixel leaves the object if its
    disparity is more like the surroundings' than the object's, and joins it if nothing around is as like it.
    Borders between two objects stay.
    """
    radius = max(2, round(RADIUS * max(labels.shape))) if radius is None else radius
    disparity = np.asarray(1.0 / depth, dtype=np.float32)
    least = CONTRAST * float(disparity.max())
    window, wide = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * r + 1, 2 * r + 1)) for r in (radius, 2 * radius))
    snapped = labels.copy()
    for label in range(1, int(labels.max(initial=0)) + 1):
        mask = np.asarray(labels == label, dtype=np.uint8)
        core, grown = cv2.erode(mask, window) > 0, cv2.dilate(mask, window) > 0
        if not core.any() or grown.all():
            continue
        inside, outside, beside = *_nearest(core, disparity), *_nearest(~grown, disparity, labels)
        to_inside, to_outside = np.abs(disparity - inside), np.abs(disparity - outside)
        edge = grown & ~core & (np.abs(inside - outside) > least) & (beside == 0)
        snapped[edge & (labels == label) & (to_outside < to_inside)] = 0
        highest = cv2.dilate(np.where(grown, np.float32(-np.inf), disparity), wide)
        lowest = cv2.erode(np.where(grown, np.float32(np.inf), disparity), wide)
        to_any = np.minimum(np.abs(disparity - highest), np.abs(disparity - lowest))
        snapped[edge & (labels == 0) & (to_inside < to_any)] = label
    return snapped


def _nearest(known: Bool[np.ndarray, "h w"], *maps: np.ndarray) -> list[np.ndarray]:
    """Return maps (H, W) with every pixel's value replaced by the nearest known pixel's."""
    free = np.asarray(~known, dtype=np.uint8)
    _, number = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    place = np.zeros(int(number.max()) + 1, np.int64)
    place[number[known]] = np.flatnonzero(known)
    return [values.reshape(-1)[place[number]] for values in maps]
