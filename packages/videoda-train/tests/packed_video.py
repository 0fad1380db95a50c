"""MPEG-4 with packed B-frames, as DivX and Xvid write it into AVI and as real UCF101 files have it."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_VOP = b"\x00\x00\x01\xb6"
_PACKED_MARK = b"\x00\x00\x01\xb2DivX503b1393p"
_NOT_CODED = _VOP + b"\x40\x00\x00\x7f"


def write_packed_video(path: Path, frames: Sequence[np.ndarray], *, fps: Fraction | int = 25) -> None:
    """Put each P picture and the B picture shown before it into one chunk, then an empty picture in its place."""
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.height, encoder.width = frames[0].shape[:2]
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = 1 / Fraction(fps)
    encoder.bit_rate = 2_000_000
    encoder.max_b_frames = 1
    encoder.options = {"bf": "1", "b_strategy": "0", "flags": "+bitexact", "g": "13", "sc_threshold": "1000000000"}
    pictures: list[bytes] = []
    for index, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts = index
        pictures += [bytes(packet) for packet in encoder.encode(picture)]
    pictures += [bytes(packet) for packet in encoder.encode(None)]
    pictures = [p.replace(_VOP, _PACKED_MARK + _VOP, 1) if _kind(p) == 0 else p for p in pictures]
    _mux(path, _pack(pictures), frames[0].shape[:2], Fraction(fps))


def _kind(picture: bytes) -> int:
    """Return 0 for an I, 1 for a P, 2 for a B picture."""
    return picture[picture.index(_VOP) + 4] >> 6


def _pack(pictures: Sequence[bytes]) -> list[bytes]:
    chunks: list[bytes] = []
    for picture in pictures:
        if _kind(picture) == 2:
            chunks[-1] += picture
            chunks.append(_NOT_CODED)
        else:
            chunks.append(picture)
    return chunks


def _mux(path: Path, chunks: Sequence[bytes], size: tuple[int, ...], fps: Fraction) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.height, stream.width = size[:2]
        stream.pix_fmt = "yuv420p"
        for index, chunk in enumerate(chunks):
            packet = av.Packet(chunk)
            packet.stream = stream
            packet.time_base = 1 / fps
            packet.pts = packet.dts = index
            packet.is_keyframe = _kind(chunk) == 0
            container.mux(packet)
