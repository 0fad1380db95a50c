"""One small network, from one start, on whatever view of the videos: comparable answers to what each view tells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, Int, UInt8
from torch import Tensor, nn
from videoda_models import create_model, model_card
from videoda_train.data.model_input import input_for
from videoda_train.engine.device import autocast, resolve_precision
from videoda_train.progress import ProgressBar
from videoda_train.randomness import derive_rng, seeded_torch

from videoda_bench.difficulty.views import INTERVAL, Shown, View, even_clips, random_clip

NETWORK = "i3d-inception-tiny-rgb"
_INPUT = input_for(model_card(NETWORK).input_range)


@dataclass(frozen=True)
class Schedule:
    """AdamW with a warm-up and a cosine over `steps` batches; answers are means over `test_clips` clips of a video."""

    steps: int = 250
    batch_size: int = 16
    lr: float = 0.001
    weight_decay: float = 0.02
    warmup_steps: int = 25
    test_clips: int = 3
    seed: int = 0


def train_classifier(
    shown: Sequence[Shown],
    labels: Int[np.ndarray, " n"],
    *,
    view: View,
    num_classes: int,
    weights: Path,
    schedule: Schedule,
) -> nn.Module:
    """Train the network on a view of labelled videos, from the shipped weights."""
    with seeded_torch(schedule.seed, "last layer", view):
        model = create_model(NETWORK, num_classes=num_classes, pretrained=weights).train()
    model = model.to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.lr, weight_decay=schedule.weight_decay)
    rng = derive_rng(schedule.seed, "clips", view)
    device = torch.device("cpu")
    for step in ProgressBar(range(schedule.steps), desc=f"learn from {view}", unit="step"):
        warm = min(1.0, (step + 1) / schedule.warmup_steps)
        for group in optimizer.param_groups:
            group["lr"] = schedule.lr * warm * 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
        rows = rng.choice(len(shown), schedule.batch_size)
        clips = np.stack([random_clip(shown[row], view=view, rng=rng) for row in rows])
        with seeded_torch(schedule.seed, "dropout", view, step), autocast(device, resolve_precision("auto", device)):
            logits = model(_network_input(clips)).mean(dim=2)
        loss = F.cross_entropy(logits.float(), torch.from_numpy(labels[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def _network_input(clips: UInt8[np.ndarray, "b t h w 3"]) -> Float32[Tensor, "b 3 t h w"]:
    return _INPUT(torch.from_numpy(clips)).contiguous(memory_format=torch.channels_last_3d)


@torch.inference_mode()
def predict(
    model: nn.Module, shown: Sequence[Shown], *, view: View, schedule: Schedule, interval: int = INTERVAL
) -> Int[np.ndarray, " n"]:
    """The classes of videos: of each the highest softmax, averaged over its clips."""
    answers = []
    for frames in shown:
        clips = even_clips(frames, view=view, count=schedule.test_clips, interval=interval)
        scores = model(_network_input(clips)).mean(dim=2).softmax(dim=1)
        answers.append(int(scores.mean(dim=0).argmax()))
    return np.array(answers)
