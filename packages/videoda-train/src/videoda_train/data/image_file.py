"""Photos from disk."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from videoda_train.errors import MediaError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm"})


def read_image(path: Path | str) -> UInt8[np.ndarray, "H W 3"]:
    """Read a photo as RGB, its EXIF orientation applied.

    Raises:
        MediaError: the file is missing or not an image that OpenCV decodes.
    """
    path = Path(path)
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise MediaError(f"cannot read the photo {path}: {error.strerror}") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if image is None:
        raise MediaError(f"{path} is not a photo that can be decoded ({data.size} bytes); replace it or drop its line")
    return image
