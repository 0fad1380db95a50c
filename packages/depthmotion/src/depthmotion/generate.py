"""A whole dataset: every photo of a list becomes a clip with exact flow, on disk."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from tqdm import tqdm

from depthmotion import flowio, paths
from depthmotion.depth_source import DepthSource, load_depth
from depthmotion.errors import ConfigError, DepthMotionError
from depthmotion.image_files import encode_jpeg, read_image, resize_image
from depthmotion.scene import Fill, check_fill
from depthmotion.synthesize import synthesize

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class GenerateConfig:
    """How clips are made; the files depend on this and on each photo alone."""

    depth: str = "ground"
    """A depth source as `load_depth` takes it."""
    num_frames: int = 16
    size: tuple[int, int] | None = (384, 384)
    """(height, width) that photos and depth are resized to; `None` keeps each photo's own size."""
    path: Literal["random_walk", "smooth", "still"] = "random_walk"
    translation: tuple[float, float] = (0.01, 0.02)
    """Range of a random step per axis, for a scene with its nearest things at depth 1; scaled to the photo."""
    rotation_deg: tuple[float, float] = (1.0, 2.0)
    fill: Fill = "background"
    jpeg_quality: int = 95
    flow_dir: Path | None = None
    """Where flow goes; `None` writes none."""
    flow_format: Literal["compact", "uv-jpeg"] = "compact"
    """`compact`: one `CLASS/IMAGE.npy` of uint8 codes per clip; `uv-jpeg`: the published folders `u/` and `v/`."""
    flow_bound: float = 20.0
    """Flow is clipped to ± this [px]."""
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        """Raise `ConfigError` for values that no clip can have."""
        check_fill(self.fill)
        for name, value, least, most in (
            ("num_frames", self.num_frames, 2, 10_000),
            ("jpeg_quality", self.jpeg_quality, 1, 100),
            ("workers", self.workers, 1, 1024),
        ):
            if not least <= value <= most:
                raise ConfigError(f"{name}={value}: allowed is {least} to {most}.")
        if self.size is not None and min(self.size) < 2:
            raise ConfigError(f"size={self.size}: give (height, width) of at least 2 pixels, or None.")
        if not self.flow_bound > 0:
            raise ConfigError(f"flow_bound={self.flow_bound}: give a positive number of pixels.")


@dataclass(frozen=True)
class Failure:
    """A photo that no clip could be made of, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class GenerateSummary:
    """What a call of `generate` did: clips made now, clips that were there already, photos that failed."""

    made: int
    kept: int
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class _Item:
    photo: Path
    name: str
    config: GenerateConfig
    out_dir: Path

    @property
    def seed(self) -> int:
        """A function of the base seed and the item's name alone."""
        digest = hashlib.blake2b(f"{self.config.seed}\x1f{self.name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little")


def generate(
    list_file: str | Path, out_dir: str | Path, config: GenerateConfig | None = None, *, progress: bool = True
) -> GenerateSummary:
    """Make a clip of every photo of a list file, in the published layout `OUT/CLASS/IMAGE_FILE_NAME/00000.jpg …`.

    CLASS is the photo's folder, or, in a flat `JPEGImages`, its name up to the last `_`. A clip is there whole or not
    at all; finished ones (in `manifest.jsonl`, made with the same settings) are kept, so an interrupted call goes on
    where it stopped. A photo that cannot be used is reported in the summary and stops nothing else.

    Args:
        list_file: one `{path} {label}` per line (or only paths); relative paths are taken from its folder.
        out_dir: where the frames go.
        config: how clips are made.
        progress: show a progress bar.

    Raises:
        ConfigError: the list cannot be read, or two photos would share a folder.
        DepthError: the depth source cannot be used at all.
    """
    config = config or GenerateConfig()
    out_dir = Path(out_dir)
    items = [_Item(photo, name, config, out_dir) for name, photo in _read_photos(Path(list_file)).items()]
    load_depth(config.depth)
    out_dir.mkdir(parents=True, exist_ok=True)
    done = _read_manifest(out_dir / MANIFEST)
    fingerprint = _fingerprint(config)
    waiting = [item for item in items if not _is_finished(item, done.get(item.name), fingerprint)]
    failures: list[Failure] = []
    with (out_dir / MANIFEST).open("a", encoding="utf-8") as manifest:
        results = _make_all(waiting, config)
        for item, error in tqdm(results, total=len(waiting), desc="clips", unit="clip", disable=not progress):
            if error is not None:
                failures.append(Failure(item.photo, error))
                continue
            row = {"item": item.name, "photo": str(item.photo), "seed": item.seed, "settings": fingerprint}
            manifest.write(json.dumps(row) + "\n")
            manifest.flush()
    failures.sort(key=lambda failure: str(failure.path))
    return GenerateSummary(len(waiting) - len(failures), len(items) - len(waiting), failures)


def clip_name(photo: Path) -> str:
    """Return `CLASS/IMAGE_FILE_NAME` of a photo."""
    parent = photo.parent.name
    folder = photo.stem.rpartition("_")[0] if parent == "JPEGImages" else parent
    return f"{folder}/{photo.name}" if folder else photo.name


def _read_photos(list_file: Path) -> dict[str, Path]:
    try:
        lines = list_file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the list {list_file} cannot be read: {error}") from error
    photos: dict[str, Path] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        path, *label = line.strip().rsplit(maxsplit=1)
        photo = list_file.parent / (path if label and label[0].lstrip("-").isdigit() else line.strip())
        name = clip_name(photo)
        if ".." in Path(name).parts:
            raise ConfigError(f"{list_file}:{number}: {path!r} would be written outside the output folder.")
        if name in photos:
            raise ConfigError(f"{list_file}:{number}: {photo} and {photos[name]} would share the folder {name!r}.")
        photos[name] = photo
    if not photos:
        raise ConfigError(f"the list {list_file} names no photo.")
    return photos


def _fingerprint(config: GenerateConfig) -> str:
    """Identify everything that the pixels depend on."""
    values = {key: str(value) for key, value in asdict(config).items() if key not in ("workers", "flow_dir")}
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=8).hexdigest()


def _read_manifest(file: Path) -> dict[str, str]:
    """Return item → settings; a line that an interrupted call left unfinished is skipped."""
    rows: dict[str, str] = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                rows[row["item"]] = row["settings"]
            except (ValueError, KeyError, TypeError):
                continue
    return rows


def _is_finished(item: _Item, settings: str | None, fingerprint: str) -> bool:
    flow = _flow_path(item)
    return settings == fingerprint and (item.out_dir / item.name).is_dir() and (flow is None or flow.exists())


def _flow_path(item: _Item) -> Path | None:
    config = item.config
    if config.flow_dir is None:
        return None
    return Path(config.flow_dir) / (f"{item.name}.npy" if config.flow_format == "compact" else item.name)


def _make_all(items: list[_Item], config: GenerateConfig) -> Iterator[tuple[_Item, str | None]]:
    """Yield each item with the reason of its failure, in any order; a depth network runs in this process."""
    if config.workers == 1 or len(items) < 2 or not _is_local(config.depth):
        source = load_depth(config.depth)
        for item in items:
            yield item, _make(item, source)
        return
    context = multiprocessing.get_context("spawn")
    # The first clip is made here: it fills numba's cache, so that the workers load instead of compiling.
    yield items[0], _make(items[0], load_depth(config.depth))
    with ProcessPoolExecutor(config.workers, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        futures = {pool.submit(_make_in_worker, item): item for item in items[1:]}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _is_local(depth: str) -> bool:
    return depth in ("ground", "plane") or depth.startswith("dir:")


def _make_in_worker(item: _Item) -> str | None:
    return _make(item, load_depth(item.config.depth))


def _make(item: _Item, source: DepthSource) -> str | None:
    """Make one clip and its flow; return why it could not be made, or None."""
    try:
        _write_clip(item, source)
    except (DepthMotionError, OSError, MemoryError) as error:
        return str(error)
    return None


def _write_clip(item: _Item, source: DepthSource) -> None:
    config = item.config
    photo = read_image(item.photo)
    depth = source(photo, file=item.photo)
    if config.size is not None:
        photo, depth = resize_image(photo, config.size), depth.resized(*config.size)
    distances = depth.to_depth()
    clip = synthesize(photo, distances, _camera_path(item, distances), fill=config.fill)
    flow = _flow_path(item)
    if flow is not None:
        write_flow = flowio.write if config.flow_format == "compact" else flowio.write_uv
        _replace(flow, lambda temporary: write_flow(temporary, clip.flow, bound=config.flow_bound))
    _replace(item.out_dir / item.name, lambda folder: _write_frames(folder, clip.frames, config.jpeg_quality))


def _camera_path(item: _Item, depth: np.ndarray) -> paths.CameraPath:
    config, rng = item.config, np.random.default_rng(item.seed)
    if config.path == "still":
        return paths.still(config.num_frames)
    make = paths.random_walk if config.path == "random_walk" else paths.smooth
    path = make(config.num_frames, rng, translation=config.translation, rotation_deg=config.rotation_deg)
    return paths.scale_to_depth(path, depth)


def _write_frames(folder: Path, frames: np.ndarray, quality: int) -> None:
    folder.mkdir()
    for index, frame in enumerate(frames):
        (folder / f"{index:05d}.jpg").write_bytes(encode_jpeg(frame, quality=quality))


def _replace(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file or folder under a temporary name beside `target`, then rename it to `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        write(temporary)
        if target.is_dir():
            shutil.rmtree(target)
        temporary.replace(target)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)
