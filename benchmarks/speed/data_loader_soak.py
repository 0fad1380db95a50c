"""Does a loader ever hang? Two workers, started by fork and by spawn in turn, for a stated time.

Videos come from `VIDEODA_TEST_DATA`. Every epoch starts new workers; before each the parent decodes a video itself, so
that forked workers inherit whatever state the decoders leave behind. A batch that does not come within five minutes is
a hang.
"""

import argparse
import os
import time
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import torch
from measurements import row, write_section
from torch.utils.data import DataLoader, Dataset
from videoda_train.data.clip_sampling import sample_pace_clip
from videoda_train.data.video_facts import VideoFacts, find_facts
from videoda_train.data.video_reader import Backend, open_video

READERS: tuple[Backend, ...] = ("pyav", "decord", "opencv")
TIMEOUT_SECONDS = 300.0


class RandomClips(Dataset[torch.Tensor]):
    """Random 16-frame clips through every decoder in turn."""

    def __init__(self, videos: list[tuple[Path, VideoFacts]]):
        self._videos = videos

    def __getitem__(self, index: int) -> torch.Tensor:
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        path, facts = self._videos[index % len(self._videos)]
        frames, _ = sample_pace_clip(facts.num_frames, 16, np.random.default_rng(index))
        reader = open_video(
            path, READERS[index % len(READERS)], num_frames=facts.num_frames, seek_points=facts.seek_points
        )
        return torch.from_numpy(reader.frames(frames, size=(112, 112)))


def main() -> None:
    """Run for the stated time and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    arguments = parser.parse_args()
    folder = Path(os.environ["VIDEODA_TEST_DATA"]) / "sports10" / "videos"
    videos = [(path, find_facts(path)) for path in sorted(folder.rglob("v_*.avi"))]
    clips = RandomClips(videos)
    started = time.monotonic()
    epochs = {"fork": 0, "spawn": 0}
    batches = 0
    for start_method in cycle(epochs):
        if time.monotonic() - started > arguments.seconds:
            break
        for reader in READERS:
            open_video(videos[0][0], reader).frames([0, 9])
        loader = DataLoader(
            clips,
            sampler=range(100 * batches, 100 * batches + 96),
            batch_size=8,
            num_workers=2,
            multiprocessing_context=start_method,
            timeout=TIMEOUT_SECONDS,
        )
        batches += sum(1 for _ in loader)
        epochs[start_method] += 1
    seconds = time.monotonic() - started
    rows = [
        row(
            f"{seconds:.0f} s of random clips by {', '.join(READERS)}, 2 workers, started anew every 12 batches",
            f"{batches} batches of 8 clips, {epochs['fork']} starts by fork, {epochs['spawn']} by spawn, no hang",
            target="600 s without a hang",
            met=seconds >= 600,
        )
    ]
    write_section("data", "Loader, fork and spawn", rows)


if __name__ == "__main__":
    main()
