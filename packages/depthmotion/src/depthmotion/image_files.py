"""Any image file as RGB."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from depthmotion.errors import ImageError


def read_image(file: str | Path) -> UInt8[np.ndarray, "h w 3"]:
    """Read a photo as uint8 RGB (H, W, 3), upright (EXIF), of any bit depth and colour space; alpha is dropped."""
    file = Path(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ImageError(f"{file} cannot be read: {error.strerror or error}.") from error
    if not data:
        raise ImageError(f"{file} is empty (0 bytes).")
    return decode_image(data, name=str(file))


def decode_image(data: bytes, *, name: str = "image") -> UInt8[np.ndarray, "h w 3"]:
    """Decode the bytes of an image file as `read_image` does."""
    if data[:3] == b"\xff\xd8\xff" and b"\xff\xd9" not in data[-64:] and b"\xff\xd9" not in data[len(data) // 2 :]:
        raise ImageError(f"{name} is truncated: a JPEG without its end.")
    if data[:8] == b"\x89PNG\r\n\x1a\n" and b"IEND" not in data[-64:]:
        raise ImageError(f"{name} is truncated: a PNG without its end.")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageError(f"{name} cannot be decoded: {str(error).strip().splitlines()[-1]}") from error
    if picture is None:
        raise ImageError(f"{name} cannot be decoded: it is damaged or no image format that OpenCV reads.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def encode_jpeg(image: UInt8[np.ndarray, "h w 3"], *, quality: int = 95) -> bytes:
    """Return the bytes of a JPEG."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ImageError(f"an image of shape {image.shape} cannot be written as JPEG.")
    return bytes(data)


def resize_image(image: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Resize to (height, width), averaged over areas when shrinking, bilinear when enlarging."""
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    shrink = height * width < image.shape[0] * image.shape[1]
    return np.asarray(
        cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR), dtype=np.uint8
    )
