"""The depth of photos as a folder that `load_depth("dir:FOLDER")` reads."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from depthmotion.atomic_output import Output, place_together, replace_atomically
from depthmotion.dataset.photo_list import Failure, read_photos
from depthmotion.depth_colour import depth_to_color
from depthmotion.depth_sources import DepthSource, load_depth
from depthmotion.depth_sources.camera_file import camera_file, camera_text
from depthmotion.depthmap import DepthMap
from depthmotion.errors import ConfigError, DepthMotionError
from depthmotion.image_files import encode_image, read_image
from depthmotion.sharpen import SharpenRule

_PER_UNIT = 1000


@dataclass(frozen=True)
class DepthExport:
    """Writes depth to `OUT/CLASS/NAME.png` or `.npy`, and in colour to `PREVIEW/CLASS/NAME.png`.

    16-bit PNGs hold disparity stretched to 0 … 65535, or depth in thousandths of its unit, at most 65.535 units.
    The camera, where the depth source knows it, goes beside: `NAME.camera.json`.
    """

    out: Path
    model: str
    file_format: Literal["png", "npy"] = "png"
    preview: Path | None = None
    batch: int = 1
    device: str = "auto"
    sharpening: SharpenRule = "step"

    def photos(self, images: Sequence[Path], list_file: Path | None) -> dict[str, Path]:
        """Return the photos by their depth's name `CLASS/NAME`; CLASS is a photo's folder.

        Raises:
            ConfigError: there is no photo, or two would share a file.
        """
        listed = [] if list_file is None else list(read_photos(list_file)[0].values())
        photos: dict[str, Path] = {}
        for photo in [*(image.absolute() for image in images), *listed]:
            name = f"{photo.parent.name}/{photo.stem}"
            if photos.setdefault(name, photo) != photo:
                raise ConfigError(f"{photo} and {photos[name]} would share the depth file {name}.")
        if not photos:
            raise ConfigError("no photo is given: name some, or give a list.")
        return photos

    def run(self, photos: dict[str, Path]) -> Iterator[Failure | None]:
        """Write the depth of photos, and yield for each one why it failed, or None.

        Raises:
            ConfigError: the folder holds depth of another kind.
            DepthError: the depth source cannot be used at all.
        """
        source = load_depth(self.model, device=self.device, batch_size=self.batch, sharpening=self.sharpening)
        waiting = iter(photos.items())
        while chunk := list(itertools.islice(waiting, self.batch)):
            yield from self._export(chunk, source)

    def _export(self, chunk: list[tuple[str, Path]], source: DepthSource) -> Iterator[Failure | None]:
        """Write a batch; if it fails, each of its photos alone."""
        images: list[np.ndarray] = []
        readable: list[tuple[str, Path]] = []
        for name, photo in chunk:
            try:
                images.append(read_image(photo))
                readable.append((name, photo))
            except DepthMotionError as error:
                yield Failure(photo, str(error))
        try:
            maps = source.batch(images, files=[photo for _, photo in readable])
        except DepthMotionError as error:
            if len(readable) == 1:
                yield Failure(readable[0][1], str(error))
            else:
                for one in readable:
                    yield from self._export([one], source)
            return
        for (name, _), depth in zip(readable, maps, strict=True):
            self._write(name, depth)
            yield None

    def _write(self, name: str, depth: DepthMap) -> None:
        scale = 1.0 if self.file_format == "npy" or depth.kind == "disparity" else 1 / _PER_UNIT
        self._describe(depth, scale)
        write = _write_npy if self.file_format == "npy" else _write_png
        place = self.out / f"{name}.{self.file_format}"
        outputs = [Output(place, lambda file: write(file, depth))]
        if depth.intrinsics is None:
            camera_file(place).unlink(missing_ok=True)
        else:
            content = camera_text(depth.intrinsics, size=depth.shape).encode()
            outputs.append(Output(camera_file(place), lambda file: _write_bytes(file, content)))
        place_together(outputs)
        if self.preview is not None:
            picture = encode_image(depth_to_color(depth), suffix=".png")
            replace_atomically(Output(self.preview / f"{name}.png", lambda file: _write_bytes(file, picture)))

    def _describe(self, depth: DepthMap, scale: float) -> None:
        """Write `depth.json`, or check that it says the same."""
        file = self.out / "depth.json"
        content = json.dumps({"kind": depth.kind, "scale": scale}) + "\n"
        if not file.exists():
            replace_atomically(Output(file, lambda partial: _write_bytes(partial, content.encode())))
        elif file.read_text() != content:
            raise ConfigError(
                f"{file} says {file.read_text().strip()}, not {content.strip()}: a folder holds depth of one kind and "
                "format. Give another --out."
            )


def _write_bytes(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _write_npy(file: Path, depth: DepthMap) -> None:
    np.save(file, np.asarray(depth.values, dtype=np.float32))


def _write_png(file: Path, depth: DepthMap) -> None:
    values = np.asarray(depth.values, dtype=np.float64)
    if depth.kind == "disparity":
        low, high = float(values.min()), float(values.max())
        codes = (values - low) / (high - low) * 65535 if high > low else np.zeros_like(values)
    else:
        codes = np.clip(values * _PER_UNIT, 1, 65535)
    file.write_bytes(bytes(cv2.imencode(".png", np.rint(codes).astype(np.uint16))[1]))
