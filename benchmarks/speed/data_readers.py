"""Right frames of every real video, and a random clip against decoding the whole video: `VIDEODA_TEST_DATA`."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measurements import anonymous_megabytes, cpu_seconds, row, write_section
from videoda_train.data.video_check import check_video
from videoda_train.data.video_facts import VideoFacts, find_facts
from videoda_train.data.video_reader import Backend, VideoReader, open_video, stream_frames

UCF101_LIKE = ("v_Rowing_g02_c01.avi", "v_Basketball_g01_c01.avi", "v_Rowing_g09_c06.avi")
UNSAFE = ("v_Biking_g03_c01.avi", "tmbo_BabyCrawling.avi", "baseball.mp4")
"""Packed B-frames, times that go to and fro, an edit list."""


def main() -> None:
    """Measure and write the sections."""
    data = Path(os.environ["VIDEODA_TEST_DATA"])
    videos = sorted(p for p in data.rglob("*") if p.suffix in {".avi", ".mp4", ".mkv"})
    found = [check_video(path) for path in videos]
    verdicts = Counter(check.verdict for check in found)
    wrong = verdicts["wrong-frames"] + verdicts["unreadable"] + verdicts["truncated"]
    rows = [
        row(
            f"{len(videos)} real videos, up to 24 frames of each at random, seeking where that is safe",
            f"{wrong} with a wrong frame, of {sum(check.frames for check in found)} frames decoded in order",
            target="0",
            met=wrong == 0,
        ),
        row("videos whose header states a wrong frame count", str(verdicts["miscounted"])),
        row("videos with seek points", str(sum(check.seek_points > 1 for check in found))),
    ]
    write_section("data", "Right frames", rows)
    rows = []
    for name in UCF101_LIKE + UNSAFE:
        path = next(p for p in videos if p.name == name)
        facts = find_facts(path)
        starts = np.random.default_rng(0).integers(0, facts.num_frames - 16, 8)
        whole = cpu_seconds(lambda path=path: [None for _ in stream_frames(path)], times=5)  # type: ignore[misc]
        clip = _clip_seconds(lambda facts=facts, path=path: _open(path, facts), starts)  # type: ignore[misc]
        decord = _clip_seconds(
            lambda facts=facts, path=path: open_video(path, "decord", num_frames=facts.num_frames),  # type: ignore[misc]
            starts,
        )
        points = len(facts.seek_points.frames)
        bound = 3 if name in UCF101_LIKE else 1
        rows.append(
            row(
                f"a random 16-frame clip of {name} ({facts.num_frames} frames, {points} seek points)",
                f"{1e3 * clip:.1f} ms against {1e3 * whole:.0f} ms for the whole: {whole / clip:.1f}× "
                f"(decord in order: {1e3 * decord:.0f} ms)",
                target=f"≥ {bound}×",
                met=bool(whole / clip >= bound),
            )
        )
    write_section("data", "Random clips, CPU time", rows)
    _measure_opens(next(p for p in videos if p.name == UCF101_LIKE[1]))


def _measure_opens(path: Path) -> None:
    facts = find_facts(path)
    backends: tuple[Backend, ...] = ("pyav", "decord", "opencv")
    rows = []
    for backend in backends:

        def read(backend: Backend = backend) -> None:
            reader = open_video(path, backend, num_frames=facts.num_frames, seek_points=facts.seek_points)
            reader.frames([0, 3])

        for _ in range(100):
            read()
        handles, megabytes = _num_handles(), anonymous_megabytes()
        for _ in range(1000):
            read()
        more = _num_handles() - handles
        grown = anonymous_megabytes() - megabytes
        rows.append(
            row(
                f"1,000 more opens and reads by {backend}, after 100",
                f"{more:+d} handles, {grown:+.1f} MB",
                target="no growth",
                met=bool(more <= 0 and grown < 3),
            )
        )
    write_section("data", "Opens", rows)


def _num_handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _open(path: Path, facts: VideoFacts) -> VideoReader:
    return open_video(path, num_frames=facts.num_frames, seek_points=facts.seek_points)


def _clip_seconds(opened: Callable[[], VideoReader], starts: np.ndarray) -> float:
    """Return the mean over the starts of opening a video and reading 16 frames."""
    return float(
        np.mean([cpu_seconds(lambda s=s: opened().frames(range(s, s + 16)), times=3) for s in starts])  # type: ignore[misc]
    )


if __name__ == "__main__":
    main()
