"""Does a video give the right frames? One pass in order, the same frames at random, and a verdict."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import av
import numpy as np

from videoda_train.data.failed_item import reason_of
from videoda_train.data.image_file import IMAGE_SUFFIXES, read_image
from videoda_train.data.video_facts import require_whole
from videoda_train.data.video_reader import FrameFolderReader, SeekPoints, find_seek_points, open_video
from videoda_train.data.video_reader._orientation import turn_name, turn_of
from videoda_train.data.video_reader._pyav import RgbConverter, decode_in_order, open_stream
from videoda_train.errors import MediaError

Verdict = Literal["ok", "miscounted", "wrong-frames", "truncated", "short", "unreadable", "missing"]

ADVICE: dict[Verdict, str] = {
    "ok": "",
    "miscounted": "transcode",
    "wrong-frames": "transcode",
    "truncated": "drop",
    "short": "drop",
    "unreadable": "drop",
    "missing": "drop",
}
"""What to do about a verdict. `miscounted` files read right here, but other readers may return wrong frames."""

_SAMPLED_BYTES = 64 * 2**20
_MOST_SAMPLED = 24
_MIN_PSNR = 45.0


@dataclass(frozen=True)
class VideoCheck:
    """The verdict on one file, and what decoding found: counts, rate [frames/s], size [px], codec.

    `turned` says how the file has its frames turned before they are shown, as every reader here does; size and frames
    are as shown. `seek_points` is the number of frames from which decoding may start; 0: the file is read in order.
    """

    verdict: Verdict
    frames: int = 0
    header_frames: int = 0
    fps: float = 0.0
    variable_rate: bool = False
    width: int = 0
    height: int = 0
    codec: str = ""
    container: str = ""
    seek_points: int = 0
    detail: str = ""
    turned: str = ""


@dataclass
class _Pass:
    """What the pass in order found."""

    found: VideoCheck
    kept: dict[int, np.ndarray] = field(default_factory=dict)


def check_video(path: Path | str, *, min_frames: int = 2, seed: int = 0) -> VideoCheck:
    """Decode a video in order by PyAV, read some of its frames at random as training does, and compare.

    Photos and folders of frames are decoded once. Up to 24 frames (64 MiB) are compared, at least 45 dB PSNR apart from
    rounding; the choice depends on `seed` alone.
    """
    path = Path(path)
    try:
        if not path.exists():
            return VideoCheck("missing", detail=f"no file at {path}")
        if path.is_dir():
            return _check_folder(path, min_frames)
        if path.suffix.lower() in IMAGE_SUFFIXES:
            height, width = read_image(path).shape[:2]
            frames = 1 if width % height else width // height
            return VideoCheck("ok", frames=frames, width=width, height=height, codec="image")
        return _check_file(path, min_frames, np.random.default_rng(seed))
    except av.error.FFmpegError as error:
        return VideoCheck("unreadable", detail=f"{path} is not a video that can be opened: {error.strerror}")
    except Exception as error:  # whatever damage does to a decoder, the verdict is the same
        reason = reason_of(error)
        return VideoCheck("unreadable", detail=reason if str(path) in reason else f"{path}: {reason}")


def _check_folder(path: Path, min_frames: int) -> VideoCheck:
    reader = FrameFolderReader(path)
    sizes = {reader.frames([index])[0].shape[:2] for index in range(len(reader))}
    if len(sizes) > 1:
        return VideoCheck("unreadable", frames=len(reader), codec="images", detail=f"frames of {len(sizes)} sizes")
    ((height, width),) = sizes
    missing = reader.num_missing
    detail = f"{missing} frames are missing between the first and the last number" if missing else ""
    check = VideoCheck("ok", frames=len(reader), width=width, height=height, codec="images", detail=detail)
    return _short_or(check, min_frames)


def _check_file(path: Path, min_frames: int, rng: np.random.Generator) -> VideoCheck:
    once = _decode_once(path, rng)
    check = once.found
    try:
        require_whole(path, check.frames)
    except MediaError as error:
        return replace(check, verdict="truncated", detail=str(error))
    _, seek_points = find_seek_points(path)
    check = replace(check, seek_points=len(seek_points.frames))
    wrong = _wrong_frames(path, once, seek_points, rng)
    if wrong:
        return replace(check, verdict="wrong-frames", detail=f"frames {', '.join(map(str, wrong))} differ")
    if check.header_frames and check.header_frames != check.frames:
        detail = f"the header says {check.header_frames} frames, {check.frames} decode"
        return replace(_short_or(check, min_frames, verdict="miscounted"), detail=detail)
    return _short_or(check, min_frames)


def _short_or(check: VideoCheck, min_frames: int, *, verdict: Verdict = "ok") -> VideoCheck:
    if check.frames < min_frames:
        return replace(check, verdict="short", detail=f"{check.frames} frames; {min_frames} were asked")
    return replace(check, verdict=verdict)


def _decode_once(path: Path, rng: np.random.Generator) -> _Pass:
    """Decode everything in order; keep a uniform sample of the frames (a reservoir) and always the last one."""
    with open_stream(path) as (container, stream):
        found = VideoCheck(
            "ok",
            header_frames=stream.frames,
            fps=float(stream.average_rate or 0),
            codec=stream.codec_context.name,
            container=container.format.name,
        )
    kept: list[tuple[int, np.ndarray]] = []
    times: list[int] = []
    count = 0
    last, convert = None, RgbConverter()
    for count, frame in enumerate(decode_in_order(path), 1):
        capacity = max(2, min(_MOST_SAMPLED, _SAMPLED_BYTES // (frame.width * frame.height * 3)))
        slot = count - 1 if count <= capacity else int(rng.integers(count))
        if slot < capacity:
            kept[slot : slot + 1] = [(count - 1, convert(frame))]
        if frame.pts is not None:
            times.append(frame.pts)
        last = frame
    if last is None:
        raise MediaError(f"{path} holds no frame that can be decoded")
    shown = convert(last)
    frames = dict(kept) | {count - 1: shown}
    steps = np.diff(times)
    variable = bool(len(steps) > 1 and steps.max() > 1.5 * max(steps.min(), 1))
    height, width = shown.shape[:2]
    found = replace(found, frames=count, width=width, height=height, variable_rate=variable)
    return _Pass(replace(found, turned=turn_name(turn_of(last))), kept=frames)


def _wrong_frames(path: Path, once: _Pass, seek_points: SeekPoints, rng: np.random.Generator) -> list[int]:
    """Read the kept frames through the default reader, a few per call, in random order; return those that differ."""
    reader = open_video(path, num_frames=once.found.frames, seek_points=seek_points)
    order = rng.permutation(sorted(once.kept))
    wrong: list[int] = []
    for indices in (part for part in np.array_split(order, 3) if len(part)):
        for index, frame in zip(indices, reader.frames(indices), strict=True):
            expected = once.kept[int(index)]
            if frame.shape != expected.shape or _psnr(frame, expected) < _MIN_PSNR:
                wrong.append(int(index))
    return sorted(wrong)


def _psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(np.float32) - b) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))
