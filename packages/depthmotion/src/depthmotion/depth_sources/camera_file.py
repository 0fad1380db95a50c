"""The camera of a photo in a file beside its depth: `NAME.camera.json` for `NAME.png`."""

from __future__ import annotations

import json
from pathlib import Path

from depthmotion.errors import ConfigError, DepthError
from depthmotion.input_files import decode_text, read_bytes
from depthmotion.intrinsics import Intrinsics

CAMERA_SUFFIX = ".camera.json"
_KEYS = ("fx", "fy", "cx", "cy", "width", "height")


def camera_file(depth_file: Path) -> Path:
    """Return where the camera of a depth file is."""
    return depth_file.with_name(depth_file.stem + CAMERA_SUFFIX)


def camera_text(camera: Intrinsics, *, size: tuple[int, int]) -> str:
    """Return the content of the file: intrinsics in pixels, and the image size (height, width) that they are for."""
    values = (camera.fx, camera.fy, camera.cx, camera.cy, size[1], size[0])
    return json.dumps(dict(zip(_KEYS, values, strict=True))) + "\n"


def read_camera(depth_file: Path, *, size: tuple[int, int]) -> Intrinsics | None:
    """Return the camera beside a depth file for images of `size` (height, width), or None if there is none.

    Raises:
        DepthError: the file is there and holds no camera.
    """
    file = camera_file(depth_file)
    if not file.exists():
        return None
    return parse_camera(read_bytes(file, error=DepthError), size=size, name=str(file))


def parse_camera(data: bytes, *, size: tuple[int, int], name: str = "camera") -> Intrinsics:
    """Return the camera in a file's bytes for images of `size` (height, width)."""
    text = decode_text(data, name=name, error=DepthError)
    try:
        content = json.loads(text)
        fx, fy, cx, cy, width, height = (float(content[key]) for key in _KEYS)
        if not (width > 0 and height > 0):
            raise ConfigError(f"the image size {width:g}×{height:g} is not one")
        return Intrinsics(fx, fy, cx, cy).resized(scale_x=size[1] / width, scale_y=size[0] / height)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, ConfigError) as error:
        raise DepthError(f"{name} holds no camera ({', '.join(_KEYS)}): {error}") from error
