import hashlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from videoda_bench.miniature import K2bConfig, MiniatureError, make_k2b
from videoda_bench.miniature.k2b_courses import COURSES, DRIFT, perform
from videoda_bench.miniature.k2b_motions import K2B_MOTIONS
from videoda_bench.miniature.k2b_places import HOMES, KINETICS_PLACES
from videoda_bench.miniature.k2b_source import plan_source_video
from videoda_bench.miniature.shot import vary
from videoda_bench.miniature.skeleton import FIELD
from videoda_train.data.prepare import MERGED_CLASSES, prepare_k2b

TINY = K2bConfig(
    source_videos=2,
    source_test_videos=1,
    target_stretches=2,
    target_test_stretches=1,
    image_size=(32, 40),
    source_frames=(8, 10),
    target_frames=(8, 9),
)
LISTS = ("source.txt", "source_test.txt", "target.txt", "target_test.txt")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("k2b") / "world"
    make_k2b(out, config=TINY, workers=1, progress=False)
    return out


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(file: Path) -> list[tuple[str, list[int]]]:
    lines = [line.split() for line in file.read_text().splitlines()]
    return [(path, [int(number) for number in numbers]) for path, *numbers in lines]


def test_the_lists_are_those_that_prepare_makes_of_the_worlds_split_files(world: Path) -> None:
    prepared = world.parent / "prepared"
    prepare_k2b(kinetics=world / "kinetics", babel=world / "babel", splits=world / "splits", out_dir=prepared)
    for name in (*LISTS, "classes.txt"):
        assert (prepared / name).read_text().replace("../world/", "") == (world / name).read_text()


def test_every_class_has_its_number_of_rows_in_every_list(world: Path) -> None:
    for name, count in zip(LISTS, (2, 1, 2, 1), strict=True):
        assert Counter(numbers[-1] for _, numbers in rows(world / name)) == dict.fromkeys(range(12), count)


def test_source_frames_are_numbered_from_0_as_many_as_the_split_file_says(world: Path) -> None:
    for path, (count, _) in rows(world / "splits" / "k400_train.txt"):
        files = sorted(file.name for file in (world / "kinetics" / path).iterdir())
        assert files == [f"img_{i:05d}.jpg" for i in range(count)]
        assert 8 <= count <= 10


def test_target_stretches_lie_one_after_another_in_sequences_numbered_from_1(world: Path) -> None:
    ends: dict[str, int] = {}
    for path, (offset, count, _) in sorted(rows(world / "target.txt")):
        files = sorted(file.name for file in (world / path).iterdir())
        assert files == [f"img_{i:05d}.jpg" for i in range(1, len(files) + 1)]
        assert ends.get(path, 0) <= offset
        ends[path] = offset + count
        assert ends[path] <= len(files)
        assert 8 <= count <= 9
    assert max(Counter(path for path, _ in rows(world / "target.txt")).values()) > 1


def test_an_interrupted_call_goes_on_and_ends_with_the_same_bytes(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    out.mkdir()
    kept = world / rows(world / "source.txt")[0][0]
    folder = out / kept.relative_to(world)
    folder.mkdir(parents=True)
    for file in kept.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    cut_short = out / rows(world / "target.txt")[0][0]
    (cut_short.parent / f"{cut_short.name}.unfinished").mkdir(parents=True)
    (cut_short.parent / f"{cut_short.name}.unfinished" / "img_00001.jpg").write_bytes(b"half a frame")
    begun = (world / "miniature.json").read_text().split(',\n  "counts"')[0] + "\n}\n"
    (out / "miniature.begun.json").write_text(begun)
    make_k2b(out, config=TINY, workers=1, progress=False)
    assert digests(out) == digests(world)
    assert before == {file: file.stat().st_mtime_ns for file in folder.iterdir()}


@pytest.mark.slow
def test_two_workers_make_the_same_bytes_as_one(world: Path, tmp_path: Path) -> None:
    make_k2b(tmp_path / "again", config=TINY, workers=2, progress=False)
    assert digests(tmp_path / "again") == digests(world)


def test_a_world_of_another_task_is_not_overwritten(world: Path) -> None:
    with pytest.raises(MiniatureError, match="another configuration"):
        make_k2b(world, config=K2bConfig(), progress=False)


def test_the_stage_of_the_target_is_bare_and_its_camera_stands_still(world: Path) -> None:
    for path, (offset, count, _) in rows(world / "target.txt"):
        frames = [cv2.imread(str(world / path / f"img_{1 + offset + i:05d}.jpg")) for i in range(count)]
        corner = np.stack(frames).astype(float)[:, :6, :6]
        assert corner.std() < 5
        assert 0.02 * 255 < corner.mean() < 0.12 * 255


def test_source_videos_of_a_class_are_filmed_at_its_own_place_as_often_as_asked() -> None:
    def floor(kinetics_class: str, seed: int, home_share: float) -> np.ndarray:
        footage = plan_source_video(
            "punch",
            kinetics_class=kinetics_class,
            rng=np.random.default_rng(seed),
            image_size=(32, 40),
            num_frames=(8, 8),
            home_share=home_share,
        )
        return footage.scene.floor[0].mean(axis=(0, 1))

    # A boxing ring's floor is blue; few other floors are.
    blue = [[floor("punching_bag", seed, share).argmax() == 2 for seed in range(12)] for share in (1.0, 0.0)]
    assert all(blue[0])
    assert sum(blue[1]) < 6


@pytest.mark.parametrize("action", list(K2B_MOTIONS))
def test_an_action_is_periodic(action: str) -> None:
    phase = np.linspace(0, 1, 7)
    poses = K2B_MOTIONS[action].poses
    assert poses(phase) == pytest.approx(poses(phase + 1), abs=1e-9)


@pytest.mark.parametrize("action", list(K2B_MOTIONS))
def test_an_action_goes_from_its_own_beginning_to_its_own_end(action: str) -> None:
    times = np.linspace(-1, 5, 601)
    acted = np.broadcast_to(K2B_MOTIONS[action].poses(np.zeros(1)), (601, len(FIELD)))
    poses, progress = perform(action, acted, times, start=0.0, stop=4.0, ramp=0.5, rng=np.random.default_rng(0))
    np.testing.assert_allclose(progress[[0, 300, 600]], [0.0, 0.5, 1.0])
    before, after = vary(np.stack(COURSES[action]), rng=np.random.default_rng(0))
    np.testing.assert_allclose(poses[300], acted[300])
    hands = [column for name, column in FIELD.items() if "hand" in name]
    drift = poses[420, hands] - poses[180, hands]  # from 0.2 to 0.8 of the action
    np.testing.assert_allclose(drift, 0.6 * DRIFT * (after - before)[hands])
    np.testing.assert_allclose(poses[times < 0], np.broadcast_to(before, (100, len(FIELD))))
    np.testing.assert_allclose(poses[times > 4], np.broadcast_to(after, (100, len(FIELD))))


def test_no_two_actions_begin_or_end_alike() -> None:
    assert list(COURSES) == list(K2B_MOTIONS)
    ends = np.array([np.concatenate(course) for course in COURSES.values()])
    apart = np.abs(ends[:, None] - ends[None]).max(axis=-1) + np.eye(len(ends))
    assert apart.min() > 0.3


def test_every_published_class_has_a_motion_in_label_order_and_a_place() -> None:
    assert list(K2B_MOTIONS) == list(MERGED_CLASSES)
    assert set(HOMES) == {name for merged in MERGED_CLASSES.values() for name in merged}
    assert set(HOMES.values()) <= set(KINETICS_PLACES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed=-1"),
        ({"source_videos": 0}, "source_videos=0"),
        ({"image_size": (16, 40)}, r"image_size=\(16, 40\)"),
        ({"target_frames": (20, 10)}, r"target_frames=\(20, 10\)"),
        ({"home_share": 1.5}, r"home_share=1\.5"),
    ],
)
def test_what_no_world_can_have_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(MiniatureError, match=message):
        K2bConfig(**options)  # type: ignore[arg-type]
