"""What a method is shown of each domain: no target label, one draw for RGB and flow, the published sampling."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_glad_cfb_training import tiny_config as glad_cfb_config
from test_training import tiny_config as cfb_config
from test_views_training import tiny_config as views_config
from test_views_training import with_other_labels
from tiny_media import write_image
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_sampling import centred_clip_starts, clip_grid
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.training_data import StepKey
from videoda_train.data.video_facts import VideoFacts
from videoda_train.engine import run_training
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.run_data import prepare_training, prepared_paths, read_inputs
from videoda_train.recipes.config import ClipConfig, TrainConfig

CLIP = ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32, flow_bound=5.0)
SIDE = CLIP.resize


@pytest.mark.parametrize("make_config", [cfb_config, glad_cfb_config])
def test_the_banks_methods_learn_the_same_whatever_the_targets_labels(
    tiny_data: Path, world: Path, tmp_path: Path, make_config: Callable[[Path], TrainConfig]
) -> None:
    # Two epochs: the bank that the first one fills is what the second one draws from.
    data = tiny_data if make_config is cfb_config else world
    weights, banked = [], []
    for name in ("target.txt", with_other_labels(data)):
        config = make_config(data)
        config = replace(
            config,
            data=replace(config.data, target_list=data / name),
            optim=replace(config.optim, epochs=2, milestones=()),
        )
        run_training(config, tmp_path / name, progress=False)
        checkpoint = load_checkpoint(tmp_path / name / "checkpoints" / "last.pt")
        weights.append(checkpoint["module"])
        banked.append(checkpoint["method"]["bank_fill"]["pseudo_labels"])
    assert torch.equal(*banked)
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def coordinates(num_frames: int, channels: int) -> np.ndarray:
    """A clip whose pixel (y, x) has the values (x, y, …) in every frame."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.uint8)
    picture = np.stack([x, y, np.zeros_like(x)][:channels], axis=-1)
    return np.repeat(picture[None], num_frames, axis=0)


class PhotoClips(SourceDataset):
    """Generated clips of coordinates, in place of what is read from disk."""

    def _generated_clip(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return coordinates(4, 3), coordinates(3, 2)


class Videos(TargetDataset):
    """Videos of coordinates, in place of what is decoded and cached."""

    def _frames(self, index: int, wanted: np.ndarray) -> np.ndarray:
        return coordinates(len(wanted), 3)

    def _flow_codes(self, index: int) -> np.ndarray:
        return coordinates(CLIP.num_eval_frames, 2)


def clips_of_both_domains(count: int) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Training clips as (frames, flow codes): of photos and of videos."""
    items, cache, paths = [ListItem(Path("a.jpg"), 0, "a.jpg")], ArrayCache(max_bytes=0), PreparedPaths(Path("none"))
    photos = PhotoClips(items, paths, clip=CLIP, static=False, cache=cache)
    videos = Videos(items, [VideoFacts(20, 25.0)], paths, clip=CLIP, num_paces=5, cache=cache)
    drawn: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"photos": [], "videos": [], "even clips": []}
    for seed in range(count):
        photo, video = (data.sample(0, np.random.default_rng(seed)) for data in (photos, videos))
        drawn["photos"].append((photo.rgb, photo.flow_codes))
        drawn["videos"].append((video.rgb, video.flow_codes))
        drawn["even clips"].append(videos.even_clip(0, np.random.default_rng(seed)))
    return drawn


@pytest.mark.parametrize("kind", ["photos", "videos", "even clips"])
def test_frames_and_flow_show_the_same_place_mirrored_together(kind: str) -> None:
    windows = set()
    for rgb, codes in clips_of_both_domains(40)[kind]:
        mirrored = rgb[0, 0, 0, 0] > rgb[0, 0, -1, 0]
        # Codes carry x as u: a mirrored flow has u negated, the code 255 - x.
        x = 255 - codes[..., 0] if mirrored else codes[..., 0]
        assert np.array_equal(x, rgb[..., 0])
        assert np.array_equal(codes[..., 1], rgb[..., 1])
        windows.add((int(rgb[..., 0].min()), int(rgb[..., 1].min()), bool(mirrored)))
    # Crops are drawn over the whole frame, and about half of them are mirrored: nothing is always at the centre.
    assert len({window[:2] for window in windows}) > 10
    assert {window[2] for window in windows} == {False, True}


GREY_STEP = 3


def write_numbered_world(root: Path) -> None:
    """Three source videos of 80 frames and three target sequences of 70: frame i is grey, of the value 3 · i."""
    for domain, first, count in (("source", 0, 80), ("target", 1, 70)):
        rows = []
        for video in range(3):
            for frame in range(count):
                grey = np.full((40, 52, 3), GREY_STEP * frame, np.uint8)
                write_image(root / f"{domain}/class{video}/v{video}" / f"img_{first + frame:05d}.png", grey)
            stretch = f" 0 {count}" if domain == "target" else ""
            rows.append(f"{domain}/class{video}/v{video}{stretch} {video}")
        (root / f"{domain}.txt").write_text("\n".join(rows) + "\n")
    (root / "classes.txt").write_text("a\nb\nc\n")


def test_glads_target_clips_are_spread_evenly_and_its_source_clips_drawn(tmp_path: Path) -> None:
    write_numbered_world(tmp_path)
    config = views_config(tmp_path, "glad")
    config = replace(config, glad=replace(config.glad, background=False), optim=replace(config.optim, batch_size=3))
    data = prepare_training(config, read_inputs(config), prepared_paths(config, tmp_path / "run"), progress=False)
    views = config.views
    starts = centred_clip_starts(70, views.num_clips, span=views.num_frames * views.target_interval)
    grid = clip_grid(starts, views.num_frames, interval=views.target_interval, num_video_frames=70)
    even = np.stack([*grid[list(views.local_clips)], *grid[:, list(views.global_columns)].T])
    drawn = set()
    for epoch in range(3):
        batch = data[StepKey(epoch, 0)]
        frames = batch.target[:, :, :, 0, 0, 0].numpy() // GREY_STEP
        assert np.array_equal(frames, np.broadcast_to(even, frames.shape))
        drawn |= {clip.tobytes() for clip in batch.source[:, :, :, 0, 0, 0].numpy()}
    assert len(drawn) > 3
