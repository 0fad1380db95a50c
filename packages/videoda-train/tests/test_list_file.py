import os
from pathlib import Path

import pytest
from videoda_train.data.list_file import Stretch, read_classes, read_labelled, read_list, require_files, write_list
from videoda_train.errors import ListFileError


def make_list(folder: Path, text: str) -> Path:
    path = folder / "list.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["a.avi", "clap/#20_Rhythm (x) [1] & y.avi", "with  two spaces/v 1.avi"])
def test_the_label_is_the_last_field_whatever_the_path_holds(tmp_path: Path, name: str) -> None:
    (item,) = read_list(make_list(tmp_path, f"{name} 7\n"))
    assert (item.path, item.label, item.name) == (tmp_path / name, 7, name)


def test_relative_paths_are_taken_from_root_and_absolute_ones_stay(tmp_path: Path) -> None:
    items = read_list(make_list(tmp_path, "a.avi 0\n/abs/b.avi 1\n"), root="/data")
    assert [str(item.path) for item in items] == ["/data/a.avi", "/abs/b.avi"]


def test_a_byte_order_mark_windows_line_ends_and_tabs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("\ufeffa b.avi\t0\r\n\r\nc.avi 1\r\n".encode())
    assert [(item.name, item.label) for item in read_list(path)] == [("a b.avi", 0), ("c.avi", 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.avi 3\n", "list.txt:1: label 3 is out of range; allowed: 0 to 2"),
        ("a.avi 0\nb.avi -1\n", "list.txt:2: label '-1' is not a whole number; allowed: 0 to 2"),
        ("a.avi +1\n", r"label '\+1' is not a whole number"),
        ("a.avi 1_0\n", "label '1_0' is not a whole number"),
        ("a.avi 1.0\n", r"label '1\.0' is not a whole number"),
        ("a.avi ²\n", "label '²' is not a whole number"),
        ("a.avi ٣\n", "label '٣' is not a whole number"),
        (f"a.avi {10**7}\n", "label 10000000 is out of range; allowed: 0 to 2"),
        (f"a.avi {'9' * 6000}\n", "label 9{20}… is out of range; allowed: 0 to 2"),
        ("\n \n", "is empty"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ListFileError, match=expected):
        read_list(make_list(tmp_path, text), num_classes=3)


def test_without_a_class_map_a_label_is_below_a_million(tmp_path: Path) -> None:
    with pytest.raises(ListFileError, match="label 10000000 is out of range; allowed: 0 to 999999"):
        read_list(make_list(tmp_path, f"a.avi {10**7}\n"))


def test_frames_are_ascii_digits_or_a_part_of_the_path(tmp_path: Path) -> None:
    (item,) = read_list(make_list(tmp_path, "clip ² 1\n"))
    assert (item.path, item.label, item.stretch) == (tmp_path / "clip ²", 1, None)
    with pytest.raises(ListFileError, match=r"list\.txt:1: .* does not end in a stretch"):
        read_list(make_list(tmp_path, f"clip {'9' * 6000} 1\n"))


def test_a_line_may_be_a_path_alone_whatever_it_holds(tmp_path: Path) -> None:
    text = "clip 2.mp4\nb c.avi 1\nmy holiday\n-\nd 4.avi ?\n"
    items = read_list(make_list(tmp_path, text), num_classes=3)
    assert [(item.name, item.label) for item in items] == [
        ("clip 2.mp4", None),
        ("b c.avi", 1),
        ("my holiday", None),
        ("-", None),
        ("d 4.avi", None),
    ]


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ((), ("take", 3)),
        (("take",), ("take", 3)),
        (("take 3",), ("take 3", None)),
    ],
)
def test_a_number_belongs_to_the_path_where_only_that_exists(
    tmp_path: Path, folders: tuple[str, ...], expected: tuple[str, int | None]
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    (item,) = read_list(make_list(tmp_path, "take 3\n"))
    assert (item.name, item.label, item.path) == (*expected, tmp_path / expected[0])


def test_a_number_that_may_be_both_is_refused_and_a_question_mark_decides(tmp_path: Path) -> None:
    for folder in ("take", "take 3"):
        (tmp_path / folder).mkdir()
    with pytest.raises(ListFileError, match=r"list\.txt:1: both 'take' and 'take 3' exist.*write 'take 3 \?'"):
        read_list(make_list(tmp_path, "take 3\n"))
    assert [(item.name, item.label) for item in read_list(make_list(tmp_path, "take 3 ?\n"))] == [("take 3", None)]
    assert [(item.name, item.label) for item in read_list(make_list(tmp_path, "take 3 3\n"))] == [("take 3", 3)]


def test_a_word_behind_a_file_that_exists_is_no_label(tmp_path: Path) -> None:
    (tmp_path / "v.avi").touch()
    with pytest.raises(ListFileError, match=r"list\.txt:1: label 'O' is not a whole number"):
        read_list(make_list(tmp_path, "v.avi O\n"))


def test_a_stretch_without_label_has_a_question_mark(tmp_path: Path) -> None:
    items = read_list(make_list(tmp_path, "train/1 60 117 ?\ntrain/2 0 5 3\n"))
    assert [(item.label, item.stretch) for item in items] == [
        (None, Stretch(60, 117, numbered_from=1)),
        (3, Stretch(0, 5, numbered_from=1)),
    ]


def test_what_is_learnt_from_needs_a_label_on_every_line(tmp_path: Path) -> None:
    with pytest.raises(ListFileError, match=r"list\.txt:2: no label at the end of 'b c\.jpg'"):
        read_labelled(make_list(tmp_path, "a.jpg 0\nb c.jpg\n"), classes=["x", "y"])


def test_a_folder_or_a_pattern_is_a_list_without_labels(tmp_path: Path) -> None:
    for name in ("b/v 1.avi", "a/w.MP4", "a/notes.txt", "c 3/0.jpg", "c 3/1.jpg", ".hidden/x.avi", "a/.x.avi"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "again").symlink_to(tmp_path)  # a folder that holds itself
    items = read_list(tmp_path, num_classes=2)
    assert [(item.name, item.label) for item in items] == [("a/w.MP4", None), ("b/v 1.avi", None), ("c 3", None)]
    require_files(items, list_file=tmp_path)
    matches = read_list(tmp_path / "*" / "*.avi")
    assert [(item.path, item.label) for item in matches] == [(tmp_path / "b" / "v 1.avi", None)]
    with pytest.raises(ListFileError, match="no video at"):
        read_list(tmp_path / "*.avi")


def test_a_file_name_in_a_folder_may_be_no_text(tmp_path: Path) -> None:
    name = b"caf\xe9.avi"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb"):  # noqa: PTH118, PTH123 (bytes)
        (item,) = read_list(tmp_path)
    assert item.name == r"caf\xe9.avi"
    assert os.fsencode(item.path.name) == name


def test_class_folders_are_classes_and_their_files_are_labelled(tmp_path: Path) -> None:
    for name in ("run/b.jpg", "jump rope/a.png", "run/more/c.jpeg", "run/.x.jpg", "jump rope/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    classes = read_classes(tmp_path)
    assert classes == ["jump rope", "run"]
    items = read_labelled(tmp_path, classes=classes)
    assert [(item.name, item.label) for item in items] == [
        ("jump rope/a.png", 0),
        ("run/b.jpg", 1),
        ("run/more/c.jpeg", 1),
    ]
    with pytest.raises(ListFileError, match="has a folder 'run', which is no class"):
        read_labelled(tmp_path, classes=["jump rope", "walk"])
    (tmp_path / "walk").mkdir()
    with pytest.raises(ListFileError, match="walk holds no photo"):
        read_labelled(tmp_path, classes=[*classes, "walk"])


def test_a_missing_list_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ListFileError, match=r"no list file at .*gone\.txt.*\{path\} \{label\}"):
        read_list(tmp_path / "gone.txt")


def test_written_rows_are_read_back(tmp_path: Path) -> None:
    rows = [("a b/#1.avi", 0), ("c.avi", 12), ("d.avi", None), ("take 3", None), ("e f.avi", None), ("?", None)]
    write_list(tmp_path / "l.txt", rows)
    assert [(item.name, item.label) for item in read_list(tmp_path / "l.txt")] == rows


def test_missing_files_are_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "here.avi").touch()
    items = read_list(make_list(tmp_path, "here.avi 0\ngone.avi 0\n"))
    with pytest.raises(ListFileError, match=r"(?s)1 of 2 files .*gone\.avi"):
        require_files(items, list_file="list.txt")


@pytest.mark.parametrize(("text", "expected"), [("one\n", "at least 2"), ("a\nb\na\n", "'a' twice")])
def test_a_class_map_needs_two_distinct_names(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "classes.txt"
    path.write_text(text)
    with pytest.raises(ListFileError, match=expected):
        read_classes(path)


def test_kinetics_rows_name_how_many_frames_count(tmp_path: Path) -> None:
    items = read_list(make_list(tmp_path, "clap/a b 300 10\nkick/c 281 3\n"), num_classes=12)
    assert [(item.path, item.label, item.name, item.stretch) for item in items] == [
        (tmp_path / "clap/a b", 10, "clap/a b 300", Stretch(0, 300, numbered_from=0)),
        (tmp_path / "kick/c", 3, "kick/c 281", Stretch(0, 281, numbered_from=0)),
    ]


def test_babel_rows_name_a_stretch_of_files_numbered_from_1(tmp_path: Path) -> None:
    (item,) = read_list(make_list(tmp_path, "train/005513 60 117 9\n"))
    assert (item.path, item.label, item.stretch) == (tmp_path / "train/005513", 9, Stretch(60, 117, numbered_from=1))


def test_one_line_without_the_numbers_makes_them_part_of_every_path(tmp_path: Path) -> None:
    items = read_list(make_list(tmp_path, "clip 1 0\nother 2\n"))
    assert [(item.path.name, item.stretch) for item in items] == [("clip 1", None), ("other", None)]


def test_a_first_path_that_exists_with_its_numbers_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "clip 1").mkdir()
    assert [item.path.name for item in read_list(make_list(tmp_path, "clip 1 0\nclip 2 1\n"))] == ["clip 1", "clip 2"]


def test_a_word_in_a_labels_place_behind_a_stretch_is_named_with_its_line(tmp_path: Path) -> None:
    list_file = tmp_path / "list.txt"
    list_file.write_text("a 10 0\nb 12 c\n")
    with pytest.raises(ListFileError, match=r"list\.txt:2: 'b 12 c' does not end in a stretch and a label"):
        read_list(list_file)


def test_a_stretch_of_no_frames_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListFileError, match=r"list\.txt:2: .* has 0 frames"):
        read_list(make_list(tmp_path, "a 5 10 1\nb 5 0 1\n"))


def test_the_published_lists_are_read_as_their_numbers_say(real_data: Path) -> None:
    published = real_data / "lists" / "kinetics2babel"
    for name, numbered_from in (("k400_train", 0), ("babel_train", 1)):
        items = read_list(published / f"{name}.txt", num_classes=12)
        rows = [line.split() for line in (published / f"{name}.txt").read_text().splitlines()]
        assert [item.label for item in items] == [int(row[-1]) for row in rows]
        offsets = [int(row[1]) if numbered_from else 0 for row in rows]
        expected = [Stretch(o, int(row[-2]), numbered_from) for o, row in zip(offsets, rows, strict=True)]
        assert [item.stretch for item in items] == expected


@pytest.mark.parametrize("label", ["²", "1²", "--1", "+-1", "9" * 5000, "٣", "1.0"])
def test_a_label_that_is_no_plain_number_is_named_with_its_line(tmp_path: Path, label: str) -> None:
    (tmp_path / "list.txt").write_text(f"a.avi 0\nb.avi {label}\n")
    with pytest.raises(ListFileError, match=r"list\.txt:2: label .* (is not a whole number|is out of range)"):
        read_list(tmp_path / "list.txt")


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000, "a\0b"])
def test_a_path_that_no_file_can_have_is_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "list.txt").write_text(f"{name}.avi 0\n")
    items = read_list(tmp_path / "list.txt")
    with pytest.raises(ListFileError, match="1 of 1 files"):
        require_files(items, list_file=tmp_path / "list.txt")
