from pathlib import Path

import numpy as np
import pytest
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.data import item_facts
from videoda_train.data.item_facts import facts_of
from videoda_train.data.item_reader import open_item, stream_item
from videoda_train.data.list_file import ListItem, Stretch, read_list
from videoda_train.data.video_reader import PyAvReader
from videoda_train.errors import MediaError


def write_numbered(folder: Path, *, first: int, count: int) -> None:
    """Frames that show their own file number."""
    for number in range(first, first + count):
        write_image(folder / f"img_{number:05d}.png", np.full((8, 8, 3), number, np.uint8))


def shown(item: ListItem) -> list[int]:
    reader = open_item(item)
    return reader.frames(range(len(reader)))[:, 0, 0, 0].tolist()


def test_frame_i_of_a_babel_stretch_is_file_1_plus_offset_plus_i(tmp_path: Path) -> None:
    write_numbered(tmp_path / "train" / "000007", first=1, count=20)
    (tmp_path / "target.txt").write_text("train/000007 5 4 9\n")
    (item,) = read_list(tmp_path / "target.txt")
    assert shown(item) == [6, 7, 8, 9]


def test_frame_i_of_a_kinetics_row_is_file_i(tmp_path: Path) -> None:
    write_numbered(tmp_path / "clap" / "x", first=0, count=9)
    (tmp_path / "source.txt").write_text("clap/x 7 10\n")
    (item,) = read_list(tmp_path / "source.txt")
    assert shown(item) == [0, 1, 2, 3, 4, 5, 6]


def test_a_babel_sequence_whose_files_start_at_0_is_read_by_their_numbers(tmp_path: Path) -> None:
    write_numbered(tmp_path / "s", first=0, count=20)
    assert shown(ListItem(tmp_path / "s", 0, "s", stretch=Stretch(5, 2, numbered_from=1))) == [6, 7]


def test_a_stretch_of_a_video_file_counts_its_frames_from_0(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", moving_frames(10, seed=0))
    item = ListItem(tmp_path / "v.avi", 0, "v.avi 4 3", stretch=Stretch(4, 3, numbered_from=1))
    assert np.array_equal(open_item(item).frames([0, 2]), PyAvReader(tmp_path / "v.avi").frames([4, 6]))


def test_a_stretch_streams_the_frames_that_it_opens(tmp_path: Path) -> None:
    write_numbered(tmp_path / "s", first=1, count=20)
    write_video(tmp_path / "v.avi", moving_frames(10, seed=0))
    for path in (tmp_path / "s", tmp_path / "v.avi"):
        item = ListItem(path, 0, path.name, stretch=Stretch(4, 3, numbered_from=1))
        assert np.array_equal(np.stack(list(stream_item(item))), open_item(item).frames(range(3)))


@pytest.mark.parametrize("stretch", [Stretch(18, 3, numbered_from=1), Stretch(0, 2, numbered_from=0)])
def test_a_stretch_outside_its_folder_is_named(tmp_path: Path, stretch: Stretch) -> None:
    write_numbered(tmp_path / "s", first=1, count=20)
    with pytest.raises(MediaError, match=r"^/.*s has 20 frames, too few"):
        open_item(ListItem(tmp_path / "s", 0, "s", line=3, stretch=stretch))


def test_a_gap_between_raw_frames_is_named(tmp_path: Path) -> None:
    write_numbered(tmp_path / "s", first=1, count=9)
    (tmp_path / "s" / "img_00004.png").unlink()
    with pytest.raises(MediaError, match=r"8 images from img_00001\.png to img_00009\.png"):
        open_item(ListItem(tmp_path / "s", 0, "s", stretch=Stretch(0, 2, numbered_from=1)))


def test_a_photo_is_a_video_of_one_frame(tmp_path: Path) -> None:
    write_image(tmp_path / "p.png", textured_image(6, 9, 0))
    reader = open_item(ListItem(tmp_path / "p.png", 0, "p.png"))
    assert len(reader) == 1
    assert np.array_equal(reader.frames([0, 0])[1], textured_image(6, 9, 0))


def test_a_strip_of_square_frames_is_a_video(tmp_path: Path) -> None:
    write_image(tmp_path / "s.png", np.concatenate([np.full((8, 8, 3), i, np.uint8) for i in range(4)], axis=1))
    assert shown(ListItem(tmp_path / "s.png", 0, "s.png")) == [0, 1, 2, 3]


def test_facts_of_videos_are_kept_and_bad_lines_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", moving_frames(10, seed=0))
    write_numbered(tmp_path / "s", first=1, count=9)
    good = [ListItem(tmp_path / "v.avi", 0, "v"), ListItem(tmp_path / "s", 0, "s 2 4", stretch=Stretch(2, 4, 1))]
    bad = ListItem(tmp_path / "s", 0, "s 8 4", line=7, stretch=Stretch(8, 4, 1))
    facts_file, list_file = tmp_path / "facts.jsonl", Path("list.txt")
    with pytest.raises(MediaError, match=r"1 of 3 videos in list\.txt cannot be used:\n  list\.txt:7: "):
        facts_of([*good, bad], facts_file, list_file=list_file, workers=1, progress=False)
    monkeypatch.setattr(item_facts, "find_item_facts", lambda item: pytest.fail("kept ones are not looked for"))
    good = good[:1]
    facts = facts_of(good, facts_file, list_file=list_file, workers=1, progress=False)
    assert [known.num_frames for known in facts] == [10]
