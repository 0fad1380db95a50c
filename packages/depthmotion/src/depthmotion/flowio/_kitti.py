"""KITTI's flow PNG: 16 bits per component in 1/64 px, and a validity bit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from depthmotion.atomic_output import write_new
from depthmotion.errors import FlowFileError
from depthmotion.input_files import decode_map, read_bytes

ZERO = 32768
STEPS_PER_PIXEL = 64.0


def read_kitti(file: Path) -> tuple[Float32[np.ndarray, "h w 2"], Bool[np.ndarray, "h w"]]:
    """Read flow in pixels (0 where invalid) and validity."""
    return parse_kitti(read_bytes(file, error=FlowFileError), name=str(file))


def parse_kitti(data: bytes, *, name: str = "flow") -> tuple[Float32[np.ndarray, "h w 2"], Bool[np.ndarray, "h w"]]:
    """Return flow and validity in a KITTI flow PNG's bytes."""
    picture = decode_map(data, name=name, error=FlowFileError)
    if picture.dtype != np.uint16 or picture.ndim != 3 or picture.shape[2] != 3:
        raise FlowFileError(f"{name} is not a KITTI flow file: those are PNGs of three 16-bit channels.")
    valid = picture[..., 0] > 0  # OpenCV reads blue first: validity, v, u
    flow = (picture[..., :0:-1].astype(np.float32) - ZERO) / np.float32(STEPS_PER_PIXEL)
    flow[~valid] = 0
    return np.asarray(flow, dtype=np.float32), np.asarray(valid)


def write_kitti(file: Path, flow: Float[np.ndarray, "h w 2"], valid: Bool[np.ndarray, "h w"] | None = None) -> None:
    """Write flow within ±512 px and validity (default: all) as a new file."""
    valid = np.ones(flow.shape[:2], np.bool_) if valid is None else valid
    codes = np.rint(np.asarray(flow, dtype=np.float64) * STEPS_PER_PIXEL) + ZERO
    if valid.any() and not (codes[valid].min() >= 0 and codes[valid].max() <= 65535):
        raise FlowFileError(f"KITTI's format holds flow within ±512 px, got up to {np.abs(flow[valid]).max():g}.")
    picture = np.zeros((*flow.shape[:2], 3), np.uint16)
    picture[..., 0] = valid
    picture[..., 1] = np.where(valid, codes[..., 1], 0)
    picture[..., 2] = np.where(valid, codes[..., 0], 0)
    ok, data = cv2.imencode(".png", picture)
    if not ok:
        raise FlowFileError(f"cannot encode flow of shape {flow.shape} for {file}.")
    write_new(file, data.tobytes())
