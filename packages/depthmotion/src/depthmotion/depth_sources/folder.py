"""Depth from files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from jaxtyping import Float32

from depthmotion.depth_sources.camera_file import read_camera
from depthmotion.depth_sources.source import DepthSource, Photo, read_photo
from depthmotion.depthmap import DepthKind, DepthMap
from depthmotion.errors import DepthError
from depthmotion.input_files import decode_map, decode_npy, decode_text, read_bytes
from depthmotion.matched_files import aspect_problem, find_matching, looked_for
from depthmotion.sharpen import SharpenRule, sharpen

DEPTH_SUFFIXES = (".png", ".npy", ".pfm")


@dataclass(frozen=True)
class FolderDepth(DepthSource):
    """Depth from files named like the photos: `FOLDER/CLASS/NAME.png`, or `FOLDER/NAME.png`; also `.npy` and `.pfm`.

    `FOLDER/depth.json`, `{"kind": "metric", "scale": 0.001}`, says what the numbers are: the kind, and depth per code.
    Without it they are disparity. A photo's camera, if it is known, is beside its depth, as `NAME.camera.json`.
    """

    folder: Path
    kind: DepthKind = "disparity"
    scale: float = 1.0
    sharpening: SharpenRule = "step"

    @classmethod
    def open(cls, folder: Path, *, sharpening: SharpenRule = "step") -> FolderDepth:
        """Read the folder's `depth.json`.

        Raises:
            DepthError: the folder is missing, or its description is not one.
        """
        if not folder.is_dir():
            raise DepthError(f"no depth folder at {folder}: give an existing one, or another depth source.")
        description = folder / "depth.json"
        if not description.exists():
            return cls(folder, sharpening=sharpening)
        kind, scale = parse_description(read_bytes(description, error=DepthError), name=str(description))
        return cls(folder, kind, scale, sharpening)

    def __call__(self, image: Photo, *, file: str | Path | None = None) -> DepthMap:
        """Return the depth of the photo's file at the image's size; disparity is sharpened."""
        image, file = read_photo(image, file)
        if file is None:
            raise DepthError(
                f"depth in {self.folder} is found by the photo's name, which an array does not tell: give the photo's "
                "file, load_depth(…)('photo.jpg'), or load_depth(…)(photo, file='photo.jpg')."
            )
        place = find_matching(self.folder, file, DEPTH_SUFFIXES)
        if place is None:
            raise DepthError(
                f"no depth of {file.name} in {self.folder}: {looked_for(self.folder, file, DEPTH_SUFFIXES)}"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            values = read_depth_file(place) * np.float32(self.scale)
        if problem := aspect_problem(values.shape, image.shape, name=str(place)):
            raise DepthError(problem)
        try:
            camera = read_camera(place, size=values.shape)
            depth = DepthMap(values, self.kind, camera).resized(*image.shape[:2])
        except DepthError as error:
            raise DepthError(f"{place}: {error}") from error
        return sharpen(depth, rule=self.sharpening) if self.kind == "disparity" else depth


def parse_description(data: bytes, *, name: str = "depth.json") -> tuple[DepthKind, float]:
    """Return the kind of depth and its scale in the bytes of a `depth.json`."""
    text = decode_text(data, name=name, error=DepthError)
    try:
        values = json.loads(text)
        kind, scale = values["kind"], float(values.get("scale", 1.0))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DepthError(f'{name} is not {{"kind": …, "scale": …}}: {error}') from error
    if kind not in get_args(DepthKind) or not 0 < scale < float("inf"):
        raise DepthError(
            f"{name} says kind {str(kind)[:40]!r}, scale {scale}: kind is one of {', '.join(get_args(DepthKind))}, "
            "scale is positive."
        )
    return kind, scale


def read_depth_file(file: Path) -> np.ndarray:
    """Read `.png` (8 or 16 bit, one channel), `.npy` or `.pfm` as float32 (H, W).

    Raises:
        DepthError: the file is damaged or has another shape.
    """
    return parse_depth(read_bytes(file, error=DepthError), suffix=file.suffix, name=str(file))


def parse_depth(data: bytes, *, suffix: str, name: str = "depth") -> Float32[np.ndarray, "h w"]:
    """Return the depth values in a file's bytes; the suffix is `.npy`, or else it is a picture."""
    if suffix == ".npy":
        values = decode_npy(data, name=name, error=DepthError)
    else:
        if suffix == ".pfm":
            _check_pfm(data, name=name)
        values = decode_map(data, name=name, error=DepthError)
    if values.ndim != 2 or not values.size or values.dtype.kind not in "biuf":
        raise DepthError(f"{name} is no depth map: expected one channel (H, W) of numbers, got {values.shape}.")
    with np.errstate(over="ignore", invalid="ignore"):  # refused as infinite where depth is used
        return np.array(values, dtype=np.float32)


def _check_pfm(data: bytes, *, name: str) -> None:
    """Raise DepthError unless the bytes are as many as the header of a PFM says."""
    found = re.match(rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+[-+.\deE]{1,32}\s", data)
    if found is None:
        raise DepthError(f"{name} is no .pfm file: its header is damaged.")
    channels = 1 if found[1] == b"f" else 3
    needed = 4 * channels * int(found[2]) * int(found[3])
    if len(data) - found.end() < needed:
        raise DepthError(
            f"{name} says {int(found[2])}×{int(found[3])} but holds {len(data) - found.end()} bytes: it is truncated."
        )
