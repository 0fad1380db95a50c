"""Instance masks as files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int64, Integer

from depthmotion.errors import InstanceError
from depthmotion.matched_files import aspect_problem, find_matching, looked_for

_SUFFIXES = (".png", ".npy")


def read_instances(file: str | Path, *, size: tuple[int, int]) -> Int64[np.ndarray, "h w"]:
    """Read the instance mask of a photo of `size` (height, width): ids, 0 is no object.

    One channel (PNG of 8 or 16 bits, `.npy` of whole numbers) holds the ids themselves. In a colour PNG, with a palette
    or not, each colour is an instance, of the id R + 256·G + 65536·B; black is no object. A mask of the photo's aspect
    but another size is brought to the photo's, to the nearest pixel.

    Raises:
        InstanceError: the file is missing, damaged, no mask, or does not fit the photo.
    """
    file = Path(file)
    try:
        mask = np.load(file, allow_pickle=False) if file.suffix == ".npy" else _read_picture(file)
    except (OSError, ValueError, EOFError) as error:
        raise InstanceError(f"{file} cannot be read as an instance mask: {error}") from error
    if mask is None or mask.dtype.kind not in "iub" or mask.ndim != 2 or not mask.size:
        found = "no image" if mask is None else f"{mask.dtype} {mask.shape}"
        raise InstanceError(f"{file} is no instance mask: give a PNG, or .npy of whole numbers (H, W), not {found}.")
    if problem := aspect_problem(mask.shape, size, name=str(file)):
        raise InstanceError(problem)
    return resize_labels(mask.astype(np.int64), size)


def find_instances(folder: Path, photo: Path) -> Path:
    """Return the mask of a photo in a folder: `FOLDER/CLASS/NAME.png` or `FOLDER/NAME.png`, or `.npy`.

    Raises:
        InstanceError: there is none.
    """
    file = find_matching(folder, photo, _SUFFIXES)
    if file is None:
        raise InstanceError(f"no instance mask of {photo.name} in {folder}: {looked_for(folder, photo, _SUFFIXES)}")
    return file


def _read_picture(file: Path) -> np.ndarray | None:
    data = file.read_bytes()
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if picture is None or picture.ndim == 2:
        return picture
    blue, green, red = (picture[..., channel].astype(np.int64) for channel in range(3))
    return np.asarray(red + 256 * green + 65536 * blue)


def resize_labels(labels: Integer[np.ndarray, "h w"], size: tuple[int, int]) -> Integer[np.ndarray, "h2 w2"]:
    """Resize labels to (height, width): every pixel takes the nearest one's."""
    rows, columns = (
        np.minimum((np.arange(new) + 0.5) * old / new, old - 1).astype(np.int64)
        for new, old in zip(size, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]
