import numpy as np
import pytest
import torch
from videoda_train.methods.losses import frame_and_clip_loss


def upsample_reference(logits: np.ndarray, num_frames: int) -> np.ndarray:
    """Linear in time with half-pixel centres, ends held."""
    count = logits.shape[-1]
    centres = np.clip((np.arange(num_frames) + 0.5) * count / num_frames - 0.5, 0, count - 1)
    low = np.floor(centres).astype(int)
    high = np.minimum(low + 1, count - 1)
    weight = centres - low
    return logits[..., low] * (1 - weight) + logits[..., high] * weight


def binary_cross_entropy_reference(logits: np.ndarray, targets: np.ndarray) -> float:
    probability = 1 / (1 + np.exp(-logits))
    return float(-(targets * np.log(probability) + (1 - targets) * np.log(1 - probability)).mean())


def test_frame_and_clip_losses_equal_a_literal_transcription_in_float64() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(3, 5, 8)), np.array([0, 4, 2])
    frames = upsample_reference(logits, 16)
    one_hot = np.eye(5)[labels]
    frame_loss, clip_loss = frame_and_clip_loss(
        torch.tensor(logits, dtype=torch.float32), torch.tensor(labels), num_frames=16
    )
    expected_frames = binary_cross_entropy_reference(frames, np.repeat(one_hot[..., None], 16, axis=2))
    expected_clip = binary_cross_entropy_reference(frames.mean(axis=2), one_hot)
    assert float(frame_loss) == pytest.approx(expected_frames, rel=1e-5)
    assert float(clip_loss) == pytest.approx(expected_clip, rel=1e-5)
