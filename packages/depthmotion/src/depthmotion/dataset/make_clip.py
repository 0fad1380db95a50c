"""One photo becomes one clip on disk."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from depthmotion.atomic_output import Mark, make_folder, partial_in, remove
from depthmotion.clip_files import save_clip_masks, save_depth, save_flow, save_frames
from depthmotion.dataset.clip_inputs import InputMark, marks_of_inputs
from depthmotion.dataset.config import OutputKind
from depthmotion.dataset.manifest import digest_of, marks_of
from depthmotion.dataset.photo_list import Item, reason_of
from depthmotion.depth_sources import load_depth
from depthmotion.depth_sources.network import fit_to_photo
from depthmotion.depthmap import DepthMap
from depthmotion.image_files import read_image
from depthmotion.instance_files import find_instances, read_instances
from depthmotion.photo_clip import clip_of_photo

PARTIALS = ".depthmotion-partial"
"""Folder in each output folder: clips stay there until all their files are written."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def is_disk_full(error: Exception) -> bool:
    """Return whether an error says that nothing more can be written; NumPy says so of an array without a number."""
    if not isinstance(error, OSError):
        return False
    return error.errno in _DISK_FULL or (error.errno is None and " requested and " in str(error))


@dataclass(frozen=True)
class Task:
    """An item, with a network's prediction if its depth comes from one, or the reason why there is none.

    Unfinished files are named after `owner`, the process that will give them their names.
    """

    item: Item
    predicted: DepthMap | None = None
    error: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an item: its files, finished but not in their places, and the objects that move, or an error.

    `partials` are by kind, `marks` and their hash `digest` by KIND or KIND/NAME.
    """

    item: Item
    partials: dict[str, Path] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    inputs: dict[str, InputMark] = field(default_factory=dict)
    objects: tuple[int, ...] = ()
    error: str | None = None
    disk_full: bool = False

    @property
    def digest(self) -> str | None:
        """One hash of all files, or None if there are none."""
        return digest_of(self.marks) if self.marks else None


def make_clip(task: Task) -> Outcome:
    """Make the files of one clip, for `put_clip` to put into their places; any error concerns this clip alone."""
    if task.error is not None:
        return Outcome(task.item, error=task.error)
    try:
        return _make(task)
    except Exception as error:  # one photo must not cost all others
        return Outcome(task.item, error=reason_of(error), disk_full=is_disk_full(error))


def _make(task: Task) -> Outcome:
    item, config = task.item, task.item.config
    inputs = marks_of_inputs(item)  # before they are read: what changes meanwhile is another file
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
    partials: dict[str, Path] = {}
    try:
        for kind, folder in config.folders(item.out_dir).items():
            make_folder(folder / PARTIALS)
            partials[kind] = partial_in(folder / PARTIALS, item.targets[kind].suffix, owned_by=task.owner)
            writers[kind](partials[kind])
        return Outcome(item, partials, marks_of(partials), inputs, objects)
    except BaseException:
        for partial in partials.values():
            remove(partial)
        raise
