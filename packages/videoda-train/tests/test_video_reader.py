import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.data.video_facts import require_whole
from videoda_train.data.video_reader import (
    Backend,
    DecordReader,
    FrameFolderReader,
    ImageStripReader,
    OpenCvReader,
    PyAvReader,
    VideoReader,
    find_seek_points,
    open_video,
)
from videoda_train.errors import ConfigError, MediaError

REAL_VIDEOS = (
    "sports10/videos/Biking/v_Biking_g03_c01.avi",  # packed B-frames: the header says 380 frames, 379 decode
    "sports10/videos/BaseballPitch/baseball.mp4",  # an edit list: 183 packets, 167 frames
    "sports10/videos/Basketball/v_Basketball_g01_c01.avi",
    "clips/tmbo_BabyCrawling.avi",
    "clips/flipping_a_pancake.mkv",
    "clips/Push_14_34.mp4",
    "human5/render/bow/dataset-1_bow_active_001.mp4",
)


def decode_in_order(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


@pytest.mark.parametrize("name", REAL_VIDEOS)
@pytest.mark.parametrize("reader", [DecordReader, PyAvReader, OpenCvReader])
def test_real_videos_give_the_right_frames_in_any_order(
    real_data: Path, name: str, reader: Callable[[Path], VideoReader]
) -> None:
    path = real_data / name
    reference = decode_in_order(path)
    video = reader(path)
    assert len(video) == len(reference)
    indices = np.random.default_rng(0).integers(0, len(reference), 12)
    indices = np.append(indices, len(reference) - 1)
    for frame, index in zip(video.frames(indices), indices, strict=True):
        assert psnr(frame, reference[index]) >= 45, index


def test_frames_are_resized_to_height_and_width(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    write_video(path, moving_frames(5, seed=0))
    for backend in ("decord", "pyav", "opencv"):
        assert open_video(path, backend).frames([0, 4], size=(20, 30)).shape == (2, 20, 30, 3)  # type: ignore[arg-type]


def test_a_width_that_decord_pads_is_refused_by_it_and_read_by_the_default(tmp_path: Path) -> None:
    images = [textured_image(72, 72, seed) for seed in range(4)]
    write_video(tmp_path / "v.avi", images)
    with pytest.raises(MediaError, match="padded rows"):
        DecordReader(tmp_path / "v.avi")
    reader = open_video(tmp_path / "v.avi")
    assert np.array_equal(reader.frames([3])[0], decode_in_order(tmp_path / "v.avi")[3])


def test_a_folder_of_frames_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    images = [textured_image(16, 24, seed) for seed in range(3)]
    for index, image in enumerate(images):
        write_image(tmp_path / "clip.jpg" / f"{index:05d}.png", image)
    reader = open_video(tmp_path / "clip.jpg")
    assert isinstance(reader, FrameFolderReader)
    assert np.array_equal(reader.frames([2, 0]), np.stack([images[2], images[0]]))


def strip(path: Path, images: list[np.ndarray]) -> Path:
    write_image(path, np.concatenate(images, axis=1))
    return path


def test_a_strip_is_read_from_left_to_right_in_square_frames(tmp_path: Path) -> None:
    images = [textured_image(16, 16, seed) for seed in range(4)]
    reader = open_video(strip(tmp_path / "strip.png", images))
    assert isinstance(reader, ImageStripReader)
    assert len(reader) == 4
    assert np.array_equal(reader.frames([3, 0]), np.stack([images[3], images[0]]))
    assert reader.frames([1], size=(8, 12)).shape == (1, 8, 12, 3)


def test_a_strip_of_frames_that_are_not_square_needs_their_width(tmp_path: Path) -> None:
    images = [textured_image(16, 24, seed) for seed in range(3)]
    path = strip(tmp_path / "strip.png", images)
    with pytest.raises(MediaError, match=r"72×16 px, not a whole number of frames 16 px wide; .* frame_width"):
        open_video(path)
    assert np.array_equal(open_video(path, "strip", frame_width=24).frames([2])[0], images[2])


def test_real_strips_have_one_frame_per_64_pixels(real_data: Path) -> None:
    reader = open_video(real_data / "human5/real_strips/wave/wave1_00000010.jpg")
    assert (len(reader), reader.frames([59]).shape) == (60, (1, 64, 64, 3))


def test_decord_that_is_not_installed_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", moving_frames(3, seed=0))
    monkeypatch.setitem(sys.modules, "decord", None)
    with pytest.raises(ConfigError, match="pip install"):
        open_video(tmp_path / "v.avi", "decord")
    assert len(open_video(tmp_path / "v.avi")) == 3


@pytest.mark.parametrize("backend", ["auto", "decord", "opencv"])
@pytest.mark.parametrize("content", [b"", b"no video at all, only text\n" * 100])
def test_a_file_that_is_no_video_is_named(tmp_path: Path, content: bytes, backend: str) -> None:
    path = tmp_path / "broken.avi"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"broken\.avi"):
        open_video(path, backend)  # type: ignore[arg-type]


def test_an_index_beyond_the_end_says_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    write_video(path, moving_frames(5, seed=0))
    with pytest.raises(ConfigError, match="allowed: 0 to 4"):
        open_video(path).frames([5])


def test_a_truncated_video_is_told_from_a_whole_one(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.avi", tmp_path / "cut.avi"
    write_video(whole, moving_frames(60, seed=1))
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    require_whole(whole, len(open_video(whole)))
    with pytest.raises(MediaError, match="truncated"):
        require_whole(cut, len(open_video(cut)))


@pytest.mark.parametrize("name", REAL_VIDEOS)
def test_whole_real_videos_are_not_called_truncated(real_data: Path, name: str) -> None:
    require_whole(real_data / name, len(open_video(real_data / name)))


def anonymous_kilobytes() -> int:
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="handles and memory are read from /proc")
@pytest.mark.parametrize("backend", ["pyav", "decord", "opencv"])
def test_a_thousand_opens_leave_no_memory_and_no_handle_behind(tmp_path: Path, backend: Backend) -> None:
    path = tmp_path / "v.avi"
    write_video(path, moving_frames(30, seed=0), g="12")
    num_frames, seek_points = find_seek_points(path)

    def read() -> None:
        open_video(path, backend, num_frames=num_frames, seek_points=seek_points).frames([3, 25])

    for _ in range(100):
        read()
    handles, kilobytes = len(list(Path("/proc/self/fd").iterdir())), anonymous_kilobytes()
    for _ in range(1000):
        read()
    assert len(list(Path("/proc/self/fd").iterdir())) == handles
    assert anonymous_kilobytes() - kilobytes < 3000  # one forgotten frame of 9 KB per open would be 9000
