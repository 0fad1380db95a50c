import numpy as np
import pytest
import torch
from videoda_models import fuse_logits, fuse_softmax
from videoda_train.evaluation import Scores, measure


def test_metrics_equal_counting_by_hand() -> None:
    softmax = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    logits = torch.tensor([[1.0, 0.0, 0.0], [2.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    flow = torch.eye(3)[[1, 1, 1, 1]] * 0.01
    metrics = measure(Scores(logits=logits, streams={"rgb": softmax, "flow": flow}), torch.tensor([0, 1, 1, 2]))
    assert metrics.acc_softmax == pytest.approx(3 / 4)
    assert metrics.acc_logits == pytest.approx(1 / 4)
    assert metrics.acc_rgb == pytest.approx(3 / 4)
    assert metrics.acc_flow == pytest.approx(2 / 4)
    assert metrics.per_class_accuracy == [1.0, 0.5, 1.0]
    assert metrics.mean_class_accuracy == pytest.approx(2.5 / 3)
    assert np.array(metrics.confusion_matrix).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_a_class_without_a_video_has_no_recall_and_does_not_count() -> None:
    scores = torch.eye(3)[[0, 1]]
    metrics = measure(Scores(logits=scores, streams={"rgb": scores}), torch.tensor([0, 1]))
    assert metrics.per_class_accuracy == [1.0, 1.0, None]
    assert metrics.acc_flow is None
    assert metrics.mean_class_accuracy == 1.0


def test_both_scores_are_fused_as_the_models_package_fuses_them() -> None:
    generator = torch.Generator().manual_seed(0)
    rgb, flow = (torch.randn(4, 3, 6, generator=generator) for _ in range(2))
    scores = Scores.of_frames({"rgb": rgb, "flow": flow})
    assert torch.allclose(scores.logits, fuse_logits(rgb, flow), atol=1e-6)
    assert torch.allclose(scores.confidence.sum(dim=1), torch.ones(4))
    assert torch.allclose(scores.softmax, fuse_softmax(rgb, flow))
