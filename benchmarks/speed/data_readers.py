"""Right frames of every real video, and a random clip against decoding the whole video: `VIDEODA_TEST_DATA`."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from measurements import row, write_section
from videoda_train.data.video_check import check_video
from videoda_train.data.video_reader import open_video, stream_frames

UCF101_LIKE = ("v_Rowing_g02_c01.avi", "v_Basketball_g01_c01.avi", "v_Biking_g03_c01.avi")


def seconds(function: Callable[[], object], *, times: int) -> float:
    """Return the CPU time of a call, best of several."""
    taken = []
    for _ in range(times):
        start = process_time()
        function()
        taken.append(process_time() - start)
    return min(taken)


def main() -> None:
    """Measure and write the sections."""
    data = Path(os.environ["VIDEODA_TEST_DATA"])
    videos = sorted(p for p in data.rglob("*") if p.suffix in {".avi", ".mp4", ".mkv"})
    found = [check_video(path) for path in videos]
    verdicts = Counter(check.verdict for check in found)
    wrong = verdicts["wrong-frames"] + verdicts["unreadable"] + verdicts["truncated"]
    rows = [
        row(
            f"{len(videos)} real videos, up to 24 frames of each at random through the default reader",
            f"{wrong} with a wrong frame, of {sum(check.frames for check in found)} frames decoded in order",
            target="0",
            met=wrong == 0,
        ),
        row("videos whose header states a wrong frame count", str(verdicts["miscounted"])),
    ]
    write_section("data", "Right frames", rows)
    rows = []
    for name in UCF101_LIKE:
        path = next(p for p in videos if p.name == name)
        length = len(open_video(path))
        starts = np.random.default_rng(0).integers(0, length - 16, 5)
        whole = seconds(lambda path=path: [None for _ in stream_frames(path)], times=3)  # type: ignore[misc]
        clip = float(
            np.mean([seconds(lambda s=s: _clip(path, length, s), times=2) for s in starts])  # type: ignore[misc]  # noqa: B023
        )
        rows.append(
            row(
                f"a random 16-frame clip of {name} ({length} frames)",
                f"{1e3 * clip:.0f} ms against {1e3 * whole:.0f} ms for the whole: {whole / clip:.1f}×",
                target="≥ 3×",
                met=whole / clip >= 3,
            )
        )
    write_section("data", "Random clips, CPU time", rows)


def _clip(path: Path, length: int, start: int) -> object:
    return open_video(path, num_frames=length).frames(range(start, start + 16))


if __name__ == "__main__":
    main()
