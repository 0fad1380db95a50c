from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_views import make_backbone, make_views_batch
from torch import Tensor
from videoda_models import TemporalOrderHead
from videoda_train.data.clip_orders import order_names, with_random_orders
from videoda_train.data.list_file import ListItem
from videoda_train.methods.tol import Tol

ORDERS = list(permutations(range(3)))


class RecordingHead(TemporalOrderHead):
    """Keeps what it is shown and what the right answers are."""

    def __init__(self, in_channels: int):
        super().__init__(in_channels, hidden=8, dropout=0.0)
        self.shown: list[Tensor] = []
        self.orders: list[int] = []

    def shuffle(self, features: Tensor, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        shuffled, orders = super().shuffle(features, generator=generator)
        self.orders += orders.tolist()
        return shuffled, orders

    def forward(self, features: Tensor) -> Tensor:
        self.shown.append(features)
        return super().forward(features)


def make_tol(seed: int = 0) -> tuple[Tol, RecordingHead]:
    backbone, to_input = make_backbone()
    head = RecordingHead(backbone.feature_channels)
    return Tol(backbone, head, to_input=to_input, seed=seed), head


def test_both_domains_pass_in_one_batch() -> None:
    method, _ = make_tol()
    seen: list[int] = []
    method.module["backbone"].conv1.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    method.training_step(make_views_batch(2), epoch=0, step=0)
    assert seen == [12]


def test_the_loss_is_the_cross_entropy_of_the_order_that_the_clips_are_shown_in() -> None:
    method, head = make_tol()
    batch = make_views_batch(3)
    method.module.eval()
    loss = method.training_step(batch, epoch=0, step=0)["order"]
    with torch.no_grad():
        views = torch.cat([batch.source, batch.target])
        features = method._features(views)
        logits = []
        for video, order in enumerate(head.orders):
            f = [features[video, clip] for clip in ORDERS[order]]
            assert torch.allclose(head.shown[0][video], torch.stack(f), atol=1e-5)
            pairs = [torch.cat([f[i], f[j]]) for i, j in ((0, 1), (0, 2), (1, 2))]
            hidden = torch.cat([(head.pair.weight @ pair + head.pair.bias).clamp(min=0) for pair in pairs])
            logits.append(head.order.weight @ hidden + head.order.bias)
        log_probability = torch.stack(logits).log_softmax(dim=1)
    expected = -log_probability[torch.arange(6), torch.tensor(head.orders)].mean()
    assert float(loss.detach()) == pytest.approx(float(expected), rel=1e-4)


def test_orders_are_uniform_and_change_with_the_step() -> None:
    method, head = make_tol()
    features = torch.zeros(500, 3, head.pair.in_features // 2)
    method._features = lambda views: features  # type: ignore[method-assign]
    batch = make_views_batch(250)
    method.training_step(batch, epoch=0, step=0)
    first = list(head.orders)
    head.orders.clear()
    method.training_step(batch, epoch=0, step=1)
    counts = np.bincount(first + head.orders, minlength=6)
    assert np.all(np.abs(counts - 1000 / 6) < 5 * np.sqrt(1000 / 6))
    assert first != head.orders


def test_an_order_depends_on_the_video_and_not_on_its_place_in_the_batch() -> None:
    method, head = make_tol()
    method.training_step(make_views_batch(4), epoch=0, step=0)
    whole = list(head.orders)
    head.orders.clear()
    batch = make_views_batch(4)
    part = type(batch)(**{name: value[2:] for name, value in vars(batch).items()})
    method.training_step(part, epoch=0, step=0)
    assert head.orders == [*whole[2:4], *whole[6:8]]


def test_evaluation_labels_are_orders_drawn_by_name() -> None:
    assert order_names(3) == ["0-1-2", "0-2-1", "1-0-2", "1-2-0", "2-0-1", "2-1-0"]
    items = [ListItem(Path("v"), label=9, name=f"v{index}") for index in range(600)]
    labelled = with_random_orders(items, num_clips=3, seed=0)
    assert with_random_orders(items[::-1], num_clips=3, seed=0) == labelled[::-1]
    counts = np.bincount([item.label for item in labelled], minlength=6)
    assert np.all(np.abs(counts - 100) < 50)
