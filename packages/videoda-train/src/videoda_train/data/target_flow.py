"""Stage B for videos: optical flow at the evaluation frames, by OpenCV's DIS, cached as 8-bit codes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from videoda_train.data.atomic_file import write_array, write_text
from videoda_train.data.clip_sampling import uniform_indices
from videoda_train.data.coded_flow import flow_as_codes
from videoda_train.data.each_item import for_each
from videoda_train.data.failed_item import Failed
from videoda_train.data.item_facts import facts_from_line, facts_to_line, require_all
from videoda_train.data.item_reader import find_item_facts, open_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import (
    NAMES,
    PreparedPaths,
    prepared_name,
    require_distinct,
    require_same_settings,
)
from videoda_train.data.source_key import source_key
from videoda_train.data.video_facts import VideoFacts
from videoda_train.data.video_reader import VideoReader
from videoda_train.errors import MediaError
from videoda_train.recipes.config import ClipConfig


def dis_flow(
    frames: UInt8[np.ndarray, "T H W 3"], following: UInt8[np.ndarray, "T H W 3"]
) -> Float[np.ndarray, "T H W 2"]:
    """Estimate the flow [px, (u right, v down)] from each frame to the one following it, by DIS (medium preset)."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    pairs = zip(frames, following, strict=True)
    return np.stack(
        [
            estimator.calc(cv2.cvtColor(a, cv2.COLOR_RGB2GRAY), cv2.cvtColor(b, cv2.COLOR_RGB2GRAY), None)  # type: ignore[call-overload]
            for a, b in pairs
        ]
    )


def flow_codes(reader: VideoReader, starts: Int[np.ndarray, " T"], *, clip: ClipConfig) -> UInt8[np.ndarray, "T R R 2"]:
    """Return codes of the flow from each of these frames to the next one, at `resize` scale.

    The flow is estimated in frames of `flow_estimation_size` and averaged over areas where that is larger.
    """
    unique, inverse = np.unique(starts, return_inverse=True)
    estimation = clip.flow_estimation_size or clip.resize
    wanted = np.union1d(unique, np.minimum(unique + 1, len(reader) - 1))
    frames = reader.frames(wanted, size=(estimation, estimation))
    flow = dis_flow(
        frames[np.searchsorted(wanted, unique)],
        frames[np.searchsorted(wanted, np.minimum(unique + 1, len(reader) - 1))],
    )
    if estimation != clip.resize:
        size = (clip.resize, clip.resize)
        flow = np.stack([cv2.resize(field, size, interpolation=cv2.INTER_AREA) for field in flow])
        flow *= clip.resize / estimation
    return flow_as_codes(flow, bound=clip.flow_bound)[inverse]


def evaluation_flow(reader: VideoReader, *, clip: ClipConfig) -> UInt8[np.ndarray, "E R R 2"]:
    """Return flow codes at the evaluation frames: from frame `floor(i·N/E)` to the next one, at `resize` scale.

    The last frame has no next one; its flow is that of the frame before. A one-frame video has zero flow.
    """
    starts = np.minimum(uniform_indices(len(reader), clip.num_eval_frames), max(len(reader) - 2, 0))
    return flow_codes(reader, starts, clip=clip)


def cache_target_flow(
    items: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    list_file: Path,
    clip: ClipConfig,
    progress: bool,
    workers: int = 1,
    limit_s: float | None = None,
) -> list[VideoFacts]:
    """Compute and cache the flow of every listed video; finished ones are kept and skipped.

    A file that has changed since, or another one of the same name, has flow of its own.

    Returns:
        The facts of each video, in list order.

    Raises:
        MediaError: naming the videos that could not be read; all others are finished.
        ConfigError: the cache was made with other settings.
    """
    require_distinct([prepared_name(item) for item in items], list_file=list_file)
    settings: dict[str, object] = {
        "method": "dis-medium",
        "resize": clip.resize,
        "flow_estimation_size": clip.flow_estimation_size,
        "num_eval_frames": clip.num_eval_frames,
        "flow_bound": clip.flow_bound,
        "names": NAMES,
    }
    require_same_settings(paths.target_flow, settings)
    facts = {index: known for index, item in enumerate(items) if (known := _cached(item, paths))}
    waiting = [index for index in range(len(items)) if index not in facts]
    failed: dict[int, Failed] = {}
    for position, found in for_each(
        partial(_cache_one, paths=paths, clip=clip),
        [items[index] for index in waiting],
        workers=workers,
        description="target flow",
        limit_s=limit_s,
        progress=progress,
    ):
        if isinstance(found, Failed):
            failed[waiting[position]] = found
        else:
            facts[waiting[position]] = found
    require_all(failed, items, list_file=list_file)
    return [facts[index] for index in range(len(items))]


def _cached(item: ListItem, paths: PreparedPaths) -> VideoFacts | None:
    flow_file = paths.flow_file(item)
    facts_file = flow_file.with_suffix(".json")
    if not flow_file.exists() or not facts_file.exists():
        return None
    try:
        return facts_from_line(facts_file.read_text(encoding="utf-8", errors="replace"))[1]
    except MediaError:
        return None


def _cache_one(item: ListItem, *, paths: PreparedPaths, clip: ClipConfig) -> VideoFacts:
    flow_file = paths.flow_file(item)
    facts = find_item_facts(item)
    reader = open_item(item, facts)
    write_array(flow_file, evaluation_flow(reader, clip=clip), inside=paths.root)
    line = facts_to_line(facts, key=source_key(item), name=item.name)
    write_text(flow_file.with_suffix(".json"), line, inside=paths.root)
    return facts
