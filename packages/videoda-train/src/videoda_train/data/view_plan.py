"""Which frames the views of a video are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from videoda_train.data.clip_sampling import centred_clip_starts, clip_grid, train_clip_starts


@dataclass(frozen=True)
class ViewPlan:
    """Rows (local clips) and columns (global clips) of a grid of `num_clips` clips of `num_frames` frames."""

    num_clips: int
    num_frames: int
    interval: int
    local_clips: Sequence[int]
    global_columns: Sequence[int] = ()

    def draw(self, num_video_frames: int, rng: np.random.Generator) -> Int[np.ndarray, "V T"]:
        """Return the frames of each view, local ones first, the clips' starts drawn as in training."""
        starts = train_clip_starts(num_video_frames, self.num_clips, span=self._span, rng=rng)
        return self._views(starts, num_video_frames)

    def centred(self, num_video_frames: int) -> Int[np.ndarray, "V T"]:
        """Return the frames of each view, local ones first, the clips spread evenly as in evaluation."""
        return self._views(centred_clip_starts(num_video_frames, self.num_clips, span=self._span), num_video_frames)

    @property
    def _span(self) -> int:
        return self.num_frames * self.interval

    def _views(self, starts: Int[np.ndarray, " n"], num_video_frames: int) -> Int[np.ndarray, "V T"]:
        grid = clip_grid(starts, self.num_frames, interval=self.interval, num_video_frames=num_video_frames)
        chosen = [grid[list(self.local_clips)], grid[:, list(self.global_columns)].T]
        return np.concatenate([views for views in chosen if len(views)])
