import errno
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code
from videoda_train.data.list_file import read_classes, read_list
from videoda_train.data.prepare import (
    B2U,
    E2H,
    S2U,
    DomainFacts,
    PublishedList,
    PublishedTask,
    prepare_k2b,
    prepare_photos_videos,
)
from videoda_train.errors import ListFileError, MissingDatasetError


def run(*arguments: object) -> int:
    return exit_code("videoda", lambda: run_command([str(a) for a in arguments]))


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def fill(root: Path, pattern: str, facts: DomainFacts, counts: Sequence[int] | None = None) -> None:
    for folder, count in zip(facts.folders, counts or facts.per_class or (), strict=True):
        touch(root / pattern.format(folder, 1))
        for number in range(2, count + 1):
            (root / pattern.format(folder, number)).touch()


def labels(list_file: Path, num_classes: int) -> list[int]:
    listed = [item.label for item in read_list(list_file)]
    return [listed.count(label) for label in range(num_classes)]


def test_e2h_gives_the_published_lists(tmp_path: Path) -> None:
    fill(tmp_path / "eads", "EAD_image_dataset/{0}/{1:04d}.jpg", E2H.source)
    fill(tmp_path / "hmdb", "{0}/#20_Rhythm_&[x]_(a)_{0}_u_nm_np1_fr_goo_{1}.avi", E2H.target)
    touch(tmp_path / "hmdb" / "climb_stairs" / "other_class_0.avi")
    out = tmp_path / "lists"
    assert run("data", "prepare", "e2h", "--eads", tmp_path / "eads", "--hmdb51", tmp_path / "hmdb", "--out", out) == 0
    assert labels(out / "source.txt", 13) == [284, 295, 256, 213, 295, 151, 196, 200, 235, 251, 241, 187, 210]
    assert labels(out / "target.txt", 13) == [130, 108, 164, 118, 151, 130, 102, 106, 116, 232, 109, 120, 104]
    assert (len(read_list(out / "source.txt")), len(read_list(out / "target.txt"))) == (3014, 1690)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["complete"] is True
    assert [summary["lists"][name]["differences"] for name in ("source", "target")] == [[], []]
    assert read_classes(out / "classes.txt") == list(E2H.classes)
    items = read_list(out / "target.txt")
    assert all(item.path.exists() and not Path(item.name).is_absolute() for item in items)


@pytest.mark.parametrize("video_layout", ["UCF-101/{0}/v_{0}_g{1:03d}_c01.avi", "v_{0}_g{1:03d}_c01.avi"])
def test_s2u_gives_the_published_lists_flat_or_by_class(tmp_path: Path, video_layout: str) -> None:
    fill(tmp_path / "stanford", "JPEGImages/{0}_{1:03d}.jpg", S2U.source)
    fill(tmp_path / "ucf", video_layout, S2U.target)
    touch(tmp_path / "stanford" / "JPEGImages" / "blowing_bubbles_001.jpg")
    summary = prepare_photos_videos(
        S2U, source=tmp_path / "stanford", target=tmp_path / "ucf", out_dir=tmp_path / "out"
    )
    assert summary.complete
    assert labels(tmp_path / "out" / "source.txt", 12) == [183, 293, 200, 212, 295, 214, 185, 189, 296, 293, 289, 260]
    assert labels(tmp_path / "out" / "target.txt", 12) == [152, 123, 131, 110, 144, 145, 137, 110, 164, 134, 160, 100]
    assert (sum(summary.domains[0].found), sum(summary.domains[1].found)) == (2909, 1610)


def test_b2u_takes_ucf101s_order_and_its_odd_spelling_and_says_what_is_not_published(tmp_path: Path) -> None:
    fill(tmp_path / "bu", "{0}/{1}.jpg", B2U.source, [1] * 101)
    fill(tmp_path / "ucf", "{0}/v_{0}_g01_c0{1}.avi", B2U.target, [2] * 101)
    for number in (1, 2):
        (tmp_path / "ucf" / "HandstandPushups" / f"v_HandstandPushups_g01_c0{number}.avi").rename(
            tmp_path / "ucf" / f"v_HandStandPushups_g01_c0{number}.avi"
        )
    summary = prepare_photos_videos(B2U, source=tmp_path / "bu", target=tmp_path / "ucf", out_dir=tmp_path / "out")
    assert list(summary.domains[1].found) == [2] * 101
    assert summary.domains[0].differences == []
    assert "counts not published" in summary.lines()[0]
    assert summary.domains[1].differences == ["all classes: 202 found, 13320 published"]


SMALL = PublishedTask(
    name="small",
    classes=("clap", "run"),
    source=DomainFacts("photos", ("clap", "run"), frozenset({".jpg"}), (2, 1), 3),
    target=DomainFacts("videos", ("clap", "run"), frozenset({".avi"}), (1, 1), 2),
)


def small(root: Path) -> dict[str, Path]:
    for name in ("photos/clap/1.jpg", "photos/clap/2.jpg", "photos/run/1.jpg", "videos/clap/a.avi", "videos/run/b.avi"):
        touch(root / name)
    return {"source": root / "photos", "target": root / "videos", "out_dir": root / "out"}


def test_a_partial_dataset_is_allowed_and_every_difference_named(tmp_path: Path) -> None:
    where = small(tmp_path)
    (tmp_path / "photos" / "clap" / "2.jpg").unlink()
    (tmp_path / "videos" / "run" / "b.avi").unlink()
    summary = prepare_photos_videos(SMALL, **where)
    text = "\n".join(summary.lines())
    for part in ("clap: 1 found, 2 published", "all classes: 2 found, 3 published", "no file of: run", "partial"):
        assert part in text
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["complete"] is False


def test_a_side_without_any_file_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    where = small(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingDatasetError, match=r"videos: no \.avi file of its 2 classes beneath .*empty"):
        prepare_photos_videos(SMALL, **where | {"target": tmp_path / "empty"})
    with pytest.raises(MissingDatasetError, match=r"photos: no folder at .*gone"):
        prepare_photos_videos(SMALL, **where | {"source": tmp_path / "gone"})


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = small(tmp_path)
    scandir = os.scandir

    def refusing(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "run":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(MissingDatasetError, match=r"cannot read the folder .*run: Permission denied"):
        prepare_photos_videos(SMALL, **where)


def test_two_copies_of_a_dataset_beneath_one_folder_are_refused(tmp_path: Path) -> None:
    where = small(tmp_path)
    touch(tmp_path / "videos" / "backup" / "clap" / "a.avi")
    with pytest.raises(MissingDatasetError, match=r"a\.avi is in .*backup.* and in"):
        prepare_photos_videos(SMALL, **where)


def test_a_published_list_is_read_with_its_prefix_replaced(tmp_path: Path) -> None:
    where = small(tmp_path)
    listed = tmp_path / "theirs.txt"
    listed.write_text("/home/them/EADs/clap/2.jpg 0\n/home/them/EADs/run/9.jpg 1\n")
    summary = prepare_photos_videos(SMALL, **where, source_list=PublishedList(listed, strip="/home/them/EADs"))
    assert (tmp_path / "out" / "source.txt").read_text() == "../photos/clap/2.jpg 0\n"
    assert [line.split(": ")[0] for line in summary.domains[0].missing] == [f"{listed}:2"]


def test_a_published_list_with_the_wrong_prefix_says_how_to_replace_it(tmp_path: Path) -> None:
    where = small(tmp_path)
    (tmp_path / "theirs.txt").write_text("/home/them/EADs/clap/2.jpg 0\n")
    with pytest.raises(MissingDatasetError, match="--strip"):
        prepare_photos_videos(SMALL, **where, source_list=PublishedList(tmp_path / "theirs.txt"))


def splits(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        "k400_train": "clapping/abc_000001_000011 300 10\npunching_person_(boxing)/d e 250 8\n",
        "k400_test": "squat/-x_1 300 7\n",
        "babel_train": "train/000001 60 117 9\ntrain/000001 0 60 2\n",
        "babel_test": "val/000002 5 33 11\n",
    }
    for name, text in (rows | files).items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def kinetics_babel(root: Path, layout: str) -> dict[str, Path]:
    for name in ("clapping/abc_000001_000011", "punching person (boxing)/d e", "squat/-x_1"):
        touch(root / "kinetics" / layout.format(*name.split("/")))
    for name in ("train/000001", "val/000002"):
        touch(root / "babel" / name / "img_00001.jpg")
    return {"kinetics": root / "kinetics", "babel": root / "babel", "splits": splits(root / "splits")}


@pytest.mark.parametrize("layout", ["train/{0}/{1}.mp4", "{1}.mp4", "rawframes/{0}/{1}/img_00000.jpg"])
def test_k2b_finds_kinetics_by_class_flat_or_as_raw_frames_and_keeps_babels_offsets(
    tmp_path: Path, layout: str
) -> None:
    where = kinetics_babel(tmp_path, layout)
    summary = prepare_k2b(**where, out_dir=tmp_path / "out")
    items = read_list(tmp_path / "out" / "source.txt")
    assert [item.label for item in items] == [10, 8]
    assert all(item.path.exists() for item in items)
    assert (tmp_path / "out" / "target.txt").read_text() == (
        "../babel/train/000001 60 117 9\n../babel/train/000001 0 60 2\n"
    )
    assert (tmp_path / "out" / "target_test.txt").read_text() == "../babel/val/000002 5 33 11\n"
    assert len(read_list(tmp_path / "out" / "source_test.txt")) == 1
    assert summary.domains[0].differences == ["all classes: 2 found, 14881 published"]


def test_k2b_names_listed_files_that_are_missing(tmp_path: Path) -> None:
    where = kinetics_babel(tmp_path, "{1}.mp4")
    (tmp_path / "kinetics" / "d e.mp4").unlink()
    summary = prepare_k2b(**where, out_dir=tmp_path / "out")
    assert list(summary.domains[0].missing) == [
        f"{tmp_path / 'splits' / 'k400_train.txt'}:2: punching_person_(boxing)/d e"
    ]
    assert "punch: 0 found, 1 published" in summary.domains[0].differences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clapping/a 300 3\n", r"k400_train\.txt:1: class 'clapping' with label 3"),
        ("clapping/a 300 12\n", "label 12; allowed: 0 to 11"),
        ("\nclapping/a x 10\n", r"k400_train\.txt:2: .* is not 'CLASS/VIDEO FRAMES LABEL'"),
    ],
)
def test_a_split_row_that_cannot_be_right_is_named(tmp_path: Path, text: str, expected: str) -> None:
    where = kinetics_babel(tmp_path, "{1}.mp4")
    splits(tmp_path / "splits", k400_train=text)
    with pytest.raises(ListFileError, match=expected):
        prepare_k2b(**where, out_dir=tmp_path / "out")


def test_k2b_gives_the_published_lists_from_the_published_splits(real_data: Path, tmp_path: Path) -> None:
    published = real_data / "lists" / "kinetics2babel"
    folders: set[str] = set()
    for split in ("k400_train", "k400_test"):
        for line in (published / f"{split}.txt").read_text().splitlines():
            name = line.rsplit(maxsplit=2)[0]
            if (folder := name.split("/")[0]) not in folders:
                folders.add(folder)
                (tmp_path / "k400" / folder).mkdir(parents=True)
            (tmp_path / "k400" / f"{name}.mp4").touch()
    for split in ("babel_train", "babel_test"):
        for line in (published / f"{split}.txt").read_text().splitlines():
            (tmp_path / "babel" / line.split()[0]).mkdir(parents=True, exist_ok=True)
    out = tmp_path / "out"
    summary = prepare_k2b(kinetics=tmp_path / "k400", babel=tmp_path / "babel", splits=published, out_dir=out)
    assert [sum(domain.found) for domain in summary.domains] == [14881, 650, 2963, 452]
    assert summary.complete
    for name, split in (("target", "babel_train"), ("target_test", "babel_test")):
        rows = [line.split() for line in (out / f"{name}.txt").read_text().splitlines()]
        assert [row[1:] for row in rows] == [
            line.split()[1:] for line in (published / f"{split}.txt").read_text().splitlines()
        ]


def test_data_list_says_where_each_dataset_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "list") == 0
    out = capsys.readouterr().out
    for part in ("hmdb51 (e2h)", "from:", "terms:", "ucf101 (b2u, s2u)", "babel (k2b)"):
        assert part in out
