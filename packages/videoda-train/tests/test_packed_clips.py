from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import depthmotion.flowio
import numpy as np
import pytest
from tiny_media import textured_image, write_image
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.list_file import ListItem
from videoda_train.data.packed_clips import decode_flow_codes, pack_clips, packed_clip
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.errors import ConfigError
from videoda_train.recipes.config import ClipConfig

CLIP = ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32)
CLIP_BYTES = 4 * 36 * 36 * 5
MADE_WITH: dict[str, object] = {"seed": 0}


@pytest.fixture
def paths(tmp_path: Path) -> PreparedPaths:
    """Two generated clips of 4 frames at 54 px, with flow codes."""
    paths = PreparedPaths(tmp_path)
    rng = np.random.default_rng(0)
    for name in "ab":
        for index in range(4):
            write_image(paths.source_frames / "run" / f"{name}.jpg" / f"{index:05d}.jpg", textured_image(54, 54, index))
        (paths.source_flow / "run").mkdir(parents=True, exist_ok=True)
        np.save(paths.source_flow / "run" / f"{name}.jpg.npy", rng.integers(0, 256, (3, 54, 54, 2), dtype=np.uint8))
    return paths


ITEMS = [ListItem(Path(f"photos/run/{name}.jpg"), 0, f"run/{name}.jpg") for name in "ab"]


def pack(paths: PreparedPaths, *, max_bytes: int = 2 * CLIP_BYTES, clip: ClipConfig = CLIP) -> None:
    pack_clips(ITEMS, paths, clip=clip, made_with=MADE_WITH, max_bytes=max_bytes, workers=1, progress=False)


def samples(paths: PreparedPaths) -> list[np.ndarray]:
    data = SourceDataset(ITEMS, paths, clip=CLIP, static=False, cache=ArrayCache(max_bytes=0))
    drawn = [data.sample(index, np.random.default_rng(seed)) for index in (0, 1) for seed in range(4)]
    return [array for sample in drawn for array in (sample.rgb, sample.flow_codes)]


def test_packed_clips_give_the_same_samples(paths: PreparedPaths) -> None:
    decoded = samples(paths)
    pack(paths)
    assert all(packed_clip(item, paths, clip=CLIP) is not None for item in ITEMS)
    assert all(np.array_equal(a, b) for a, b in zip(decoded, samples(paths), strict=True))


@pytest.mark.parametrize(("max_bytes", "count"), [(-1, 0), (CLIP_BYTES - 1, 0), (2 * CLIP_BYTES - 1, 1)])
def test_as_many_clips_are_packed_as_fit(paths: PreparedPaths, max_bytes: int, count: int) -> None:
    pack(paths, max_bytes=max_bytes)
    assert [packed_clip(item, paths, clip=CLIP) is not None for item in ITEMS] == [i < count for i in range(2)]
    assert len(samples(paths)) == 16


def test_packed_files_are_kept_and_missing_ones_made(paths: PreparedPaths) -> None:
    pack(paths)
    first, second = (next(paths.packed_clips.rglob(f"{name}.jpg.*.flow.npy")) for name in "ab")
    made = first.stat().st_mtime_ns
    second.unlink()
    pack(paths)
    assert first.stat().st_mtime_ns == made
    assert second.exists()


@pytest.mark.parametrize("change", [lambda clip: replace(clip, resize=40), lambda clip: replace(clip, num_frames=2)])
def test_clips_packed_with_other_settings_are_refused(
    paths: PreparedPaths, change: Callable[[ClipConfig], ClipConfig]
) -> None:
    pack(paths)
    with pytest.raises(ConfigError, match="packed_16 was made with other settings"):
        pack(paths, clip=change(CLIP))


def test_resized_codes_are_those_of_the_resized_flow(paths: PreparedPaths) -> None:
    # The stored codes are of ±30 px at 54 px, which is ±20 px at 36 px.
    u, v = 9.0, -4.5
    flow = np.broadcast_to(np.array([u, v], np.float32), (3, 54, 54, 2))
    np.save(paths.source_flow / "run" / "a.jpg.npy", depthmotion.flowio.encode_uint8(flow, bound=30.0))
    codes = decode_flow_codes(ITEMS[0], paths, clip=CLIP)
    decoded = depthmotion.flowio.decode_uint8(codes, bound=20.0)
    assert decoded.shape == (3, 36, 36, 2)
    assert decoded[..., 0] == pytest.approx(u * 36 / 54, abs=0.08)
    assert decoded[..., 1] == pytest.approx(v * 36 / 54, abs=0.08)
