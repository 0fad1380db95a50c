"""Generated clips as they are loaded: resized, uncompressed, one memory-mapped file each for frames and flow codes.

Reading a crop touches only its pages, and all processes on a machine share them.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from videoda_train.data.atomic_file import write_array
from videoda_train.data.each_item import for_each
from videoda_train.data.failed_item import Failed
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import NAMES, PreparedPaths, require_same_settings, source_clip_name
from videoda_train.data.source_key import source_key
from videoda_train.data.video_reader import FrameFolderReader
from videoda_train.errors import MediaError
from videoda_train.recipes.config import ClipConfig


def pack_clips(
    items: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    clip: ClipConfig,
    made_with: dict[str, object],
    max_bytes: int,
    workers: int,
    progress: bool,
) -> None:
    """Pack the generated clips of the first stills, as many as fit; finished ones are kept.

    Args:
        items: the stills.
        paths: where their clips are and the packed ones go.
        clip: the size that clips are loaded at.
        made_with: the settings of the generated clips.
        max_bytes: what all packed clips may take.
        workers: processes.
        progress: show a progress bar.

    Raises:
        ConfigError: the folder holds clips packed with other settings.
        MediaError: naming the clips that cannot be packed; all others are.
    """
    clip_bytes = clip.num_frames * clip.resize**2 * (3 + 2)
    fitting = items[: max(max_bytes, 0) // clip_bytes]
    if not fitting:
        return
    require_same_settings(
        paths.packed_clips, made_with | {"resize": clip.resize, "num_frames": clip.num_frames, "names": NAMES}
    )
    waiting = [item for item in fitting if not all(file.exists() for file in _packed_files(item, paths))]
    packed = for_each(
        partial(_pack, paths=paths, clip=clip), waiting, workers=workers, description="pack", progress=progress
    )
    failed = {index: result for index, result in packed if isinstance(result, Failed)}
    if failed:
        named = [f"{waiting[index].path}: {failed[index].reason}" for index in sorted(failed)]
        raise MediaError(f"{len(failed)} generated clips cannot be packed:\n  " + "\n  ".join(named[:10]))


def packed_clip(
    item: ListItem, paths: PreparedPaths, *, clip: ClipConfig
) -> tuple[UInt8[np.ndarray, "N R R 3"], UInt8[np.ndarray, "N2 R R 2"]] | None:
    """Return a clip's frames and flow codes, memory-mapped, or nothing where they are not packed at `resize` scale."""
    try:
        rgb, codes = (np.load(file, mmap_mode="r", allow_pickle=False) for file in _packed_files(item, paths))
    except FileNotFoundError:
        return None
    return (rgb, codes) if rgb.shape[1] == clip.resize else None


def decode_frames(item: ListItem, paths: PreparedPaths, *, clip: ClipConfig) -> UInt8[np.ndarray, "N R R 3"]:
    """Decode a generated clip's frames at `resize` scale."""
    reader = FrameFolderReader(paths.source_frames / source_clip_name(item))
    return reader.frames(range(min(len(reader), clip.num_frames)), size=(clip.resize, clip.resize))


def decode_flow_codes(item: ListItem, paths: PreparedPaths, *, clip: ClipConfig) -> UInt8[np.ndarray, "N R R 2"]:
    """Read a generated clip's flow codes at `resize` scale.

    Stored codes are resized as they are: the flow and its bound shrink alike, so they code the smaller flow.
    """
    stored = np.load(paths.source_flow / f"{source_clip_name(item)}.npy", mmap_mode="r", allow_pickle=False)[
        : clip.num_frames
    ]
    size = (clip.resize, clip.resize)
    return np.stack([cv2.resize(codes, size, interpolation=cv2.INTER_AREA) for codes in stored])


def _pack(item: ListItem, *, paths: PreparedPaths, clip: ClipConfig) -> None:
    for file, decode in zip(_packed_files(item, paths), (decode_frames, decode_flow_codes), strict=True):
        if not file.exists():
            write_array(file, decode(item, paths, clip=clip), inside=paths.root)


def _packed_files(item: ListItem, paths: PreparedPaths) -> tuple[Path, Path]:
    stem = paths.packed_clips / f"{source_clip_name(item)}.{source_key(item)}"
    return stem.with_name(f"{stem.name}.rgb.npy"), stem.with_name(f"{stem.name}.flow.npy")
