from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_views import write_world
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_orders import OrderedVideos
from videoda_train.data.item_reader import find_item_facts, open_item
from videoda_train.data.list_file import read_list
from videoda_train.data.resize import resize_short_side
from videoda_train.data.training_data import StepKey
from videoda_train.data.view_augmentation import RandomCrop
from videoda_train.data.view_batches import ViewsBatch, ViewsData
from videoda_train.data.view_plan import ViewPlan
from videoda_train.data.view_videos import ViewVideos
from videoda_train.errors import ConfigError

PLAN = ViewPlan(num_clips=4, num_frames=4, interval=2, local_clips=(1, 2), global_columns=(1,))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("world"))


def make_videos(
    list_file: Path, *, plan: ViewPlan = PLAN, kind: type[ViewVideos] = ViewVideos, cache_bytes: int = 0
) -> ViewVideos:
    items = read_list(list_file)
    facts = [find_item_facts(item) for item in items]
    resize = partial(resize_short_side, side=36)
    cache = ArrayCache(max_bytes=cache_bytes)
    return kind(items, facts, plan=plan, resize=resize, size=32, cache=cache, name=list_file.stem)


def make_data(world: Path, *, batch_size: int = 4, cache_bytes: int = 0) -> ViewsData:
    target = make_videos(world / "target.txt", cache_bytes=cache_bytes)
    crop = RandomCrop(size=32, scales=(1.0, 0.9), flip_probability=0.5)
    return ViewsData(
        make_videos(world / "source.txt", cache_bytes=cache_bytes),
        target,
        target,
        random_target=False,
        augment_source=crop,
        augment_target=crop,
        batch_size=batch_size,
        seed=5,
    )


def equal(a: ViewsBatch, b: ViewsBatch) -> bool:
    return all(torch.equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


def test_an_epoch_is_one_pass_over_the_source_with_its_last_partial_batch(world: Path) -> None:
    data = make_data(world, batch_size=2)
    assert data.steps_per_epoch == 5
    source = [int(index) for step in range(5) for index in data.indices(0, step)[0]]
    assert sorted(source) == list(range(9))


def test_the_target_cycles_across_epochs_through_passes_of_its_own(world: Path) -> None:
    data = make_data(world, batch_size=4)  # 9 source videos: 3 steps; 8 target videos: 2
    passes: dict[int, list[int]] = {}
    for key in range(4):
        _, target, number = data.indices(*divmod(key, 3))
        passes.setdefault(number, []).extend(target.tolist())
    assert list(passes) == [0, 1]
    assert sorted(passes[0]) == list(range(8))
    assert passes[0] != passes[1]


def test_unequal_last_batches_are_cut_to_the_shorter(world: Path) -> None:
    data = make_data(world, batch_size=5)  # source 5 + 4, target 5 + 3
    assert [tuple(map(len, data.indices(0, step)[:2])) for step in range(2)] == [(5, 5), (3, 3)]
    batch = data[StepKey(0, 1)]
    assert len(batch.source) == len(batch.source_labels) == len(batch.target) == 3


def test_a_batch_is_a_function_of_seed_epoch_and_step_alone(world: Path) -> None:
    plain, cached = make_data(world), make_data(world, cache_bytes=1 << 30)
    cached[StepKey(0, 0)]
    assert equal(plain[StepKey(1, 1)], cached[StepKey(1, 1)])
    assert not torch.equal(plain[StepKey(0, 0)].source, plain[StepKey(1, 0)].source)


def test_labels_are_the_sources_and_the_target_has_none(world: Path) -> None:
    data = make_data(world)
    batch = data[StepKey(0, 0)]
    assert batch.source_labels.tolist() == [data.source.items[i].label for i in batch.source_index.tolist()]
    assert set(vars(batch)) == {"source", "source_labels", "source_index", "target", "target_index"}


def test_evaluation_shows_the_evenly_spread_views_cropped_from_the_centre(world: Path) -> None:
    videos = make_videos(world / "target.txt")
    frames = resize_short_side(open_item(videos.items[5]).frames(range(12)), side=36)
    left = (frames.shape[2] - 32) // 2
    starts = [(2 * i + 1) * (12 - 8 + 1) // 8 for i in range(4)]
    grid = np.array([[(start + 2 * k) % 12 for k in range(4)] for start in starts])
    expected = frames[np.stack([grid[1], grid[2], grid[:, 1]])][..., 2:34, left : left + 32, :]
    assert np.array_equal(videos.evaluation_batch([5]).views[0].numpy(), expected)


def test_ordered_videos_show_clip_order_of_i_as_clip_i(world: Path) -> None:
    plan = ViewPlan(num_clips=3, num_frames=4, interval=1, local_clips=range(3))
    plain = make_videos(world / "target.txt", plan=plan)
    ordered = make_videos(world / "target.txt", plan=plan, kind=OrderedVideos)
    orders = {0: [0, 1, 2], 1: [0, 2, 1], 2: [1, 0, 2]}
    for index in range(3):
        expected = plain.evaluation_views(index)[orders[plain.items[index].label]]
        assert np.array_equal(ordered.evaluation_views(index), expected)


def test_a_batch_larger_than_a_domain_is_refused(world: Path) -> None:
    with pytest.raises(ConfigError, match=r"batch size 9 is larger than the target \(8\)"):
        make_data(world, batch_size=9)


def test_the_parts_of_a_step_are_the_step(world: Path) -> None:
    data = make_data(world)
    whole, parts = data[StepKey(0, 0)], [data[StepKey(0, 0, part, 3)] for part in range(3)]
    joined = ViewsBatch(**{name: torch.cat([getattr(part, name) for part in parts]) for name in vars(whole)})
    assert equal(joined, whole)
