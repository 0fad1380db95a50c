import gc
import weakref
from dataclasses import replace

import pytest
import torch
from tiny_engine import PointMethod, draw_points, point_config
from videoda_models import TwoStream, create_model
from videoda_train.engine.memory import activation_bytes, estimate_memory, example_batch
from videoda_train.methods.source_only import SourceOnly
from videoda_train.recipes.config import ClipConfig, OptimConfig, TrainConfig


def test_what_a_step_keeps_is_counted_once_and_grows_with_the_batch() -> None:
    method = PointMethod()
    sizes = [activation_bytes(method, draw_points([str(i) for i in range(count)])) for count in (50, 100, 200)]
    assert sizes[2] - sizes[1] == pytest.approx(2 * (sizes[1] - sizes[0]))
    # By the sample: its 6 values, 8 of tanh, 3 logits, 3 log-probabilities in float32, its label in int64.
    assert (sizes[1] - sizes[0]) / 50 == 4 * (6 + 8 + 3 + 3) + 8


def test_an_estimate_leaves_nothing_in_memory() -> None:
    method = PointMethod()
    parameter = weakref.ref(next(method.module.parameters()))
    activation_bytes(method, draw_points(["0", "1"]))
    del method
    gc.collect()
    assert parameter() is None


def make_config(**optim: object) -> TrainConfig:
    clip = ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32)
    return replace(point_config(), method="source_only", clip=clip, optim=OptimConfig(batch_size=8, **optim))  # type: ignore[arg-type]


def test_the_estimate_counts_weights_gradients_moments_and_the_parts_of_a_batch() -> None:
    streams = TwoStream(*(create_model(f"i3d-inception-tiny-{name}", num_classes=3) for name in ("rgb", "flow")))
    config = make_config(optimizer="adamw", accumulation=2, ema_decay=0.9)
    method = SourceOnly(streams, config=config.cfb)
    before = {name: value.clone() for name, value in streams.state_dict().items()}
    estimate = estimate_memory(method, config, num_ranks=2, dtype=torch.float32)
    count = sum(parameter.numel() for parameter in streams.parameters())
    assert (estimate.weights, estimate.gradients, estimate.optimizer) == (4 * count, 4 * count, 8 * count)
    assert (estimate.average, estimate.clips) == (4 * count, 2)
    assert estimate.activations == activation_bytes(method, example_batch(config))  # two clips, in each of 4 parts
    halved = estimate_memory(method, config, num_ranks=2, dtype=torch.bfloat16)
    assert halved.activations == estimate.activations // 2
    assert all(torch.equal(value, streams.state_dict()[name]) for name, value in before.items())
