import hashlib
import json
from pathlib import Path

import av
import cv2
import pytest
from videoda_bench.miniature import B2uConfig, MiniatureError, S2uConfig, make_b2u, make_s2u
from videoda_train.data.prepare import B2U, S2U

SIZES = {"stills_per_class": 2, "videos_per_class": 3, "clips_per_group": 2, "num_frames": (4, 6)}
TINY_S2U = S2uConfig(classes=("Archery", "Biking"), **SIZES)
TINY_B2U = B2uConfig(classes=("Archery", "JumpRope"), **SIZES)


@pytest.fixture(scope="module")
def s2u(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("s2u") / "world"
    make_s2u(out, config=TINY_S2U, workers=1, progress=False)
    return out


@pytest.fixture(scope="module")
def b2u(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("b2u") / "world"
    make_b2u(out, config=TINY_B2U, workers=1, progress=False)
    return out


def listed(world: Path, name: str) -> list[tuple[str, str]]:
    rows = (line.rsplit(" ", 1) for line in (world / name).read_text().splitlines())
    return [(path, label) for path, label in rows]


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_stanford40_stills_lie_in_one_folder_under_its_own_class_names(s2u: Path) -> None:
    assert listed(s2u, "source.txt") == [
        ("JPEGImages/shooting_an_arrow_001.jpg", "0"),
        ("JPEGImages/shooting_an_arrow_002.jpg", "0"),
        ("JPEGImages/riding_a_bike_001.jpg", "1"),
        ("JPEGImages/riding_a_bike_002.jpg", "1"),
    ]
    assert (s2u / "classes.txt").read_text() == "Archery\nBiking\n"


def test_bu101_stills_lie_in_a_folder_per_class(b2u: Path) -> None:
    assert [path for path, _ in listed(b2u, "source.txt")] == [
        *("BU101/Archery/001.jpg", "BU101/Archery/002.jpg", "BU101/JumpRope/001.jpg", "BU101/JumpRope/002.jpg")
    ]


@pytest.mark.parametrize("task", ["s2u", "b2u"])
def test_every_still_has_depth_of_its_size_where_a_depth_folder_is_looked_through(
    task: str, request: pytest.FixtureRequest
) -> None:
    world = request.getfixturevalue(task)
    assert json.loads((world / "depth" / "depth.json").read_text())["kind"] == "metric"
    for path, _ in listed(world, "source.txt"):
        folder, name = Path(path).parent.name, Path(path).stem
        depth = world / "depth" / (f"{name}.png" if task == "s2u" else f"{folder}/{name}.png")
        assert cv2.imread(str(depth), cv2.IMREAD_UNCHANGED).shape == cv2.imread(str(world / path)).shape[:2]


def test_videos_are_named_by_class_group_and_clip(s2u: Path) -> None:
    names = [path for path, label in listed(s2u, "target.txt") if label == "0"]
    assert names == [f"UCF-101/Archery/v_Archery_{end}.avi" for end in ("g01_c01", "g01_c02", "g02_c01")]


def test_videos_decode_to_the_stated_number_of_frames(s2u: Path) -> None:
    decoded = 0
    for path, _ in listed(s2u, "target.txt"):
        with av.open(str(s2u / path)) as container:
            decoded += sum(1 for _ in container.decode(video=0))
    assert decoded == json.loads((s2u / "miniature.json").read_text())["counts"]["frames"]


def test_both_worlds_hold_the_same_ucf101_but_other_stills(s2u: Path, b2u: Path) -> None:
    video = "UCF-101/Archery/v_Archery_g01_c01.avi"
    assert (s2u / video).read_bytes() == (b2u / video).read_bytes()
    stills = s2u / "JPEGImages/shooting_an_arrow_001.jpg", b2u / "BU101/Archery/001.jpg"
    assert stills[0].read_bytes() != stills[1].read_bytes()


def test_a_still_does_not_depend_on_what_else_the_world_holds(s2u: Path, tmp_path: Path) -> None:
    config = S2uConfig(classes=("Biking",), **{**SIZES, "stills_per_class": 1, "videos_per_class": 1})
    make_s2u(tmp_path / "less", config=config, workers=1, progress=False)
    name = "JPEGImages/riding_a_bike_001.jpg"
    assert (tmp_path / "less" / name).read_bytes() == (s2u / name).read_bytes()


@pytest.mark.slow
def test_two_workers_make_the_same_bytes_as_one(b2u: Path, tmp_path: Path) -> None:
    make_b2u(tmp_path / "again", config=TINY_B2U, workers=2, progress=False)
    assert digests(tmp_path / "again") == digests(b2u)


def test_default_classes_are_the_tasks_own_in_its_label_order() -> None:
    assert S2uConfig().classes == S2U.classes
    order = [B2U.classes.index(name) for name in B2uConfig().classes]
    assert order == sorted(order)
    assert len(order) == 20
    assert set(S2U.classes) < set(B2uConfig().classes)


def test_a_class_without_an_activity_is_refused_by_name() -> None:
    with pytest.raises(MiniatureError, match="Billiards"):
        B2uConfig(classes=("Archery", "Billiards"))


def test_a_group_of_no_clips_is_refused() -> None:
    with pytest.raises(MiniatureError, match="clips_per_group=0"):
        S2uConfig(clips_per_group=0)
