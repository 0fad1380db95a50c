"""No reader and no sampler ever gets a wrong frame: generated clips that show their number, and every real video."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from packed_video import write_packed_video
from tiny_media import write_video
from videoda_train.data.clip_sampling import pad_indices, sample_pace_clip, uniform_indices
from videoda_train.data.video_reader import (
    DecordReader,
    OpenCvReader,
    PyAvReader,
    VideoReader,
    find_seek_points,
    open_video,
)
from videoda_train.data.video_reader._pyav import decode_in_order

COUNT = 40
CODECS = {
    "h264": ("libx264", {"bf": "0", "g": "12"}),
    "h264 with B-frames": ("libx264", {"bf": "3", "g": "12"}),
    "mpeg4": ("mpeg4", {"g": "12"}),
    "mpeg4 with B-frames": ("mpeg4", {"bf": "2", "g": "12"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "12"}),
}
RATES = (Fraction(25), Fraction(30000, 1001), Fraction(15))
# WebM takes neither H.264 nor MPEG-4.
FILES = [(codec, suffix) for codec in CODECS for suffix in (".avi", ".mp4", ".mkv")] + [("vp9", ".webm")]


def numbered_frames(count: int) -> list[np.ndarray]:
    """Frames that show their number as eight black or white bars."""
    bits = (np.arange(count)[:, None] >> np.arange(8) & 1).astype(np.uint8) * 255
    bars = bits[:, None, :, None].repeat(48, axis=1).repeat(8, axis=2).repeat(3, axis=3)
    return list(np.ascontiguousarray(bars))


def shown_number(frame: np.ndarray) -> int:
    bars = frame.mean(axis=(0, 2)).reshape(8, -1).mean(axis=1) > 127
    return int((bars << np.arange(8)).sum())


def clips(num_frames: int) -> Iterator[np.ndarray]:
    """One clip of every sampler, and single frames in a random order."""
    rng = np.random.default_rng(num_frames)
    yield uniform_indices(num_frames, 32)
    yield sample_pace_clip(num_frames, 16, rng)[0]
    yield pad_indices(num_frames, 16)
    yield rng.permutation(num_frames)[:8]


def assert_right(path: Path, count: int) -> None:
    readers: dict[str, VideoReader] = {
        "pyav": PyAvReader(path),
        "decord": DecordReader(path),
        "opencv": OpenCvReader(path),
    }
    num_frames, seek_points = find_seek_points(path)
    readers["seeking"] = open_video(path, num_frames=num_frames, seek_points=seek_points)
    for name, reader in readers.items():
        assert len(reader) == count, name
        for indices in clips(count):
            assert [shown_number(frame) for frame in reader.frames(indices)] == indices.tolist(), name


@pytest.mark.parametrize("fps", RATES, ids=lambda rate: f"{float(rate):.2f}fps")
@pytest.mark.parametrize(("codec", "suffix"), FILES)
def test_every_sampler_gets_the_frames_it_asked_for(tmp_path: Path, codec: str, suffix: str, fps: Fraction) -> None:
    encoder, options = CODECS[codec]
    path = tmp_path / f"video{suffix}"
    write_video(path, numbered_frames(COUNT), codec=encoder, fps=fps, **options)
    assert_right(path, COUNT)


@pytest.mark.parametrize("fps", RATES, ids=lambda rate: f"{float(rate):.2f}fps")
def test_packed_b_frames_are_counted_and_read_right(tmp_path: Path, fps: Fraction) -> None:
    path = tmp_path / "packed.avi"
    write_packed_video(path, numbered_frames(COUNT), fps=fps)
    shown = [shown_number(frame.to_ndarray(format="rgb24")) for frame in decode_in_order(path)]
    assert shown == list(range(len(shown)))
    assert len(shown) >= COUNT - 1
    assert_right(path, len(shown))


@pytest.mark.slow
def test_every_sampler_gets_the_right_frames_of_every_real_video(real_data: Path) -> None:
    videos = sorted(p for p in real_data.rglob("*") if p.suffix in {".avi", ".mp4", ".mkv", ".webm"})
    assert videos
    for path in videos:
        num_frames, seek_points = find_seek_points(path)
        reader = open_video(path, num_frames=num_frames, seek_points=seek_points)
        asked = list(clips(len(reader)))
        wanted = set(np.concatenate(asked).tolist())
        expected: dict[int, np.ndarray] = {}
        count = 0
        for index, frame in enumerate(decode_in_order(path)):
            count = index + 1
            if index in wanted:
                expected[index] = frame.to_ndarray(format="rgb24")
        assert len(reader) == count, path
        for indices in asked:
            for frame, index in zip(reader.frames(indices), indices, strict=True):
                assert np.array_equal(frame, expected[int(index)]), f"{path} frame {index}"
