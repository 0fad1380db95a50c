import numpy as np
import pytest
import torch
from torch import nn
from videoda_bench.pretraining import (
    CLIP,
    MIRRORED,
    POSITION_UNIT_PX,
    LabelledVideo,
    Phase,
    keep_centre_in_time,
    make_targets,
    sample_batch,
)

STILLS = Phase("stills", 1, batch_size=8, num_frames=2, spacings=(0,), lr=0.1, tells_steps=False)
CLIPS = Phase("clips", 1, batch_size=8, num_frames=4, spacings=(1, 3), lr=0.1, tells_steps=True)


def spotted_videos(count: int = 8, channels: int = 3) -> list[LabelledVideo]:
    """Videos with a bright pixel at the pelvis, which moves 1 px right per frame."""
    videos = []
    for k in range(count):
        keypoints = np.random.default_rng(k).uniform(20, 50, (1, 11, 2)).round() + np.zeros((16, 1, 1))
        keypoints[..., 0] += np.arange(16)[:, None]
        pixels = np.zeros((15, CLIP.resize, CLIP.resize, channels), np.uint8)
        x, y = keypoints[:-1, 0].astype(int).T
        pixels[np.arange(15), y, x] = 255
        videos.append(LabelledVideo(pixels, keypoints.astype(np.float32)))
    return videos


def brightest(frame: torch.Tensor) -> list[int]:
    """(x, y) of the largest value."""
    y, x = divmod(int(frame.argmax()), frame.shape[1])
    return [x, y]


@pytest.mark.parametrize("augment", [False, True])
def test_the_places_told_are_where_the_joints_are_in_the_crop(augment: bool) -> None:
    clips, targets = sample_batch(spotted_videos(), phase=STILLS, rng=np.random.default_rng(0), augment=augment)
    assert clips.shape == (8, 3, 2, CLIP.crop, CLIP.crop)
    assert targets.shape == (8, 24, 1)
    pelvis = targets[:, 20:22, 0] * POSITION_UNIT_PX + CLIP.crop / 2
    assert pelvis.round().tolist() == [brightest(clip[0, 0]) for clip in clips]


def test_clips_tell_the_steps_of_a_moving_body() -> None:
    _, targets = sample_batch(spotted_videos(), phase=CLIPS, rng=np.random.default_rng(0), augment=False)
    assert targets.shape == (8, 46, 2)
    assert torch.equal(targets[:, 24:26], torch.tensor([1.0, 0.0])[None, :, None].expand(8, 2, 2))
    assert torch.equal(targets[:, 26:], torch.zeros(8, 20, 2))


def test_a_mirrored_flow_clip_has_its_u_negated_and_its_steps_too() -> None:
    videos = [LabelledVideo(np.full_like(v.pixels, 200), v.keypoints) for v in spotted_videos(channels=2)]
    clips, targets = sample_batch(videos, phase=CLIPS, rng=np.random.default_rng(0), augment=True)
    mirrored = targets[:, 24, 0] < 0
    assert 0 < int(mirrored.sum()) < 8
    value = 200 / 127.5 - 1
    assert torch.allclose(clips[mirrored][:, 0], torch.tensor(-value))
    assert torch.allclose(clips[~mirrored][:, 0], torch.tensor(value))
    assert torch.allclose(clips[:, 1], torch.tensor(value))


def test_offsets_are_taken_from_the_pelvis() -> None:
    points = np.random.default_rng(0).uniform(0, 60, (3, 11, 2)).astype(np.float32)
    told = make_targets(points, points, tells_steps=False)
    expected = (points[:, 1:] - points[:, :1]).reshape(3, 20) / POSITION_UNIT_PX
    np.testing.assert_allclose(told[:, :20], expected, rtol=1e-5)


def test_mirroring_twice_changes_nothing() -> None:
    assert [MIRRORED[k] for k in MIRRORED] == list(range(11))


def test_a_network_with_only_its_centres_in_time_answers_each_frame_alone() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv3d(1, 2, 3, padding=1), nn.Conv3d(2, 2, (5, 3, 3), padding=(2, 1, 1)))
    keep_centre_in_time(network)
    clip = torch.randn(1, 1, 6, 8, 8)
    torch.testing.assert_close(network(clip)[:, :, 2:3], network(clip[:, :, 2:3]))
