"""Flow as colour: direction is hue, length is saturation."""

import struct
import zlib

import numpy as np
from jaxtyping import Float, UInt8


def color_flow(flow: Float[np.ndarray, "height width 2"], *, longest: float) -> UInt8[np.ndarray, "height width 3"]:
    """Return an RGB image: white where nothing moves, full colour from `longest` [px] on, red for a move right."""
    u, v = flow[..., 0].astype(np.float64), flow[..., 1].astype(np.float64)
    saturation = np.minimum(np.hypot(u, v) / longest, 1)
    hue = np.arctan2(v, u) / (2 * np.pi) % 1
    distance = np.abs((hue[..., None] * 6 - np.array([0, 2, 4]) + 3) % 6 - 3)  # from each primary, in sixths of a turn
    primary = np.clip(2 - distance, 0, 1)
    return np.rint(255 * (1 - saturation[..., None] * (1 - primary))).astype(np.uint8)


def png_bytes(image: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """Return an RGB image as a file's contents (PNG, 8 bits, ISO/IEC 15948)."""
    height, width, _ = image.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = image.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
