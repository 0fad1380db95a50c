"""Camera paths as pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from depthmotion.camera_path import CameraPath
from depthmotion.rotation import rotation_vector

_PANEL = (200, 280)
_INK, _GREY, _FONT = (40, 40, 40), (190, 190, 190), cv2.FONT_HERSHEY_SIMPLEX
_COLOURS = {"x": (200, 60, 50), "y": (60, 150, 60), "z": (50, 90, 200)}


def draw_paths(paths: Sequence[CameraPath]) -> UInt8[np.ndarray, "h w 3"]:
    """Return a picture uint8 RGB with a row per path.

    Left: the camera from above (right is x, up is ahead), with its viewing direction. Middle: its place x, y, z in
    frame 0's camera, over the frames. Right: its turn about x, y, z in degrees, and its zoom.
    """
    return np.concatenate([_row(path) for path in paths], axis=0)


def _row(path: CameraPath) -> UInt8[np.ndarray, "h w 3"]:
    cameras = np.linalg.inv(path.poses)
    places = cameras[:, :3, 3]
    turns = np.rad2deg(np.stack([rotation_vector(camera[:3, :3]) for camera in cameras]))
    zoomed = "" if path.zoom is None else f", zoom to {path.zooms[-1]:.2f}"
    panels = [
        _from_above(cameras, f"{path.name}, {len(path)} frames"),
        _curves(places, "place"),
        _curves(turns, f"turn [deg]{zoomed}"),
    ]
    return np.concatenate(panels, axis=1)


def _blank(title: str) -> UInt8[np.ndarray, "h w 3"]:
    panel = np.full((*_PANEL, 3), 255, np.uint8)
    cv2.rectangle(panel, (0, 0), (_PANEL[1] - 1, _PANEL[0] - 1), _GREY, 1)
    cv2.putText(panel, title[:44], (8, 16), _FONT, 0.38, _INK, 1, cv2.LINE_AA)
    return panel


def _from_above(cameras: Float[np.ndarray, "t 4 4"], title: str) -> UInt8[np.ndarray, "h w 3"]:
    panel = _blank(title)
    height, width = _PANEL
    ground = cameras[:, [0, 2], 3]
    middle = (ground.min(axis=0) + ground.max(axis=0)) / 2
    reach = max(float(np.ptp(ground, axis=0).max()), 1e-3)
    scale = 0.6 * (height - 40) / reach
    spots = (ground - middle) * [scale, -scale] + [width / 2, height / 2 + 10]
    ahead = cameras[:, :3, 2][:, [0, 2]] * [18, -18]
    for spot, arrow in zip(spots, ahead, strict=True):
        cv2.line(panel, _pixel(spot), _pixel(spot + arrow), _GREY, 1, cv2.LINE_AA)
    cv2.polylines(panel, [np.rint(spots).astype(np.int32)], False, _COLOURS["z"], 1, cv2.LINE_AA)
    cv2.circle(panel, _pixel(spots[0]), 3, _INK, -1, cv2.LINE_AA)
    cv2.putText(panel, f"{np.ptp(ground, axis=0).max():.3g} across", (8, height - 8), _FONT, 0.34, _INK, 1, cv2.LINE_AA)
    return panel


def _curves(values: Float[np.ndarray, "t 3"], title: str) -> UInt8[np.ndarray, "h w 3"]:
    panel = _blank(title)
    height, width = _PANEL
    largest = max(float(np.abs(values).max()), 1e-6)
    x = np.linspace(34, width - 12, len(values))
    middle, scale = height / 2 + 8, 0.42 * (height - 30) / largest
    cv2.line(panel, (34, round(middle)), (width - 12, round(middle)), _GREY, 1)
    for sign in (1, -1):
        label = f"{sign * largest:.2g}" if largest > 1e-6 else ""
        cv2.putText(panel, label, (2, round(middle - sign * scale * largest) + 4), _FONT, 0.3, _INK, 1, cv2.LINE_AA)
    for place, (axis, colour) in enumerate(_COLOURS.items()):
        y = middle - scale * values[:, place]
        cv2.polylines(panel, [np.rint(np.stack([x, y], 1)).astype(np.int32)], False, colour, 1, cv2.LINE_AA)
        cv2.putText(panel, axis, (width - 46 + 14 * place, height - 8), _FONT, 0.38, colour, 1, cv2.LINE_AA)
    return panel


def _pixel(point: Float[np.ndarray, "2"]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
