"""Which frames make a clip: pure functions from a frame count (and a generator) to indices."""

import numpy as np
from jaxtyping import Int

from videoda_train.errors import ConfigError


def uniform_indices(num_video_frames: int, num_samples: int) -> Int[np.ndarray, " num_samples"]:
    """Return `floor(i · N / n)` for `i < n`; a video shorter than `n` gives all frames, the last one repeated.

    Source: CFB's evaluation clip (METHODS: 32 frames).
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


def _require_frames(num_video_frames: int, num_samples: int) -> None:
    if num_video_frames < 1 or num_samples < 1:
        raise ConfigError(f"{num_samples} samples of {num_video_frames} frames asked; both must be at least 1")
