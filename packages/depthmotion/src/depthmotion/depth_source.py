"""Where depth comes from: a folder of files, a constant, a plausible ground plane, or a network."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
from jaxtyping import UInt8

from depthmotion.depthmap import DepthKind, DepthMap
from depthmotion.errors import ConfigError, DepthError, MissingDependencyError
from depthmotion.sharpen import sharpen


class DepthSource(ABC):
    """Gives the depth of a photo."""

    @abstractmethod
    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return the depth map of an image, at the image's size; `file` is where the image was read from."""


class PlaneDepth(DepthSource):
    """A fronto-parallel plane at depth 1: everything moves alike."""

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return depth 1 everywhere."""
        return DepthMap(np.ones(image.shape[:2], np.float32), "depth")


@dataclass(frozen=True)
class GroundDepth(DepthSource):
    """A ground plane below the horizon and an upright background behind it, for any photo, without a network.

    The camera stands 1 unit over the ground and looks along it; the horizon is at `horizon` of the image height. Ground
    farther than `background` units is hidden by the background.
    """

    horizon: float = 0.42
    background: float = 6.0
    focal_factor: float = 0.58

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return the depth of the ground and of the background above it."""
        height, width = image.shape[:2]
        below = (np.arange(height) - self.horizon * (height - 1)) / (self.focal_factor * height)
        ground = 1.0 / np.maximum(below, 1.0 / self.background)
        column = np.minimum(ground, self.background).astype(np.float32)
        return DepthMap(np.repeat(column[:, None], width, axis=1), "depth")


@dataclass(frozen=True)
class FolderDepth(DepthSource):
    """Depth from files named like the photos: `FOLDER/CLASS/NAME.png`, or `FOLDER/NAME.png`; also `.npy` and `.pfm`.

    `FOLDER/depth.json`, `{"kind": "metric", "scale": 0.001}`, says what the numbers are: the kind, and depth per code.
    Without it they are disparity.
    """

    folder: Path
    kind: DepthKind = "disparity"
    scale: float = 1.0

    @classmethod
    def open(cls, folder: Path) -> FolderDepth:
        """Read the folder's `depth.json`.

        Raises:
            DepthError: the folder is missing, or its description is not one.
        """
        if not folder.is_dir():
            raise DepthError(f"no depth folder at {folder}: give an existing one, or another depth source.")
        description = folder / "depth.json"
        if not description.exists():
            return cls(folder)
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
        return cls(folder, kind, scale)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return the depth of the photo's file at the image's size; disparity is sharpened."""
        if file is None:
            raise DepthError(f"depth from {self.folder} needs the photo's file name.")
        values = read_depth_file(self._find(file)) * np.float32(self.scale)
        depth = DepthMap(values, self.kind).resized(*image.shape[:2])
        return sharpen(depth) if self.kind == "disparity" else depth

    def _find(self, file: Path) -> Path:
        names = [self.folder / file.parent.name / file.stem, self.folder / file.stem]
        for name in names:
            for suffix in (".png", ".npy", ".pfm"):
                candidate = name.with_name(name.name + suffix)
                if candidate.exists():
                    return candidate
        raise DepthError(
            f"no depth of {file.name} in {self.folder}: looked for {names[0]}.png, .npy, .pfm and {names[1]}.*"
        )


class NetworkDepth(DepthSource):
    """A monocular depth network by its transformers id; one inference per call."""

    def __init__(self, model_id: str, *, kind: DepthKind, device: str = "auto") -> None:
        try:
            import torch
            from transformers import AutoImageProcessor, AutoModelForDepthEstimation
        except ImportError as error:
            raise MissingDependencyError(
                f"depth by the network {model_id} needs transformers: pip install 'depthmotion[depth]' ({error})."
            ) from error
        chosen = "cuda" if device == "auto" and torch.cuda.is_available() else "cpu" if device == "auto" else device
        try:
            self._processor: Any = AutoImageProcessor.from_pretrained(model_id)
            self._model: Any = AutoModelForDepthEstimation.from_pretrained(model_id).to(chosen).eval()
        except (OSError, ValueError) as error:
            raise DepthError(f"the depth network {model_id} cannot be loaded: {str(error).splitlines()[0]}") from error
        self._kind = kind
        self._device = chosen

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], *, file: Path | None = None) -> DepthMap:
        """Return the network's depth, sharpened, at the image's size."""
        import torch

        inputs = self._processor(images=image, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            predicted = self._model(**inputs).predicted_depth[0].float().cpu().numpy()
        values = predicted if self._kind == "disparity" else np.maximum(predicted, 1e-3)
        return sharpen(DepthMap(np.ascontiguousarray(values), self._kind).resized(*image.shape[:2]))


@dataclass(frozen=True)
class NetworkCard:
    """A depth network known by a short name."""

    model_id: str
    kind: DepthKind
    licence: str


NETWORKS = {
    "midas-v3.1-beit-large": NetworkCard("Intel/dpt-beit-large-512", "disparity", "MIT"),
    "depth-anything-v2-small": NetworkCard("depth-anything/Depth-Anything-V2-Small-hf", "disparity", "Apache-2.0"),
    "depth-anything-v2-base": NetworkCard("depth-anything/Depth-Anything-V2-Base-hf", "disparity", "CC-BY-NC-4.0"),
    "depth-anything-v2-large": NetworkCard("depth-anything/Depth-Anything-V2-Large-hf", "disparity", "CC-BY-NC-4.0"),
}
"""Networks by short name; any other transformers id of a depth model works too, as disparity."""


def load_depth(name: str, *, device: str = "auto") -> DepthSource:
    """Return a depth source.

    Args:
        name: `ground`, `plane`, `dir:FOLDER`, a name of `NETWORKS`, or a transformers id or folder (with a `/`).
        device: where a network runs: `auto`, `cpu`, `cuda`.

    Raises:
        ConfigError: the name is none of these.
        DepthError: the folder or network cannot be used.
        MissingDependencyError: a network is asked for and transformers is not installed.
    """
    if name == "ground":
        return GroundDepth()
    if name == "plane":
        return PlaneDepth()
    if name.startswith("dir:"):
        return FolderDepth.open(Path(name.removeprefix("dir:")))
    if name in NETWORKS:
        return NetworkDepth(NETWORKS[name].model_id, kind=NETWORKS[name].kind, device=device)
    if "/" in name:
        return NetworkDepth(name, kind="disparity", device=device)
    raise ConfigError(
        f"depth source {name!r} is unknown: use ground, plane, dir:FOLDER, {', '.join(NETWORKS)}, or a transformers id."
    )


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
