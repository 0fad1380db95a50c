"""Predicted depth on disk, so that no photo is inferred twice."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from depthmotion.atomic_output import open_new
from depthmotion.depthmap import DepthMap
from depthmotion.errors import DepthError, DepthMotionError, OutputError
from depthmotion.input_files import decode_npz, read_bytes
from depthmotion.intrinsics import Intrinsics
from depthmotion.output_target import Target

_STEPS = 65535


def default_cache_folder() -> Path:
    """Return `$DEPTHMOTION_CACHE`, or `depthmotion` in `$XDG_CACHE_HOME` or `~/.cache`."""
    if folder := os.environ.get("DEPTHMOTION_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "depthmotion"


def encode(depth: DepthMap) -> dict[str, np.ndarray]:
    """Return the arrays that a file holds: 16-bit codes, linear for disparity, logarithmic for depth."""
    values = np.asarray(depth.values, dtype=np.float64)
    values = values if depth.kind == "disparity" else np.log(values)
    low, high = float(values.min()), float(values.max())
    unit = (values - low) / (high - low) if high > low else np.zeros_like(values)
    camera = depth.intrinsics
    return {
        "codes": np.rint(unit * _STEPS).astype(np.uint16),
        "range": np.array([low, high]),
        "kind": np.array(depth.kind),
        "camera": np.array([] if camera is None else [camera.fx, camera.fy, camera.cx, camera.cy]),
    }


def decode(arrays: dict[str, np.ndarray]) -> DepthMap:
    """Return the depth of `encode`'s arrays: within 1/131070 of its (logarithmic) range."""
    low, high = (float(value) for value in arrays["range"])
    values = arrays["codes"] * ((high - low) / _STEPS) + low
    kind = str(arrays["kind"])
    values = values if kind == "disparity" else np.exp(values)
    camera = Intrinsics(*(float(value) for value in arrays["camera"])) if arrays["camera"].size else None
    return DepthMap(np.asarray(values, dtype=np.float32), kind, camera)  # type: ignore[arg-type]


def parse_cached(data: bytes, *, name: str = "depth") -> DepthMap:
    """Return the depth in a cache file's bytes."""
    keys = ("codes", "range", "kind", "camera")
    arrays = {key: decode_npz(data, key, name=name, error=DepthError) for key in keys}
    try:
        with np.errstate(all="ignore"):
            return decode(arrays)
    except (ValueError, TypeError, OverflowError) as error:
        raise DepthError(f"{name} is no cached depth: {error}") from error


@dataclass(frozen=True)
class DepthCache:
    """Predictions of one network, by the pixels of the photo: `FOLDER/NETWORK/ab/abcdef….npz`."""

    folder: Path
    network: str
    """Names the weights: id and revision."""

    def _file(self, image: UInt8[np.ndarray, "h w 3"]) -> Path:
        digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(image).tobytes())
        name = digest.hexdigest()
        return self.folder / re.sub(r"[^A-Za-z0-9._@-]+", "--", self.network) / name[:2] / f"{name}.npz"

    def get(self, image: UInt8[np.ndarray, "h w 3"]) -> DepthMap | None:
        """Return what the network said of an image, or None if it was not asked or the file is damaged."""
        file = self._file(image)
        try:
            return parse_cached(read_bytes(file, error=DepthError), name=str(file))
        except DepthMotionError:
            return None

    def put(self, image: UInt8[np.ndarray, "h w 3"], arrays: dict[str, np.ndarray]) -> None:
        """Keep what the network said; a folder that cannot be written costs a warning, no more."""
        file = self._file(image)
        try:
            # The file's name is a hash of the photo: a damaged one is of nobody else's.
            target = Target(path=file, what="depth", overwrite="any", recorded=False)
            target.claim()
            target.place(lambda partial: _save(partial, arrays))
        except (OSError, OutputError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            warnings.warn(f"predicted depth is not kept: {self.folder}: {reason}", stacklevel=1)


def _save(file: Path, arrays: dict[str, np.ndarray]) -> None:
    with open_new(file) as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
