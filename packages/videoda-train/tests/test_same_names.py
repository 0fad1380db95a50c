"""Files of the same name, and a file that was replaced, never give each other's data."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_media import moving_frames, write_video
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.item_facts import facts_from_line, facts_of, facts_to_line
from videoda_train.data.list_file import ListItem, Stretch, read_list
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_key import source_key
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow, evaluation_flow
from videoda_train.data.video_facts import VideoFacts
from videoda_train.data.video_reader import SeekPoints, open_video
from videoda_train.errors import MediaError
from videoda_train.recipes.config import ClipConfig

CLIP = ClipConfig(num_frames=4, num_eval_frames=8, resize=48, crop=32)


@pytest.fixture
def sites(tmp_path: Path) -> tuple[Path, Path]:
    """Two lists of the same names, siteA/test.txt and siteB/test.txt, of different videos."""
    for number, site in enumerate(("siteA", "siteB")):
        write_video(
            tmp_path / site / "run" / "v.avi", moving_frames(10 + 5 * number, seed=number, step=(1 - number, 1))
        )
        (tmp_path / site / "test.txt").write_text("run/v.avi 0\n")
    return tmp_path / "siteA" / "test.txt", tmp_path / "siteB" / "test.txt"


def flow_of(list_file: Path, paths: PreparedPaths) -> tuple[np.ndarray, list[int]]:
    items = read_list(list_file)
    facts = cache_target_flow(items, paths, list_file=list_file, clip=CLIP, progress=False)
    data = TargetDataset(items, facts, paths, clip=CLIP, num_paces=5, cache=ArrayCache(max_bytes=0))
    return data.evaluation_flow([0]).numpy(), [known.num_frames for known in facts]


def counts(list_file: Path, facts_file: Path) -> list[int]:
    facts = facts_of(read_list(list_file), facts_file, list_file=list_file, workers=1, progress=False)
    return [known.num_frames for known in facts]


def fresh_flow(list_file: Path) -> np.ndarray:
    item = read_list(list_file)[0]
    return evaluation_flow(open_video(item.path), clip=CLIP)[None, :, 8:40, 8:40]


def test_two_lists_that_name_their_files_alike_keep_their_own_flow_and_facts(
    sites: tuple[Path, Path], tmp_path: Path
) -> None:
    paths = PreparedPaths(tmp_path / "prepared")
    for list_file, count in [(sites[0], 10), (sites[1], 15), (sites[0], 10)]:
        flow, frames = flow_of(list_file, paths)
        assert frames == [count]
        assert np.array_equal(flow, fresh_flow(list_file))
        assert counts(list_file, paths.video_facts(list_file)) == [count]


def test_a_replaced_file_has_flow_and_facts_of_its_own(sites: tuple[Path, Path], tmp_path: Path) -> None:
    paths = PreparedPaths(tmp_path / "prepared")
    before, _ = flow_of(sites[0], paths)
    counts(sites[0], paths.video_facts(sites[0]))
    (tmp_path / "siteB" / "run" / "v.avi").replace(tmp_path / "siteA" / "run" / "v.avi")
    after, frames = flow_of(sites[0], paths)
    assert frames == [15]
    assert np.array_equal(after, fresh_flow(sites[0]))
    assert not np.array_equal(before, after)
    assert counts(sites[0], paths.video_facts(sites[0])) == [15]


def test_a_key_tells_files_times_stretches_and_frames_of_a_folder_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "v").write_bytes(b"same")
        os.utime(tmp_path / name / "v", ns=(1, 1))
    keys = [key(tmp_path / "a" / "v"), key(tmp_path / "b" / "v"), key(tmp_path / "a"), key(tmp_path / "b")]
    keys.append(key(tmp_path / "a" / "v", Stretch(0, 2, 1)))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert key(tmp_path / "link" / "v") == keys[0]
    os.utime(tmp_path / "a" / "v", ns=(1, 2))
    keys += [key(tmp_path / "a" / "v"), key(tmp_path / "a"), key(tmp_path / "gone")]
    assert len(set(keys)) == len(keys)


def key(path: Path, stretch: Stretch | None = None) -> str:
    return source_key(ListItem(path, 0, path.name, stretch=stretch))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "null",
        "9" * 5000,
        "[" * 100_000,
        '{"key": "k"}',
        '{"key": "k", "num_frames": 3, "fps": 25, "seek_points": {"frames": [0, 0], "pts": [1, 2]}}',
        '{"key": "k", "num_frames": 3, "fps": 25, "seek_points": {"frames": [0], "pts": []}}',
        '{"key": "k", "num_frames": -3, "fps": 25, "seek_points": {"frames": [], "pts": []}}',
        '{"key": "k", "num_frames": 1e999, "fps": 25, "seek_points": {"frames": [], "pts": []}}',
    ],
)
def test_a_line_that_is_no_facts_is_refused(line: str) -> None:
    with pytest.raises(MediaError, match="not the facts of a video"):
        facts_from_line(line)


@pytest.mark.parametrize("points", [((), ()), ((0, 12), (0, 512))])
def test_facts_survive_their_line(points: tuple[Sequence[int], Sequence[int]]) -> None:
    facts = VideoFacts(24, 29.97, SeekPoints(*points))
    assert facts_from_line(facts_to_line(facts, key="k", name="n")) == ("k", facts)
