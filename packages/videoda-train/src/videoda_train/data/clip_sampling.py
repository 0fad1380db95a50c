"""Which frames make a clip: pure functions from a frame count (and a generator) to indices."""

import numpy as np
from jaxtyping import Int

from videoda_train.errors import ConfigError


def uniform_indices(num_video_frames: int, num_samples: int) -> Int[np.ndarray, " num_samples"]:
    """Return `floor(i · N / n)` for `i < n`; a video shorter than `n` gives all frames, the last one repeated.

    Source: CFB's evaluation clip of 32 frames.
    """
    _require_frames(num_video_frames, num_samples)
    steps = np.arange(num_samples)
    if num_video_frames < num_samples:
        return np.minimum(steps, num_video_frames - 1)
    return steps * num_video_frames // num_samples


def pace_indices(num_video_frames: int, num_samples: int, *, pace: int, start: int) -> Int[np.ndarray, " num_samples"]:
    """Return every `pace`-th frame from `start`; past the end the clip goes on from frame 0.

    The restart is at frame 0, not at `index mod N`: after frame N-1 or N-2 at pace 3 comes frame 0 all the same.
    """
    _require_frames(num_video_frames, num_samples)
    if pace < 1 or not 0 <= start < num_video_frames:
        raise ConfigError(f"pace {pace} from frame {start}: pace must be 1 or more, start 0 to {num_video_frames - 1}")
    indices = np.empty(num_samples, dtype=np.int64)
    index = start
    for i in range(num_samples):
        indices[i] = index
        index += pace
        if index >= num_video_frames:
            index = 0
    return indices


def sample_pace_clip(
    num_video_frames: int, num_samples: int, rng: np.random.Generator, *, num_paces: int = 5
) -> tuple[Int[np.ndarray, " num_samples"], int]:
    """Draw a pace in `1 … num_paces` and a start over all frames; return the indices and the pace label (pace - 1)."""
    label = int(rng.integers(num_paces))
    start = int(rng.integers(num_video_frames))
    return pace_indices(num_video_frames, num_samples, pace=label + 1, start=start), label


def pad_indices(num_available: int, num_samples: int) -> Int[np.ndarray, " num_samples"]:
    """Return `0 … n - 1`, the last available index repeated where there are too few, none dropped before `n`."""
    _require_frames(num_available, num_samples)
    return np.minimum(np.arange(num_samples), num_available - 1)


def train_clip_starts(
    num_video_frames: int, num_clips: int, *, span: int, rng: np.random.Generator
) -> Int[np.ndarray, " num_clips"]:
    """Draw where clips of `span` frames start in training: one in each of `num_clips` equal parts of the video.

    Where the parts would be empty, sorted random starts; where the video is too short for those, even spacing. Source:
    MMAction2's dense sampling, as GLAD uses it.
    """
    _require_frames(num_video_frames, num_clips)
    room = num_video_frames - span + 1
    part = room // num_clips
    clips = np.arange(num_clips)
    if part > 0:
        return clips * part + rng.integers(part, size=num_clips)
    if num_video_frames > max(num_clips, span):
        return np.sort(rng.integers(room, size=num_clips))
    return np.around(clips * max(room, 0) / num_clips).astype(np.int64)


def centred_clip_starts(num_video_frames: int, num_clips: int, *, span: int) -> Int[np.ndarray, " num_clips"]:
    """Return `floor((i + ½) · (N - span + 1) / n)`: evenly spread test clips; all start at 0 in a shorter video."""
    _require_frames(num_video_frames, num_clips)
    room = max(num_video_frames - span + 1, 0)
    return (2 * np.arange(num_clips) + 1) * room // (2 * num_clips)


def clip_grid(
    starts: Int[np.ndarray, " num_clips"], num_frames: int, *, interval: int, num_video_frames: int
) -> Int[np.ndarray, "num_clips num_frames"]:
    """Return the frames of clips that take every `interval`-th frame from their start on, modulo the video's length.

    A row is a local clip, of neighbouring frames; a column is a global clip, of one frame from each part of the video.
    """
    return (starts[:, None] + interval * np.arange(num_frames)) % num_video_frames


def _require_frames(num_video_frames: int, num_samples: int) -> None:
    if num_video_frames < 1 or num_samples < 1:
        raise ConfigError(f"{num_samples} samples of {num_video_frames} frames asked; both must be at least 1")
