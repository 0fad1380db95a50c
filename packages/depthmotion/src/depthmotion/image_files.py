"""Any image file as RGB."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from depthmotion.errors import ImageError
from depthmotion.image_size import check_header
from depthmotion.input_files import read_bytes

MAX_PIXELS = 40_000_000
"""Photos of more pixels are shrunk to a half or a quarter of their sides while they are read."""

_REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}


def read_image(file: str | Path, *, max_pixels: int = MAX_PIXELS) -> UInt8[np.ndarray, "h w 3"]:
    """Read a photo as uint8 RGB (H, W, 3), upright (EXIF), of any bit depth and colour space; alpha is dropped.

    A photo of more than `max_pixels` is shrunk to a half or a quarter of its sides.

    Raises:
        ImageError: the file is missing, empty, cut off, damaged, no image, or too large even at a quarter.
    """
    file = Path(file)
    return decode_image(read_bytes(file, error=ImageError), name=str(file), max_pixels=max_pixels)


def decode_image(data: bytes, *, name: str = "image", max_pixels: int = MAX_PIXELS) -> UInt8[np.ndarray, "h w 3"]:
    """Decode the bytes of an image file as `read_image` does."""
    if not data:
        raise ImageError(f"{name} is empty (0 bytes).")
    size = check_header(data, name=name)
    flag = cv2.IMREAD_COLOR if size is None else _REDUCED[_reduction(size, max_pixels, name)]
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        if picture is None or picture.size == 0:
            raise ImageError(f"{name} cannot be decoded: it is damaged or no image format that OpenCV reads.")
        height, width = picture.shape[:2]
        divisor = _reduction((height, width), max_pixels, name)
        if divisor > 1:
            picture = cv2.resize(picture, (width // divisor, height // divisor), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    except (cv2.error, MemoryError, ValueError, OverflowError) as error:
        reason = (str(error).strip() or "there is not enough memory").splitlines()[-1]
        raise ImageError(f"{name} cannot be decoded: {reason}") from error


def _reduction(size: tuple[int, int], max_pixels: int, name: str) -> int:
    """Return by how much the sides of (height, width) are divided to hold at most `max_pixels`."""
    height, width = size
    if min(size) < 1:
        raise ImageError(f"{name} has no pixels ({width}×{height}).")
    for divisor in _REDUCED:
        if (height // divisor) * (width // divisor) <= max_pixels and min(size) >= divisor:
            return divisor
    raise ImageError(
        f"{name} has {height * width / 1e6:.0f} megapixels ({width}×{height}): at most {16 * max_pixels / 1e6:.0f} are "
        "read, shrunk to a quarter. Shrink it first."
    )


def encode_image(image: UInt8[np.ndarray, "h w 3"], *, suffix: str = ".jpg", quality: int = 95) -> bytes:
    """Return the bytes of a JPEG (`.jpg`, of a quality from 1 to 100) or PNG (`.png`)."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    ok, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not ok:
        raise ImageError(f"an image of shape {image.shape} cannot be written as {suffix}.")
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
