"""Writing the files: JPEG stills, 16-bit depth PNGs and MPEG-4 AVI videos, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from videoda_train.data.atomic_file import require_writable

from videoda_bench.miniature.errors import MiniatureError

DEPTH_SCALE = 0.001
"""Metres per code of a depth PNG."""


def _write_image(path: Path, image: np.ndarray, options: list[int]) -> None:
    done, encoded = cv2.imencode(path.suffix, image, options)
    if not done:
        raise MiniatureError(f"OpenCV could not encode {path.name}; its {path.suffix[1:].upper()} support is missing.")
    require_writable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded.tobytes())


def write_photo(path: Path, image: UInt8[np.ndarray, "h w 3"], *, quality: int) -> None:
    """Write an RGB image as JPEG of the given quality (1 to 100)."""
    _write_image(path, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])


def write_depth(path: Path, depth: Float32[np.ndarray, "h w"]) -> None:
    """Write depth [m] as 16-bit PNG: code = depth / `DEPTH_SCALE`, at most 65.535 m."""
    codes = np.clip(np.round(depth / DEPTH_SCALE), 1, 65535).astype(np.uint16)
    _write_image(path, codes, [cv2.IMWRITE_PNG_COMPRESSION, 3])


def write_frames(folder: Path, frames: Iterable[UInt8[np.ndarray, "h w 3"]], *, first: int, quality: int) -> None:
    """Write RGB frames as `img_%05d.jpg`, numbered from `first`; the folder appears when it is complete."""
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    for number, frame in enumerate(frames, start=first):
        write_photo(unfinished / f"img_{number:05d}.jpg", frame, quality=quality)
    require_writable(folder)
    unfinished.rename(folder)


def write_video(
    path: Path, frames: Iterable[UInt8[np.ndarray, "h w 3"]], *, frames_per_second: int, bits_per_second: int
) -> int:
    """Write RGB frames as MPEG-4 in AVI and return their number."""
    count = 0
    require_writable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("mpeg4", rate=frames_per_second, options={"flags": "+bitexact"})
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = bits_per_second
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, frames_per_second)
        for count, image in enumerate(frames, start=1):
            if count == 1:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return count
