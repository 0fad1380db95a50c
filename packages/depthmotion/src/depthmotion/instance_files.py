"""Instance masks as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int64, Integer

from depthmotion.errors import InstanceError
from depthmotion.input_files import decode_map, decode_npy, read_bytes
from depthmotion.matched_files import aspect_problem, find_matching, looked_for

MASK_SUFFIXES = (".png", ".npy")


def read_instances(file: str | Path, *, size: tuple[int, int]) -> Int64[np.ndarray, "h w"]:
    """Read the instance mask of a photo of `size` (height, width): ids, 0 is no object.

    One channel (PNG of 8 or 16 bits, `.npy` of whole numbers) holds the ids themselves. In a colour PNG, with a palette
    or not, each colour is an instance, of the id R + 256·G + 65536·B; black is no object. A mask of the photo's aspect
    but another size is brought to the photo's, to the nearest pixel.

    Raises:
        InstanceError: the file is missing, damaged, no mask, or does not fit the photo.
    """
    file = Path(file)
    data = read_bytes(file, error=InstanceError)
    return parse_instances(data, suffix=file.suffix, size=size, name=str(file))


def parse_instances(data: bytes, *, suffix: str, size: tuple[int, int], name: str = "mask") -> Int64[np.ndarray, "h w"]:
    """Return the mask in a file's bytes, as `read_instances` does; the suffix is `.npy`, or else it is a picture."""
    if suffix == ".npy":
        mask = decode_npy(data, name=name, error=InstanceError)
    else:
        mask = _ids_of(decode_map(data, name=name, error=InstanceError))
    if mask.dtype.kind not in "iub" or mask.ndim != 2 or not mask.size:
        found = f"{mask.dtype} {mask.shape}"
        raise InstanceError(f"{name} is no instance mask: give a PNG, or .npy of whole numbers (H, W), not {found}.")
    if problem := aspect_problem(mask.shape, size, name=name):
        raise InstanceError(problem)
    return resize_labels(mask.astype(np.int64), size)


def find_instances(folder: Path, photo: Path) -> Path:
    """Return the mask of a photo in a folder: `FOLDER/CLASS/NAME.png` or `FOLDER/NAME.png`, or `.npy`.

    Raises:
        InstanceError: there is none.
    """
    file = find_matching(folder, photo, MASK_SUFFIXES)
    if file is None:
        raise InstanceError(f"no instance mask of {photo.name} in {folder}: {looked_for(folder, photo, MASK_SUFFIXES)}")
    return file


def _ids_of(picture: np.ndarray) -> np.ndarray:
    if picture.ndim == 2 or picture.shape[2] < 3 or picture.dtype.kind == "f":
        return picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
    blue, green, red = (picture[..., channel].astype(np.int64) for channel in range(3))
    return np.asarray(red + 256 * green + 65536 * blue)


def resize_labels(labels: Integer[np.ndarray, "h w"], size: tuple[int, int]) -> Integer[np.ndarray, "h2 w2"]:
    """Resize labels to (height, width): every pixel takes the nearest one's."""
    rows, columns = (
        np.minimum((np.arange(new) + 0.5) * old / new, old - 1).astype(np.int64)
        for new, old in zip(size, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]
