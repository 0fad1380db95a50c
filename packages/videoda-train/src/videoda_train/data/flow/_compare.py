"""Two flow folders of the same videos, compared."""

from dataclasses import dataclass
from pathlib import Path

import depthmotion.flowio
import numpy as np
from jaxtyping import Float32

from videoda_train.errors import ConfigError, MediaError


@dataclass(frozen=True)
class FlowDifference:
    """One video: fields in each folder, mean and largest end-point difference [px] over the common ones, or why not."""

    name: str
    num_fields: tuple[int, int]
    mean: float = float("nan")
    largest: float = float("nan")
    problem: str = ""


def compare_flow(first: Path | str, second: Path | str, *, bound: float = 20.0) -> list[FlowDifference]:
    """Compare every video's flow in two folders (u/v JPEGs or `.npy` codes, each as it is), in order of name.

    Raises:
        ConfigError: a folder holds no flow.
    """
    videos = [_videos(Path(folder)) for folder in (first, second)]
    return [
        _compare(name, videos[0].get(name), videos[1].get(name), bound=bound)
        for name in sorted(videos[0].keys() | videos[1].keys())
    ]


def _videos(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise ConfigError(f"no flow folder at {folder}")
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.npy")}
    pairs = {path.parent.relative_to(folder).as_posix(): path.parent for path in folder.rglob("u") if path.is_dir()}
    if not files and not pairs:
        raise ConfigError(f"{folder} holds no flow; expected CLASS/NAME/u and v with JPEGs, or CLASS/NAME.npy")
    return files | pairs


def _read(path: Path, *, bound: float) -> Float32[np.ndarray, "T H W 2"]:
    if path.is_dir():
        return depthmotion.flowio.read_uv(path, bound=bound)
    codes = np.load(path, mmap_mode="r")
    if codes.dtype != np.uint8 or codes.ndim != 4 or codes.shape[-1] != 2:
        raise MediaError(f"{path} holds {codes.dtype} {codes.shape}; flow codes are uint8 (T, H, W, 2)")
    return depthmotion.flowio.decode_uint8(np.asarray(codes), bound=bound)


def _compare(name: str, first: Path | None, second: Path | None, *, bound: float) -> FlowDifference:
    if first is None or second is None:
        return FlowDifference(name, (0, 0), problem=f"only in the {'second' if first is None else 'first'} folder")
    a, b = _read(first, bound=bound), _read(second, bound=bound)
    counts = (len(a), len(b))
    if a.shape[1:] != b.shape[1:]:
        return FlowDifference(name, counts, problem=f"sizes {a.shape[1:3]} and {b.shape[1:3]}")
    common = min(counts)
    distance = np.linalg.norm(a[:common] - b[:common], axis=-1)
    problem = "" if counts[0] == counts[1] else f"{counts[0]} and {counts[1]} fields"
    return FlowDifference(name, counts, float(distance.mean()), float(distance.max()), problem)
