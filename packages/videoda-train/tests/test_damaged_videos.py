"""Whatever is wrong with a file, the public readers raise our own error or give frames."""

import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from mutations import mutant
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.data import image_file
from videoda_train.data.image_file import read_image
from videoda_train.data.video_check import ADVICE, check_video
from videoda_train.data.video_facts import find_facts
from videoda_train.data.video_reader import FrameFolderReader, find_seek_points, open_video, stream_frames
from videoda_train.data.video_reader._open import open_media
from videoda_train.errors import MediaError, VideodaError

CODECS = {".avi": "mpeg4", ".mp4": "libx264", ".mkv": "mpeg4", ".webm": "libvpx", ".mpg": "mpeg2video"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    frames = moving_frames(8, seed=0)
    for suffix, codec in CODECS.items():
        write_video(folder / f"v{suffix}", frames, codec=codec, g="4")
    write_image(folder / "v.jpg", textured_image(48, 64, 0))
    write_image(folder / "v.png", textured_image(48, 64, 0))
    return {path.suffix: path.read_bytes() for path in sorted(folder.iterdir())}


def read_all(path: Path) -> None:
    readers: tuple[Callable[[Path], object], ...] = (
        lambda p: open_video(p).frames([0]),
        lambda p: [None for _ in stream_frames(p)],
        find_facts,
        find_seek_points,
    )
    for read in readers:
        with suppress(VideodaError):
            read(path)
    found = check_video(path)
    assert found.verdict in ADVICE


@pytest.mark.parametrize("suffix", CODECS)
def test_damage_of_any_kind_ends_in_frames_or_in_our_own_error(
    whole: dict[str, bytes], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"v{suffix}"
    for seed in range(12):
        path.write_bytes(mutant(whole[suffix], seed))
        read_all(path)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", CODECS)
def test_much_more_damage_ends_in_frames_or_in_our_own_error(
    whole: dict[str, bytes], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"v{suffix}"
    for seed in range(1000, 1400):
        path.write_bytes(mutant(whole[suffix], seed))
        read_all(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_damaged_images_end_in_pixels_or_in_our_own_error(whole: dict[str, bytes], tmp_path: Path, suffix: str) -> None:
    (tmp_path / "frames").mkdir()
    path = tmp_path / "frames" / f"v{suffix}"
    for seed in range(40):
        path.write_bytes(mutant(whole[suffix], seed))
        for read in (read_image, lambda p: FrameFolderReader(p.parent).frames([0]), open_video):
            with suppress(VideodaError):
                read(path)
        assert check_video(path).verdict in ADVICE


def test_what_a_decoder_raises_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", moving_frames(8, seed=0))
    reader = open_video(tmp_path / "v.avi")

    def failing(wanted: list[int], size: object) -> dict[int, np.ndarray]:
        raise AssertionError("a decoder's own")

    monkeypatch.setattr(reader, "_read", failing)
    with pytest.raises(MediaError, match=r"v\.avi cannot be read: AssertionError: a decoder's own"):
        reader.frames([0])


@pytest.mark.parametrize(("width", "height"), [(40000, 40000), (2**31 - 1, 2**31 - 1), (2**20, 300)])
def test_an_image_that_claims_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, width: int, height: int
) -> None:
    path = tmp_path / "bomb.png"
    write_image(path, textured_image(8, 8, 0))
    content = bytearray(path.read_bytes())
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(bytes(content))
    with pytest.raises(MediaError, match=r"bomb\.png is .*(pixels|too large)"):
        read_image(path)
    assert check_video(path).verdict == "unreadable"


def test_a_video_of_too_many_pixels_is_refused_by_every_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", moving_frames(8, seed=0))
    monkeypatch.setattr(image_file, "MAX_PIXELS", 64 * 48 - 1)
    for read in (open_video, find_facts, find_seek_points, lambda path: list(stream_frames(path))):
        with pytest.raises(MediaError, match=r"v\.avi is 64×48 px by its header; allowed are 3071 pixels"):
            read(tmp_path / "v.avi")


@pytest.mark.parametrize("name", ["pipe.mp4", "pipe.jpg"])
def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    for read in (open_video, find_facts, read_image, open_media):
        with pytest.raises(MediaError, match=rf"{name} is no regular file"):
            read(tmp_path / name)
    assert check_video(tmp_path / name).verdict == "unreadable"
