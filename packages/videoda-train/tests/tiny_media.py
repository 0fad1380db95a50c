"""Photos and videos made on the spot."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np


def textured_image(height: int, width: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4 + 2, width // 4 + 2, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def write_image(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])


def write_video(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    codec: str = "mpeg4",
    fps: Fraction | int = 25,
    title: str = "",
    stream_title: str = "",
    **options: str,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        for tagged, tag in ((container, title), (stream, stream_title)):
            if tag:
                tagged.metadata["title"] = tag
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def moving_frames(count: int, *, seed: int, step: tuple[int, int] = (1, 0)) -> list[np.ndarray]:
    """Windows of one texture: the content moves by `step` = (right, down) pixels per frame."""
    right, down = step
    margin = count * max(abs(right), abs(down)) + 1
    big = textured_image(48 + 2 * margin, 64 + 2 * margin, seed)
    return [np.ascontiguousarray(big[margin - down * t :, margin - right * t :][:48, :64]) for t in range(count)]
