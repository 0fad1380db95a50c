"""One photo becomes one clip on disk."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depthmotion import paths
from depthmotion.atomic_output import Output, place_together
from depthmotion.clip_files import save_flow, save_frames
from depthmotion.dataset.manifest import content_hash
from depthmotion.dataset.photo_list import Item
from depthmotion.depth_sources import load_depth
from depthmotion.depth_sources.network import fit_to_photo
from depthmotion.depthmap import DepthMap
from depthmotion.errors import DepthMotionError, PathError
from depthmotion.image_files import read_image, resize_image
from depthmotion.synthesize import synthesize

PARTIALS = ".partial"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LARGEST_OWN_SIZE = 16_000_000


@dataclass(frozen=True)
class Task:
    """An item, with a network's prediction if its depth comes from one, or the reason why there is none."""

    item: Item
    predicted: DepthMap | None = None
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an item: the hash of its files, or why there are none."""

    item: Item
    digest: str | None = None
    error: str | None = None
    disk_full: bool = False


def make_clip(task: Task) -> Outcome:
    """Make one clip and its flow, whole or not at all; any error concerns this clip alone."""
    item = task.item
    if task.error is not None:
        return Outcome(item, error=task.error)
    try:
        return Outcome(item, digest=_make(task))
    except (DepthMotionError, MemoryError) as error:
        return Outcome(item, error=str(error) or "not enough memory")
    except OSError as error:
        return Outcome(item, error=_os_reason(error), disk_full=error.errno in _DISK_FULL)
    except Exception as error:  # one photo must not cost all others
        return Outcome(item, error=f"{type(error).__name__}: {error}")


def _os_reason(error: OSError) -> str:
    return f"{error.strerror}: {error.filename}" if error.filename else str(error)


def _make(task: Task) -> str:
    item, config = task.item, task.item.config
    photo = read_image(item.photo)
    if task.predicted is not None:
        depth = fit_to_photo(task.predicted, photo.shape[:2])
    else:
        depth = load_depth(config.depth)(photo, file=item.photo)
    if config.size is not None:
        photo, depth = resize_image(photo, config.size), depth.resized(*config.size)
    check_own_size(photo.shape)
    distances = depth.to_depth()
    path = paths.from_description(
        config.path_description,
        np.random.default_rng(item.seed),
        depth=distances,
        num_frames=config.num_frames,
        max_holes=config.max_holes,
        intrinsics=depth.intrinsics,
    )
    clip = synthesize(photo, distances, path, intrinsics=depth.intrinsics, fill=config.fill)

    def write_frames(target: Path) -> None:
        suffix = ".png" if config.frame_format == "png" else ".jpg"
        save_frames(target, clip.frames, fps=config.fps, image_suffix=suffix, quality=config.jpeg_quality)

    def write_flow(target: Path) -> None:
        save_flow(target, clip.flow, flow_format=config.flow_format, bound=config.flow_bound)

    outputs = [Output(item.frames, write_frames, item.out_dir / PARTIALS)]
    if item.flow is not None and config.flow_dir is not None:
        outputs.append(Output(item.flow, write_flow, Path(config.flow_dir) / PARTIALS))
    digests: list[str] = []
    place_together(outputs, before=lambda partials: digests.append(content_hash(partials)))
    return digests[0]


def check_own_size(shape: tuple[int, ...]) -> None:
    """Raise PathError for a photo (H, W, …) that is too large to be warped at its own size."""
    if shape[0] * shape[1] > _LARGEST_OWN_SIZE:
        raise PathError(
            f"a photo of {shape[1]}×{shape[0]} is too large to be warped at its own size (at most "
            f"{_LARGEST_OWN_SIZE // 1_000_000} megapixels): give a size."
        )
