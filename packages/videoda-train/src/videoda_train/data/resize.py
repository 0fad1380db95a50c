"""Frames at another size: the short side fixed and the shape kept, or squashed to a square."""

import cv2
import numpy as np
from jaxtyping import UInt8


def resize_frames(frames: UInt8[np.ndarray, "*T H W 3"], *, height: int, width: int) -> UInt8[np.ndarray, "*T H2 W2 3"]:
    """Resize every frame [px], bilinear."""
    if frames.shape[-3:-1] == (height, width):
        return frames
    flat = frames.reshape(-1, *frames.shape[-3:])
    resized = np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR) for frame in flat])
    return resized.reshape(*frames.shape[:-3], height, width, 3)


def resize_short_side(frames: UInt8[np.ndarray, "*T H W 3"], *, side: int) -> UInt8[np.ndarray, "*T H2 W2 3"]:
    """Resize so that the shorter side is `side` px and the other in proportion, rounded half up."""
    height, width = frames.shape[-3:-1]
    scale = side / min(height, width)
    return resize_frames(frames, height=int(height * scale + 0.5), width=int(width * scale + 0.5))


def fit_short_side(
    frame: UInt8[np.ndarray, "H W 3"], side: int | None, *, multiple: int = 1
) -> UInt8[np.ndarray, "H2 W2 3"]:
    """Resize to a short side of `side` px (None: its own), both sides multiples; by area where the frame shrinks."""
    scale = 1.0 if side is None else side / min(frame.shape[:2])
    height, width = (max(multiple, multiple * round(length * scale / multiple)) for length in frame.shape[:2])
    if (height, width) == frame.shape[:2]:
        return frame
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def squash(
    frames: UInt8[np.ndarray, "*T H W 3"], *, size: int, short_side: int | None = None
) -> UInt8[np.ndarray, "*T S S 3"]:
    """Resize whole frames to a square, the shape lost; with `short_side` in two steps, by way of that size."""
    if short_side is not None:
        frames = resize_short_side(frames, side=short_side)
    return resize_frames(frames, height=size, width=size)
