"""Folders of frames as the field has them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_media import write_image
from videoda_train.data.video_check import check_video
from videoda_train.data.video_reader import FrameFolderReader, stream_frames
from videoda_train.errors import MediaError


def write_frames(folder: Path, names: Sequence[str]) -> None:
    """Write images whose grey values count from 0 in the order of the names given."""
    for value, name in enumerate(names):
        write_image(folder / name, np.full((8, 8, 3), value, np.uint8))


def read(folder: Path) -> list[int]:
    reader = FrameFolderReader(folder)
    found = [int(frame[0, 0, 0]) for frame in reader.frames(range(len(reader)))]
    assert found == [int(frame[0, 0, 0]) for frame in stream_frames(folder)]
    return found


@pytest.mark.parametrize(
    "names",
    [
        [f"{number}.png" for number in range(1, 25)],
        [f"img_{number:04d}.png" for number in range(9995, 10005)],
        [f"v2_frame{number}_left.PNG" for number in range(0, 120, 10)],
        [f"{second}s{frame}.png" for second in range(2) for frame in range(12)],
        ["a.png", "b.png", "c.png"],
    ],
)
def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path, names: list[str]) -> None:
    write_frames(tmp_path / "v", names)
    assert read(tmp_path / "v") == list(range(len(names)))


def test_flow_hidden_files_and_covers_are_no_frames(tmp_path: Path) -> None:
    write_frames(tmp_path / "v", [f"img_{number:05d}.png" for number in range(1, 13)])
    for other in ("flow_x_", "flow_y_", "._img_"):
        write_frames(tmp_path / "v", [f"{other}{number:05d}.png" for number in range(1, 13)])
    write_frames(tmp_path / "v", ["cover.png"])
    assert read(tmp_path / "v") == list(range(12))
    assert check_video(tmp_path / "v").frames == 12


def test_a_folder_of_flow_alone_is_read_as_it_is(tmp_path: Path) -> None:
    write_frames(tmp_path / "v", [f"flow_x_{number:05d}.png" for number in range(1, 13)])
    assert read(tmp_path / "v") == list(range(12))


def test_frames_of_two_videos_in_one_folder_are_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "v", [f"{name}_{number}.png" for name in "ab" for number in range(3)])
    with pytest.raises(MediaError, match=r"images of 2 patterns of names \(3 a_#, 3 b_#\)"):
        FrameFolderReader(tmp_path / "v")
    assert check_video(tmp_path / "v").verdict == "unreadable"


def test_missing_numbers_are_reported(tmp_path: Path) -> None:
    write_frames(tmp_path / "v", [f"{number}.png" for number in (1, 2, 4, 7)])
    found = check_video(tmp_path / "v")
    assert (found.verdict, found.frames) == ("ok", 4)
    assert found.detail == "3 frames are missing between the first and the last number"
