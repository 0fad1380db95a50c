"""Datasets: layout, determinism, resume, bad photos."""

import cv2
import depthmotion as dm
import numpy as np
import pytest


@pytest.fixture
def listing(tmp_path):
    rng = np.random.default_rng(0)
    lines = []
    for name in ("run/a b#1.png", "run/c.jpg", "JPEGImages/blowing_bubbles_001.jpg"):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (64, 48)))
        lines.append(f"{name} 0")
    (tmp_path / "photos" / "list.txt").write_text("\n".join(lines))
    return tmp_path / "photos" / "list.txt"


def config(folder, **changes):
    return dm.GenerateConfig(**({"num_frames": 3, "size": (40, 56), "flow_dir": folder / "flow"} | changes))


def contents(folder):
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "manifest.jsonl")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_the_layout_is_the_published_one(listing, tmp_path):
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, summary.kept, summary.failures) == (3, 0, [])
    names = set(contents(tmp_path / "out"))
    assert "run/a b#1.png/00002.jpg" in names
    assert "blowing_bubbles/blowing_bubbles_001.jpg/00000.jpg" in names
    assert dm.flowio.read(tmp_path / "flow" / "run" / "c.jpg.npy").shape == (2, 40, 56, 2)


def test_order_and_seed_decide_nothing_but_the_seed_does(listing, tmp_path):
    dm.generate(listing, tmp_path / "one", config(tmp_path / "one"), progress=False)
    listing.write_text("\n".join(reversed(listing.read_text().splitlines())))
    dm.generate(listing, tmp_path / "two", config(tmp_path / "two"), progress=False)
    dm.generate(listing, tmp_path / "three", config(tmp_path / "three", seed=1), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "three")


@pytest.mark.slow
def test_workers_make_the_same_bytes(listing, tmp_path):
    dm.generate(listing, tmp_path / "one", config(tmp_path / "one"), progress=False)
    dm.generate(listing, tmp_path / "two", config(tmp_path / "two", workers=2), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_finished_clips_are_kept_and_missing_ones_made_again(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    before = contents(tmp_path / "out")
    (tmp_path / "flow" / "run" / "c.jpg.npy").unlink()
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, summary.kept) == (1, 2)
    assert contents(tmp_path / "out") == before


def test_a_bad_photo_is_reported_and_stops_nothing(listing, tmp_path):
    (listing.parent / "run" / "c.jpg").write_bytes(b"")
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert summary.made == 2
    assert [failure.path.name for failure in summary.failures] == ["c.jpg"]
    assert "empty" in summary.failures[0].reason


def test_a_path_out_of_the_folder_is_refused(listing, tmp_path):
    listing.write_text("../.. 0")
    with pytest.raises(dm.DepthMotionError):
        dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
