"""Photos from disk."""

import warnings
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from jaxtyping import UInt8

from videoda_train.data.regular_file import require_regular
from videoda_train.errors import MediaError

MAX_PIXELS = 2**28
"""Pictures of more pixels are not decoded (16384 × 16384, 0.8 GB in memory): a few bytes can claim any size."""

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm"})


def read_image(path: Path | str) -> UInt8[np.ndarray, "H W 3"]:
    """Read a photo as RGB, its EXIF orientation applied.

    Raises:
        MediaError: the file is missing, no regular file, no image that OpenCV decodes, or of more than `MAX_PIXELS`.
    """
    path = Path(path)
    require_regular(path)
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise MediaError(f"cannot read the photo {path}: {error.strerror}") from error
    require_fewer_pixels(path, *_stated_size(path))
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    except cv2.error as error:
        raise MediaError(f"{path} is not a photo that can be decoded: {error.err or error}") from error
    if image is None:
        raise MediaError(f"{path} is not a photo that can be decoded ({data.size} bytes); replace it or drop its line")
    return image


def require_fewer_pixels(path: Path | str, width: int, height: int) -> None:
    """Raise `MediaError` where a picture is of more than `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{path} is {width}×{height} px by its header; allowed are {MAX_PIXELS} pixels: make it smaller, or drop it"
        )


def _stated_size(path: Path) -> tuple[int, int]:
    """Return the width and height that an image's header states, found without decoding; (0, 0) if unknown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(path) as header:
                return header.size
    except PIL.Image.DecompressionBombError as error:
        raise MediaError(f"{path} is too large a picture to be decoded: {error}") from error
    except Exception:  # not a format or a header that Pillow knows: OpenCV has the last word, with limits of its own
        return 0, 0
