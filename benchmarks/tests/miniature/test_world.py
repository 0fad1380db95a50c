import hashlib
import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from videoda_bench.miniature import SHARED_POSES, MiniatureConfig, make_e2h
from videoda_bench.miniature.errors import MiniatureError

TINY = MiniatureConfig(classes=("clap", "kick"), stills_per_class=2, videos_per_class=1, num_frames=(6, 8))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mini") / "world"
    make_e2h(out, config=TINY, workers=1, progress=False)
    return out


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_files_are_laid_out_and_listed_like_the_real_datasets(world: Path) -> None:
    assert (world / "classes.txt").read_text() == "clap\nkick\n"
    source = [line.rsplit(" ", 1) for line in (world / "source.txt").read_text().splitlines()]
    target = [line.rsplit(" ", 1) for line in (world / "target.txt").read_text().splitlines()]
    assert [label for _, label in source] == ["0", "0", "1", "1"]
    assert [label for _, label in target] == ["0", "1"]
    for path, label in source:
        folder, action, name = path.split("/")
        assert (folder, action) == ("EAD_image_dataset", ("clap", "kick")[int(label)])
        assert cv2.imread(str(world / path)).shape == (120, 160, 3)
        assert cv2.imread(str(world / "depth" / action / name).replace(".jpg", ".png"), -1).dtype == np.uint16
    assert all(path.startswith("hmdb51/") and path.endswith(".avi") for path, _ in target)
    assert json.loads((world / "depth" / "depth.json").read_text()) == {"kind": "metric", "scale": 0.001}


def test_videos_are_mpeg4_and_decode_to_the_stated_number_of_frames(world: Path) -> None:
    counts = json.loads((world / "miniature.json").read_text())["counts"]
    decoded = 0
    for path in world.rglob("*.avi"):
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.name == "mpeg4"
            decoded += sum(1 for _ in container.decode(video=0))
    assert decoded == counts["frames"]


@pytest.mark.slow
def test_two_workers_make_the_same_bytes_as_one(world: Path, tmp_path: Path) -> None:
    make_e2h(tmp_path / "again", config=TINY, workers=2, progress=False)
    assert digests(tmp_path / "again") == digests(world)


def test_a_complete_world_is_kept(world: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in world.rglob("*")}
    assert not make_e2h(world, config=TINY, progress=False).made
    assert before == {path: path.stat().st_mtime_ns for path in world.rglob("*")}


def test_another_configuration_does_not_overwrite_a_world(world: Path) -> None:
    with pytest.raises(MiniatureError, match="another configuration"):
        make_e2h(world, config=MiniatureConfig(seed=1), progress=False)


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(MiniatureError, match="not empty"):
        make_e2h(tmp_path, config=TINY, progress=False)


def test_at_least_half_of_the_classes_share_a_pose_with_another() -> None:
    classes = MiniatureConfig().classes
    sharing = {name for pair in SHARED_POSES.values() for name in pair}
    assert len(sharing & set(classes)) >= len(classes) / 2
