"""The depth of photos as a folder that `load_depth("dir:FOLDER")` reads."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from depthmotion.atomic_output import open_new, write_new
from depthmotion.dataset.photo_list import Failure, ListedPhoto, read_photos
from depthmotion.depth_colour import depth_to_color
from depthmotion.depth_sources import DepthSource, load_depth
from depthmotion.depth_sources.camera_file import camera_file, camera_text
from depthmotion.depthmap import DepthMap
from depthmotion.errors import ConfigError
from depthmotion.image_files import encode_image, read_image
from depthmotion.output_folder import OutputFolder
from depthmotion.sharpen import SharpenRule

_PER_UNIT = 1000


@dataclass(frozen=True)
class DepthExport:
    """Writes depth to `OUT/CLASS/NAME.png` or `.npy`, and in colour to `PREVIEW/CLASS/NAME.png`.

    16-bit PNGs hold disparity stretched to 0 … 65535, or depth in thousandths of its unit, at most 65.535 units.
    The camera, where the depth source knows it, goes beside: `NAME.camera.json`. Files are added to what is in the
    folders; with `overwrite` those of an earlier call are replaced.
    """

    out: Path
    model: str
    file_format: Literal["png", "npy"] = "png"
    preview: Path | None = None
    batch: int = 1
    device: str = "auto"
    sharpening: SharpenRule = "step"
    overwrite: bool = False

    def photos(self, images: Sequence[Path], list_file: Path | None) -> tuple[dict[str, ListedPhoto], list[Failure]]:
        """Return the photos by their depth's name `CLASS/NAME`, and lines of the list that cannot be used.

        CLASS is a photo's folder.

        Raises:
            ConfigError: there is no photo, or two would share a file.
        """
        listed, failures = ({}, []) if list_file is None else read_photos(list_file)
        photos: dict[str, ListedPhoto] = {}
        for photo in [*(ListedPhoto(image.absolute()) for image in images), *listed.values()]:
            name = f"{photo.path.parent.name}/{photo.path.stem}"
            if photos.setdefault(name, photo).path != photo.path:
                raise ConfigError(f"{photo.path} and {photos[name].path} would share the depth file {name}.")
        if not photos and not failures:
            raise ConfigError("no photo is given: name some, or give a list.")
        return photos, failures

    def run(self, photos: dict[str, ListedPhoto]) -> Iterator[Failure | None]:
        """Look whether all can be written; return what writes them and gives for each one why it failed, or None.

        Raises:
            ConfigError: the folder holds depth of another kind.
            DepthError: the depth source cannot be used at all.
            OutputError: a file would be written over one that is not of an earlier call; then nothing is done.
        """
        folders = self._claim(photos)
        source = load_depth(self.model, device=self.device, batch_size=self.batch, sharpening=self.sharpening)
        waiting = iter(photos.items())
        chunks = iter(lambda: list(itertools.islice(waiting, self.batch)), [])
        return itertools.chain.from_iterable(self._export(chunk, source, folders) for chunk in chunks)

    def _claim(self, photos: dict[str, ListedPhoto]) -> _Folders:
        inputs = [photo.path for photo in photos.values()]
        depth = OutputFolder(self.out, what="depth", overwrite=self.overwrite, inputs=inputs)
        preview = None
        if self.preview is not None:
            if os.path.realpath(self.preview) == os.path.realpath(self.out):
                raise ConfigError(
                    f"{self.preview} would hold the depth and its preview: give each a folder of its own."
                )
            preview = OutputFolder(self.preview, what="preview", overwrite=self.overwrite, inputs=inputs)
        for name in photos:
            place = f"{name}.{self.file_format}"
            depth.claim(place)
            depth.claim(str(camera_file(Path(place))))
            if preview is not None:
                preview.claim(f"{name}.png")
        return _Folders(depth, preview)

    def _export(
        self, chunk: list[tuple[str, ListedPhoto]], source: DepthSource, folders: _Folders
    ) -> Iterator[Failure | None]:
        """Write a batch; if it fails, each of its photos alone."""
        images: list[np.ndarray] = []
        readable: list[tuple[str, ListedPhoto]] = []
        for name, photo in chunk:
            try:
                images.append(read_image(photo.path))
                readable.append((name, photo))
            except Exception as error:  # one photo must not cost all others
                yield Failure.of(photo.path, error, line=photo.line)
        if not readable:
            return
        try:
            maps = source.batch(images, files=[photo.path for _, photo in readable])
        except Exception as error:
            if len(readable) == 1:
                yield Failure.of(readable[0][1].path, error, line=readable[0][1].line)
            else:
                for one in readable:
                    yield from self._export([one], source, folders)
            return
        for (name, photo), depth in zip(readable, maps, strict=True):
            self._describe(depth)
            try:
                self._write(name, depth, folders)
                yield None
            except Exception as error:
                yield Failure.of(photo.path, error, line=photo.line)

    def _write(self, name: str, depth: DepthMap, folders: _Folders) -> None:
        write = _write_npy if self.file_format == "npy" else _write_png
        place = f"{name}.{self.file_format}"
        camera = str(camera_file(Path(place)))
        files: dict[str, Callable[[Path], None]] = {place: lambda file: write(file, depth)}
        if depth.intrinsics is not None:
            content = camera_text(depth.intrinsics, size=depth.shape).encode()
            files[camera] = lambda file: write_new(file, content)
        folders.depth.place(files, dropped=() if camera in files else (camera,))
        if folders.preview is not None:
            picture = encode_image(depth_to_color(depth), suffix=".png")
            folders.preview.place({f"{name}.png": lambda file: write_new(file, picture)})

    def _describe(self, depth: DepthMap) -> None:
        """Write `depth.json`, or check that it says the same."""
        scale = 1.0 if self.file_format == "npy" or depth.kind == "disparity" else 1 / _PER_UNIT
        file = self.out / "depth.json"
        content = json.dumps({"kind": depth.kind, "scale": scale}) + "\n"
        if not os.path.lexists(file):
            self.out.mkdir(parents=True, exist_ok=True)
            write_new(file, content.encode())
            return
        found = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "nothing"
        if found != content:
            raise ConfigError(
                f"{file} says {' '.join(found.split())[:200]}, not {content.strip()}: a folder holds depth of one kind "
                "and format. Give another --out."
            )


@dataclass(frozen=True)
class _Folders:
    depth: OutputFolder
    preview: OutputFolder | None


def _write_npy(file: Path, depth: DepthMap) -> None:
    with open_new(file) as stream:
        np.save(stream, np.asarray(depth.values, dtype=np.float32))


def _write_png(file: Path, depth: DepthMap) -> None:
    values = np.asarray(depth.values, dtype=np.float64)
    if depth.kind == "disparity":
        low, high = float(values.min()), float(values.max())
        codes = (values - low) / (high - low) * 65535 if high > low else np.zeros_like(values)
    else:
        codes = np.clip(values * _PER_UNIT, 1, 65535)
    write_new(file, bytes(cv2.imencode(".png", np.rint(codes).astype(np.uint16))[1]))
