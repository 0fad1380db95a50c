from pathlib import Path

import numpy as np
import pytest
import torch
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_sampling import uniform_indices
from videoda_train.data.list_file import read_list
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.source_videos import SourceVideos
from videoda_train.data.step_batches import StepBatch, StepDataset, source_order, target_indices
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.data.training_data import StepKey, epoch_loader
from videoda_train.data.transforms import random_crop_flip
from videoda_train.data.video_reader import open_video
from videoda_train.errors import ConfigError
from videoda_train.recipes.config import ClipConfig

CLIP = ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32, flow_bound=5.0)


def make_steps(tiny_data: Path, prepared: Path, *, batch_size: int = 5, cache_bytes: int = 0) -> StepDataset:
    paths = PreparedPaths(prepared)
    source_items, target_items = read_list(tiny_data / "source.txt"), read_list(tiny_data / "target.txt")
    facts = cache_target_flow(target_items, paths, list_file=tiny_data / "target.txt", clip=CLIP, progress=False)
    cache = ArrayCache(max_bytes=cache_bytes)
    source = SourceDataset(source_items, paths, clip=CLIP, static=True, cache=cache)
    target = TargetDataset(target_items, facts, paths, clip=CLIP, num_paces=5, cache=cache)
    return StepDataset(source, target, batch_size=batch_size, seed=3)


def equal(a: StepBatch, b: StepBatch) -> bool:
    return all(torch.equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


def test_an_epoch_is_one_pass_over_the_source_without_the_last_partial_batch(tiny_data: Path, tmp_path: Path) -> None:
    assert make_steps(tiny_data, tmp_path).steps_per_epoch == 2
    assert sorted(source_order(3, epoch=0, count=12)) == list(range(12))
    assert source_order(3, epoch=0, count=12).tolist() != source_order(3, epoch=1, count=12).tolist()


def test_the_target_cycles_through_whole_shuffled_passes() -> None:
    chain = np.concatenate([target_indices(0, position=p, count=4, length=9) for p in range(0, 36, 4)])
    for start in range(0, 36, 9):
        assert sorted(chain[start : start + 9]) == list(range(9))


def test_a_batch_depends_on_seed_epoch_and_step_alone(tiny_data: Path, tmp_path: Path) -> None:
    plain, cached = make_steps(tiny_data, tmp_path), make_steps(tiny_data, tmp_path, cache_bytes=1 << 30)
    cached[StepKey(0, 0)]
    assert equal(plain[StepKey(1, 1)], cached[StepKey(1, 1)])
    assert not equal(plain[StepKey(1, 1)], plain[StepKey(2, 1)])


@pytest.mark.slow
def test_worker_count_and_first_step_never_change_a_batch(tiny_data: Path, tmp_path: Path) -> None:
    steps = make_steps(tiny_data, tmp_path)
    keys = [StepKey(2, step) for step in range(steps.steps_per_epoch)]
    alone = list(epoch_loader(steps, keys, num_workers=0))
    workers = list(epoch_loader(steps, keys, num_workers=2))
    resumed = list(epoch_loader(steps, keys[1:], num_workers=0))
    assert all(equal(a, b) for a, b in zip(alone, workers, strict=True))
    assert equal(resumed[0], alone[1])


def test_the_parts_of_a_step_are_its_clips_in_order(tiny_data: Path, tmp_path: Path) -> None:
    steps = make_steps(tiny_data, tmp_path)
    whole, parts = steps[StepKey(1, 1)], [steps[StepKey(1, 1, part, 2)] for part in range(2)]
    assert [len(part.source_labels) for part in parts] == [2, 3]
    for name, value in vars(whole).items():
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), value)


def test_more_parts_than_clips_leave_no_part_empty() -> None:
    assert [list(StepKey(0, 0, part, 4).share(3)) for part in range(4)] == [[0], [1], [2], [0]]


def test_a_batch_names_the_files_it_is_made_of(tiny_data: Path, tmp_path: Path) -> None:
    steps = make_steps(tiny_data, tmp_path)
    batch, files = steps[StepKey(0, 1, 1, 2)], steps.files(StepKey(0, 1, 1, 2))
    assert files[:3] == [steps.source.items[i].path for i in batch.source_index.tolist()]
    assert len(files) == 6
    assert all(path.suffix == ".avi" and path.exists() for path in files[3:])


def test_a_static_clip_repeats_its_still_and_has_zero_flow(tiny_data: Path, tmp_path: Path) -> None:
    batch = make_steps(tiny_data, tmp_path)[StepKey(0, 0)]
    assert torch.equal(batch.source_rgb, batch.source_rgb[:, :1].expand_as(batch.source_rgb))
    assert set(batch.source_flow.unique().tolist()) <= {127, 128}


def test_the_batch_holds_no_class_label_of_the_target(tiny_data: Path, tmp_path: Path) -> None:
    batch = make_steps(tiny_data, tmp_path)[StepKey(0, 0)]
    assert set(vars(batch)) == {
        "source_rgb",
        "source_flow",
        "source_labels",
        "source_index",
        "target_rgb",
        "target_flow",
        "target_pace",
    }


def test_a_batch_larger_than_the_source_is_refused(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"batch size 13 is larger than the source \(12 items\)"):
        make_steps(tiny_data, tmp_path, batch_size=13)


def test_labelled_videos_are_a_source_with_their_frames_and_the_flow_at_them(tiny_data: Path, tmp_path: Path) -> None:
    items, paths = read_list(tiny_data / "target.txt"), PreparedPaths(tmp_path)
    facts = cache_target_flow(items, paths, list_file=tiny_data / "target.txt", clip=CLIP, progress=False)
    videos = TargetDataset(items, facts, paths, clip=CLIP, num_paces=5, cache=ArrayCache(max_bytes=0))
    sample = SourceVideos(videos).sample(4, np.random.default_rng(0))
    crop = random_crop_flip(36, 36, size=32, rng=np.random.default_rng(0))
    frames = open_video(items[4].path).frames(uniform_indices(facts[4].num_frames, 8)[::2], size=(36, 36))
    assert sample.label == items[4].label
    assert np.array_equal(sample.rgb, crop.rgb(frames))
    codes = np.load(paths.flow_file(items[4]))
    assert np.array_equal(sample.flow_codes, crop.flow_codes(codes[::2]))


def test_stretches_of_one_sequence_have_flow_of_their_own(tiny_data: Path, tmp_path: Path) -> None:
    video = next((tiny_data / "videos" / "class0").glob("*.avi"))
    list_file = tmp_path / "stretches.txt"
    list_file.write_text(f"{video} 0 5 0\n{video} 6 5 1\n")
    items, paths = read_list(list_file), PreparedPaths(tmp_path)
    facts = cache_target_flow(items, paths, list_file=list_file, clip=CLIP, progress=False)
    assert [known.num_frames for known in facts] == [5, 5]
    videos = TargetDataset(items, facts, paths, clip=CLIP, num_paces=5, cache=ArrayCache(max_bytes=0))
    whole = open_video(video).frames(range(11), size=(36, 36))
    expected = [whole[start + uniform_indices(5, 8)][:, 2:34, 2:34] for start in (0, 6)]
    assert np.array_equal(videos.evaluation_batch([0, 1]).rgb.numpy(), np.stack(expected))
