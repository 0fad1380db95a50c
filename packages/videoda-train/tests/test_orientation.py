"""A phone's video is read upright, and the film of a file with several video streams is the one that is read."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tiny_media import moving_frames, write_video
from videoda_train.data.temporal_median import temporal_median
from videoda_train.data.transcode import TranscodeConfig, transcode_list
from videoda_train.data.video_check import check_video
from videoda_train.data.video_facts import find_facts
from videoda_train.data.video_reader import Backend, find_seek_points, open_video, stream_frames
from videoda_train.data.video_reader._orientation import turn_name, turned
from videoda_train.errors import MediaError

SHOWN = {
    (1, 0, 0, 1): lambda image: image,
    (0, 1, -1, 0): lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    (-1, 0, 0, -1): lambda image: cv2.rotate(image, cv2.ROTATE_180),
    (0, -1, 1, 0): lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
    (-1, 0, 0, 1): lambda image: cv2.flip(image, 1),
    (1, 0, 0, -1): lambda image: cv2.flip(image, 0),
    (0, 1, 1, 0): lambda image: cv2.transpose(image),
    (0, -1, -1, 0): lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
}
NAMES = {
    (1, 0, 0, 1): "",
    (0, 1, -1, 0): "90 degrees clockwise",
    (-1, 0, 0, -1): "180 degrees clockwise",
    (0, -1, 1, 0): "270 degrees clockwise",
    (-1, 0, 0, 1): "mirrored",
}
ROTATIONS = list(SHOWN)[:4]


def write_turned(path: Path, turn: tuple[int, int, int, int], *, count: int = 6) -> list[np.ndarray]:
    """Write an MP4 whose track has a display matrix; return its frames as they are stored."""
    frames = [cv2.resize(frame, (128, 64)) for frame in moving_frames(count, seed=3)]  # decord pads some widths
    write_video(path, frames, codec="mpeg4")
    with av.open(str(path)) as container:
        stored = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    content = bytearray(path.read_bytes())
    upright = np.array([1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30], ">i4").tobytes()
    start = content.index(upright, content.index(b"tkhd"))
    a, b, c, d = (value << 16 for value in turn)
    content[start : start + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(bytes(content))
    return stored


@pytest.mark.parametrize("turn", SHOWN)
@pytest.mark.parametrize("backend", ["pyav", "opencv"])
def test_every_turn_is_applied(tmp_path: Path, turn: tuple[int, int, int, int], backend: Backend) -> None:
    stored = write_turned(tmp_path / "v.mp4", turn)
    expected = np.stack([SHOWN[turn](frame) for frame in stored])
    found = open_video(tmp_path / "v.mp4", backend).frames(range(6))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 2
    if turn in ROTATIONS:
        by_decord = open_video(tmp_path / "v.mp4", "decord").frames(range(6))
        assert np.abs(by_decord.astype(int) - expected).mean() < 2
    else:
        with pytest.raises(MediaError, match="mirrored, which decord does not"):
            open_video(tmp_path / "v.mp4", "decord")


def test_streams_checks_medians_and_transcoded_videos_are_upright(tmp_path: Path) -> None:
    stored = write_turned(tmp_path / "run" / "v.mp4", (0, 1, -1, 0))
    expected = [cv2.rotate(frame, cv2.ROTATE_90_CLOCKWISE) for frame in stored]
    path = tmp_path / "run" / "v.mp4"
    assert all(np.array_equal(a, b) for a, b in zip(stream_frames(path), expected, strict=True))
    assert np.array_equal(temporal_median(stream_frames(path)), temporal_median(expected))
    found = check_video(path)
    assert (found.verdict, found.width, found.height, found.turned) == ("ok", 64, 128, "90 degrees clockwise")
    (tmp_path / "list.txt").write_text("run/v.mp4 0\n")
    transcode_list(
        tmp_path / "list.txt", out_dir=tmp_path / "o", config=TranscodeConfig(short_side=None), progress=False
    )
    new = check_video(tmp_path / "o" / "run" / "v.mp4")
    assert (new.verdict, new.width, new.height, new.turned) == ("ok", 64, 128, "")
    frames = open_video(tmp_path / "o" / "run" / "v.mp4").frames(range(6))
    assert np.abs(frames.astype(int) - np.stack(expected)).mean() < 8


def test_frames_found_by_seeking_are_upright(tmp_path: Path) -> None:
    stored = write_turned(tmp_path / "v.mp4", (0, -1, 1, 0), count=30)
    _, points = find_seek_points(tmp_path / "v.mp4")
    assert points.frames
    found = open_video(tmp_path / "v.mp4", num_frames=30, seek_points=points).frames([27])[0]
    assert np.array_equal(found, cv2.rotate(stored[27], cv2.ROTATE_90_COUNTERCLOCKWISE))


@pytest.mark.parametrize("turn", NAMES)
def test_a_turn_has_a_name(turn: tuple[int, int, int, int]) -> None:
    assert turn_name(turn) == NAMES[turn]


def test_turning_is_what_the_matrix_says() -> None:
    """By its definition: a stored point (x, y) is shown at (ax + cy, bx + dy), moved into the frame."""
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for a, b, c, d in SHOWN:
        shown = turned(image, (a, b, c, d))
        places = {(a * x + c * y, b * x + d * y): image[y, x] for y in range(2) for x in range(3)}
        left, top = min(x for x, _ in places), min(y for _, y in places)
        assert all(np.array_equal(shown[y - top, x - left], pixel) for (x, y), pixel in places.items())


def test_real_rotated_videos_are_read_upright(real_data: Path) -> None:
    for name, shape in (("rotate90.mp4", (320, 240)), ("rotate180.mp4", (240, 320))):
        path = real_data / "cases" / name
        reference = open_video(path, "decord").frames([0, 40])
        for backend in ("pyav", "opencv"):
            found = open_video(path, backend).frames([0, 40])
            assert found.shape[1:3] == shape
            assert np.abs(found.astype(int) - reference).mean() < 3


@pytest.mark.parametrize(("first_count", "first_size"), [(1, (48, 64)), (9, (24, 32))])
def test_the_film_is_read_and_not_a_preview_before_it(
    tmp_path: Path, first_count: int, first_size: tuple[int, int]
) -> None:
    path = tmp_path / "v.mp4"
    film = moving_frames(9, seed=1)
    write_streams(path, [cv2.resize(frame, first_size[::-1]) for frame in moving_frames(first_count, seed=2)], film)
    assert find_facts(path).num_frames == 9
    assert np.abs(open_video(path).frames([4])[0].astype(int) - film[4]).mean() < 25
    assert check_video(path).verdict == "ok"
    for backend in ("opencv", "decord"):
        with pytest.raises(MediaError, match=r"the film in .* is its stream 1"):
            open_video(path, backend)


def write_streams(path: Path, *streams: list[np.ndarray]) -> None:
    with av.open(str(path), "w") as container:
        made = []
        for frames in streams:
            stream = container.add_stream("mpeg4", rate=25)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.bit_rate = 2_000_000
            stream.disposition = av.stream.Disposition.default  # FFmpeg's own choice would be the first alone
            made.append(stream)
        for stream, frames in zip(made, streams, strict=True):
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())


def test_the_real_films_behind_previews_are_read(real_data: Path) -> None:
    for name in ("two_thumb_first.mp4", "two_lowres_first.mp4"):
        found = check_video(real_data / "cases" / name)
        assert (found.verdict, found.frames, found.width, found.height) == ("ok", 90, 320, 240)
