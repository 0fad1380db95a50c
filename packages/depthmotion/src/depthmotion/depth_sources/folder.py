"""Depth from files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from jaxtyping import UInt8

from depthmotion.depth_sources.camera_file import read_camera
from depthmotion.depth_sources.source import DepthSource
from depthmotion.depthmap import DepthKind, DepthMap
from depthmotion.errors import DepthError
from depthmotion.matched_files import aspect_problem, find_matching, looked_for
from depthmotion.sharpen import SharpenRule, sharpen

_SUFFIXES = (".png", ".npy", ".pfm")


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
        try:
            values = json.loads(description.read_text())
            kind, scale = values["kind"], float(values.get("scale", 1.0))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DepthError(f'{description} is not {{"kind": …, "scale": …}}: {error}') from error
        if kind not in get_args(DepthKind) or not scale > 0:
            raise DepthError(
                f"{description} says kind {kind!r}, scale {scale}: kind is one of {', '.join(get_args(DepthKind))}, "
                "scale is positive."
            )
        return cls(folder, kind, scale, sharpening)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return the depth of the photo's file at the image's size; disparity is sharpened."""
        if file is None:
            raise DepthError(f"depth from {self.folder} needs the photo's file name.")
        place = find_matching(self.folder, file, _SUFFIXES)
        if place is None:
            raise DepthError(f"no depth of {file.name} in {self.folder}: {looked_for(self.folder, file, _SUFFIXES)}")
        values = read_depth_file(place) * np.float32(self.scale)
        if problem := aspect_problem(values.shape, image.shape, name=str(place)):
            raise DepthError(problem)
        try:
            camera = read_camera(place, size=values.shape)
            depth = DepthMap(values, self.kind, camera).resized(*image.shape[:2])
        except DepthError as error:
            raise DepthError(f"{place}: {error}") from error
        return sharpen(depth, rule=self.sharpening) if self.kind == "disparity" else depth


def read_depth_file(file: Path) -> np.ndarray:
    """Read `.png` (8 or 16 bit, one channel), `.npy` or `.pfm` as float32 (H, W).

    Raises:
        DepthError: the file is damaged or has another shape.
    """
    try:
        values = (
            np.load(file, allow_pickle=False) if file.suffix == ".npy" else cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        )
    except (ValueError, OSError, EOFError) as error:
        raise DepthError(f"{file} cannot be read as depth: {error}") from error
    if values is None or values.ndim != 2:
        shape = None if values is None else values.shape
        raise DepthError(f"{file} is no depth map: expected one channel (H, W), got {shape}.")
    return np.asarray(values, dtype=np.float32)
