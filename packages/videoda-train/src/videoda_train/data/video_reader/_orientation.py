"""How a video is to be shown: phones store frames as the sensor has them, and which side is up beside them."""

from typing import Any

import numpy as np
from jaxtyping import UInt8

Turn = tuple[int, int, int, int]
"""`(a, b, c, d)` of the display matrix, each -1, 0 or 1: a stored point (x, y) is shown at (ax + cy, bx + dy)."""

UPRIGHT: Turn = (1, 0, 0, 1)


def turn_of(frame: Any) -> Turn:
    """Return how a decoded frame is to be turned, to the nearest quarter; `UPRIGHT` where its file says nothing."""
    side_data = frame.side_data.get("DISPLAYMATRIX")
    if side_data is None:
        return UPRIGHT
    matrix = np.frombuffer(bytes(side_data), np.int32)
    if matrix.size != 9:
        return UPRIGHT
    a, b, c, d = (float(matrix[index]) for index in (0, 1, 3, 4))
    straight = a * d, b * c
    if abs(straight[0]) >= abs(straight[1]):
        return (int(np.sign(a)), 0, 0, int(np.sign(d))) if a and d else UPRIGHT
    return 0, int(np.sign(b)), int(np.sign(c)), 0


def turned(image: UInt8[np.ndarray, "H W 3"], turn: Turn) -> UInt8[np.ndarray, "H2 W2 3"]:
    """Return an image as it is to be shown."""
    if turn == UPRIGHT:
        return image
    a, b, c, d = turn
    if a == 0:
        image = image.transpose(1, 0, 2)
    across, down = (c, b) if a == 0 else (a, d)
    return np.ascontiguousarray(image[::down, ::across])


def turn_name(turn: Turn) -> str:
    """Return a turn in words: degrees clockwise, and whether the frame is mirrored left to right after it."""
    a, b, c, d = turn
    mirrored = a * d - b * c < 0
    if mirrored:
        a, c = -a, -c
    degrees = {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}[a, b]
    words = [f"{degrees} degrees clockwise"] * bool(degrees) + ["mirrored"] * mirrored
    return ", ".join(words)
