"""The flow of every video of a list: published u/v JPEGs, or one `uint8` file per video."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from videoda_train.data.atomic_file import write_array
from videoda_train.data.clip_sampling import uniform_indices
from videoda_train.data.coded_flow import flow_as_codes
from videoda_train.data.flow._estimators import FlowEstimator, Method, create_estimator
from videoda_train.data.item_reader import open_item, stream_item
from videoda_train.data.list_file import ListItem
from videoda_train.data.list_work import ListSummary, named_videos, work_through
from videoda_train.data.made_files import made_whole
from videoda_train.data.prepared import require_same_settings
from videoda_train.data.resize import fit_short_side
from videoda_train.data.source_key import source_key
from videoda_train.errors import ConfigError, MediaError

Layout = Literal["uv", "npy"]


@dataclass(frozen=True)
class FlowConfig:
    """How flow is estimated and stored."""

    method: Method = "dis"
    layout: Layout = "uv"
    """`uv`: NAME/u/000000.jpg and NAME/v/000000.jpg, as published; `npy`: NAME.npy, uint8 (T, H, W, 2)."""
    short_side: int | None = 256
    """Frames are resized to this short side first, aspect kept [px]; None: their own size."""
    num_frames: int | None = None
    """Flow from this many frames, spread evenly, to their next ones; default: every frame."""
    bound: float = 20.0
    """Flow is clipped to ± this [px] and stored in 8 bits."""
    weights: Path | None = None
    """RAFT-small's weights, torchvision's or its authors'."""
    device: str = "cpu"
    """Where RAFT runs."""

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: naming the value and what is allowed.
        """
        for name, value in (("short_side", self.short_side), ("num_frames", self.num_frames)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}; it must be at least 1")


@dataclass(frozen=True)
class _Task:
    item: ListItem
    folder: Path
    name: str
    config: FlowConfig

    made_from: str

    @property
    def targets(self) -> Sequence[Path]:
        """The video's flow and its facts."""
        stem = self.folder / self.name
        flow = stem if self.config.layout == "uv" else stem.with_name(f"{stem.name}.npy")
        return [flow, stem.with_name(f"{stem.name}.json")]


def flow_list(
    list_file: Path | str,
    *,
    out_dir: Path | str,
    config: FlowConfig,
    root: Path | str | None = None,
    workers: int = 1,
    resume: bool = False,
    limit_s: float | None = None,
    progress: bool = True,
) -> ListSummary:
    """Estimate the flow of every listed video into `out_dir/CLASS/NAME…`.

    Args:
        list_file: `{path} {label}` per line.
        out_dir: where the flow goes.
        config: method, size and layout.
        root: folder of relative paths; default: the list file's own.
        workers: processes.
        resume: go on in a folder that holds flow already; finished videos are kept.
        limit_s: longest time for one file [s]; a decoder that hangs is stopped then. Default: none.
        progress: show a progress bar.

    Raises:
        ConfigError: the folder holds flow and `resume` is not given, or was made with other settings.
        ListFileError: the list cannot be read, or two of its videos would share a name.
    """
    list_file, out_dir = Path(list_file), Path(out_dir)
    create_estimator(config.method, weights=config.weights, device=config.device)
    videos = named_videos(list_file, root=root)
    if not resume and (out_dir / "settings.json").exists():
        raise ConfigError(f"{out_dir} holds flow already; add --resume to go on, or give another --out")
    settings = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(config).items()}
    require_same_settings(out_dir, {key: value for key, value in settings.items() if key != "device"}, option="--out")
    tasks = [_Task(item, out_dir, name, config, source_key(item)) for item, name in videos]
    return work_through(
        _one_video,
        tasks,
        resume=resume,
        list_file=list_file,
        out_dir=out_dir,
        workers=workers,
        description=f"{config.method} flow",
        progress=progress,
        limit_s=limit_s,
    )


def _one_video(task: _Task) -> None:
    """Write one video's flow and its facts."""
    estimator = _estimator(task.config.method, task.config.weights, task.config.device)
    fields = [flow_as_codes(field, bound=task.config.bound) for field in _fields(task.item, estimator, task.config)]
    if not fields:
        raise MediaError(f"{task.item.path} has one frame; flow needs two")
    with made_whole(task.targets, made_from=task.made_from, inside=task.folder) as (flow, facts):
        _store(flow, fields, layout=task.config.layout)
        facts.write_text(json.dumps({"num_fields": len(fields), "bound": task.config.bound}))


@lru_cache(maxsize=1)
def _estimator(method: Method, weights: Path | None, device: str) -> FlowEstimator:
    return create_estimator(method, weights=weights, device=device)


def _fields(item: ListItem, estimator: FlowEstimator, config: FlowConfig) -> Iterator[Float32[np.ndarray, "H W 2"]]:
    if config.num_frames is None:
        for first, second in pairwise(stream_item(item)):
            yield estimator(fit_short_side(first, config.short_side), fit_short_side(second, config.short_side))
        return
    reader = open_item(item)
    if len(reader) < 2:
        return
    starts = np.minimum(uniform_indices(len(reader), config.num_frames), len(reader) - 2)
    unique, repeats = np.unique(starts, return_counts=True)
    wanted = np.union1d(unique, unique + 1)
    frames = {
        int(i): fit_short_side(frame, config.short_side) for i, frame in zip(wanted, reader.frames(wanted), strict=True)
    }
    for start, repeat in zip(unique, repeats, strict=True):
        yield from [estimator(frames[int(start)], frames[int(start) + 1])] * int(repeat)


def _store(place: Path, fields: Sequence[UInt8[np.ndarray, "H W 2"]], *, layout: Layout) -> None:
    if layout == "npy":
        write_array(place, np.stack(fields))
        return
    for axis, name in enumerate("uv"):
        (place / name).mkdir(parents=True)
        for t, codes in enumerate(fields):
            _, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(codes[..., axis]), [cv2.IMWRITE_JPEG_QUALITY, 95])
            (place / name / f"{t:06d}.jpg").write_bytes(jpeg.tobytes())
