from dataclasses import replace
from pathlib import Path

import cv2
import depthmotion
import numpy as np
import pytest
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.fresh_clips import FreshClips
from videoda_train.data.list_file import ListItem, read_list
from videoda_train.engine.run import run_training
from videoda_train.errors import ConfigError, MediaError
from videoda_train.recipes.config import ClipConfig, DataConfig, ModelConfig, MotionConfig, OptimConfig, TrainConfig
from videoda_train.recipes.k2b import K2B_MINI

CLIP = ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32, flow_bound=5.0)
MOTION = MotionConfig(source="fresh-camera-motion", size=72, depth="ground")


def fresh(items: list[ListItem], *, cache_bytes: int = 0, motion: MotionConfig = MOTION) -> FreshClips:
    return FreshClips(items, motion=motion, clip=CLIP, cache=ArrayCache(max_bytes=cache_bytes))


def test_a_clip_follows_its_generator_and_not_the_cache(tiny_data: Path) -> None:
    items = read_list(tiny_data / "source.txt")
    once, cached = fresh(items), fresh(items, cache_bytes=1 << 30)
    cached(3, np.random.default_rng(9))
    for one, two in zip(once(3, np.random.default_rng(5)), cached(3, np.random.default_rng(5)), strict=True):
        assert np.array_equal(one, two)
    assert not np.array_equal(once(3, np.random.default_rng(5))[0], once(3, np.random.default_rng(6))[0])


def test_a_clip_and_its_flow_are_those_of_depthmotion_made_smaller(tiny_data: Path) -> None:
    items = read_list(tiny_data / "source.txt")
    motion = MotionConfig(source="fresh-camera-motion", size=36, depth="plane")
    rgb, codes = fresh(items, motion=motion)(0, np.random.default_rng(5))
    photo = cv2.resize(
        cv2.cvtColor(cv2.imread(str(items[0].path)), cv2.COLOR_BGR2RGB), (36, 36), interpolation=cv2.INTER_AREA
    )
    depth = depthmotion.load_depth("plane")(photo)
    made = depthmotion.clip_of_photo(
        photo,
        depth,
        path=depthmotion.GenerateConfig().path_description,
        seed=int(np.random.default_rng(5).integers(2**62)),
        num_frames=4,
    )
    assert np.array_equal(rgb, made.frames)
    decoded = depthmotion.flowio.decode_uint8(codes, bound=5.0)
    assert np.abs(decoded - np.clip(made.flow, -5, 5)).max() <= 5 / 255 + 1e-5


def test_photos_that_cannot_be_used_are_named_before_training(tiny_data: Path, tmp_path: Path) -> None:
    items = read_list(tiny_data / "source.txt")
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    broken = ListItem(**{**vars(items[0]), "path": tmp_path / "bad.jpg"})
    with pytest.raises(MediaError, match=r"1 of 2 photos cannot be used:\n  line 1: .*bad\.jpg is not a photo"):
        fresh([broken, items[1]]).check(progress=False)


def test_a_run_on_fresh_clips_writes_no_clip(tiny_data: Path, tmp_path: Path) -> None:
    config = TrainConfig(
        data=DataConfig(tiny_data / "source.txt", tiny_data / "target.txt", tiny_data / "classes.txt"),
        method="source_only",
        device="cpu",
        clip=CLIP,
        motion=MOTION,
        model=ModelConfig(rgb="i3d-inception-tiny-rgb", flow="i3d-inception-tiny-flow"),
        optim=OptimConfig(lr=0.02, batch_size=4, epochs=1, milestones=()),
    )
    result = run_training(config, tmp_path / "run", progress=False)
    assert result.results["num_source_images"] == 12
    assert not list((tmp_path / "run" / "prepared").rglob("frame_*"))


def test_methods_on_views_say_that_they_need_clips_on_disk() -> None:
    with pytest.raises(ConfigError, match="methods on views take 'camera-motion'"):
        replace(K2B_MINI, motion=MOTION)
