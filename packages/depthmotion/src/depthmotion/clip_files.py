"""A clip as a video file or a folder of JPEGs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from depthmotion.errors import ConfigError
from depthmotion.image_files import encode_jpeg

if TYPE_CHECKING:
    from depthmotion.clip import Clip

_CODECS = {".mp4": "libx264", ".avi": "mpeg4"}


def save_clip(clip: Clip, file: Path, *, fps: float) -> None:
    """Write frames as `.mp4` (H.264), `.avi` (MPEG-4), or `00000.jpg …` into a folder if the name has no extension.

    Videos have even sides: an odd last row or column is left out.
    """
    suffix = file.suffix.lower()
    if suffix == "":
        file.mkdir(parents=True, exist_ok=True)
        for index, frame in enumerate(clip.frames):
            (file / f"{index:05d}.jpg").write_bytes(encode_jpeg(frame))
        return
    if suffix not in _CODECS:
        raise ConfigError(f"{file} has no known clip format: use .mp4, .avi, or a folder name without extension.")
    height, width = (side - side % 2 for side in clip.frames.shape[1:3])
    if min(height, width) < 2 or not fps > 0:
        raise ConfigError(f"a video of {width}×{height} pixels at {fps} frames/s cannot be written.")
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        options = {"crf": "18"} if suffix == ".mp4" else {}
        stream: Any = container.add_stream(_CODECS[suffix], rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if suffix == ".avi":
            stream.bit_rate = 12 * width * height
        for frame in clip.frames:
            picture = av.VideoFrame.from_ndarray(frame[:height, :width].copy(), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
