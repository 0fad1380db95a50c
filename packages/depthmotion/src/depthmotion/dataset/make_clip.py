"""One photo becomes one clip on disk."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from depthmotion.atomic_output import Output, place_together
from depthmotion.clip_files import save_clip_masks, save_depth, save_flow, save_frames
from depthmotion.dataset.config import OutputKind
from depthmotion.dataset.manifest import content_hash
from depthmotion.dataset.photo_list import Item
from depthmotion.depth_sources import load_depth
from depthmotion.depth_sources.network import fit_to_photo
from depthmotion.depthmap import DepthMap
from depthmotion.errors import DepthMotionError
from depthmotion.image_files import read_image
from depthmotion.instance_files import find_instances, read_instances
from depthmotion.photo_clip import clip_of_photo

PARTIALS = ".partial"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class Task:
    """An item, with a network's prediction if its depth comes from one, or the reason why there is none."""

    item: Item
    predicted: DepthMap | None = None
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an item: the hash of its files and the ids of the objects that move, or why there are none."""

    item: Item
    digest: str | None = None
    objects: tuple[int, ...] = ()
    error: str | None = None
    disk_full: bool = False


def make_clip(task: Task) -> Outcome:
    """Make one clip and its flow, whole or not at all; any error concerns this clip alone."""
    item = task.item
    if task.error is not None:
        return Outcome(item, error=task.error)
    try:
        digest, objects = _make(task)
        return Outcome(item, digest=digest, objects=objects)
    except (DepthMotionError, MemoryError) as error:
        return Outcome(item, error=str(error) or "not enough memory")
    except OSError as error:
        return Outcome(item, error=_os_reason(error), disk_full=error.errno in _DISK_FULL)
    except Exception as error:  # one photo must not cost all others
        return Outcome(item, error=f"{type(error).__name__}: {error}")


def _os_reason(error: OSError) -> str:
    return f"{error.strerror}: {error.filename}" if error.filename else str(error)


def _make(task: Task) -> tuple[str, tuple[int, ...]]:
    item, config = task.item, task.item.config
    photo = read_image(item.photo)
    if task.predicted is not None:
        depth = fit_to_photo(task.predicted, photo.shape[:2], sharpening=config.sharpen)
    else:
        depth = load_depth(config.depth, sharpening=config.sharpen)(photo, file=item.photo)
    mask = None
    objects: tuple[int, ...] = ()
    if config.instances is not None:
        mask = read_instances(find_instances(config.instances, item.photo), size=photo.shape[:2])
        objects = tuple(config.objects.chosen(mask))
    clip = clip_of_photo(
        photo,
        depth,
        path=config.path_description,
        seed=item.seed,
        num_frames=config.num_frames,
        size=config.size,
        fov_deg=config.fov_deg,
        max_holes=config.max_holes,
        fill=config.fill,
        mask=mask,
        objects=config.objects,
    )

    def write_frames(target: Path) -> None:
        suffix = ".png" if config.frame_format == "png" else ".jpg"
        save_frames(target, clip.frames, fps=config.fps, image_suffix=suffix, quality=config.jpeg_quality)

    def write_flow(target: Path) -> None:
        flow = clip.flow_between(config.flow_between)
        save_flow(target, flow, flow_format=config.flow_format, bound=config.flow_bound)

    writers: dict[OutputKind, Callable[[Path], None]] = {
        "frames": write_frames,
        "flow": write_flow,
        "depth": lambda target: save_depth(target, clip.depth),
        "masks": lambda target: save_clip_masks(target, clip),
    }
    partials = config.folders(item.out_dir)
    outputs = [Output(target, writers[kind], partials[kind] / PARTIALS) for kind, target in item.targets.items()]
    digests: list[str] = []
    place_together(outputs, before=lambda written: digests.append(content_hash(written)))
    return digests[0], objects
