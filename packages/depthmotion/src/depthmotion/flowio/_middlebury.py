"""Middlebury `.flo`: float32 flow of one frame pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from depthmotion.atomic_output import write_new
from depthmotion.errors import FlowFileError
from depthmotion.input_files import read_bytes

MAGIC = np.float32(202021.25)


def read_flo(file: Path) -> Float32[np.ndarray, "h w 2"]:
    """Read a `.flo` file."""
    return parse_flo(read_bytes(file, error=FlowFileError), name=str(file))


def parse_flo(data: bytes, *, name: str = "flow") -> Float32[np.ndarray, "h w 2"]:
    """Return the flow in a `.flo` file's bytes."""
    if len(data) < 12 or np.frombuffer(data, "<f4", 1)[0] != MAGIC:
        raise FlowFileError(f"{name} is not a .flo file: it does not start with 202021.25.")
    width, height = (int(side) for side in np.frombuffer(data, "<i4", 2, offset=4))
    if width < 1 or height < 1 or len(data) < 12 + 8 * width * height:
        raise FlowFileError(f"{name} says {width}×{height} but holds {len(data) - 12} bytes of flow: it is truncated.")
    flow = np.frombuffer(data, "<f4", 2 * width * height, offset=12)
    return flow.reshape(height, width, 2).astype(np.float32)


def write_flo(file: Path, flow: Float[np.ndarray, "h w 2"]) -> None:
    """Write a new `.flo` file."""
    height, width = flow.shape[:2]
    header = MAGIC.astype("<f4").tobytes() + np.array([width, height], dtype="<i4").tobytes()
    write_new(file, header + np.ascontiguousarray(flow, dtype="<f4").tobytes())
