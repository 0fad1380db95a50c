import numpy as np
import pytest
import torch
from videoda_train.evaluation import Scores, measure


def test_metrics_equal_counting_by_hand() -> None:
    softmax = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    logits = torch.tensor([[1.0, 0.0, 0.0], [2.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    metrics = measure(Scores(logits=logits, softmax=softmax), torch.tensor([0, 1, 1, 2]))
    assert metrics.acc_softmax == pytest.approx(3 / 4)
    assert metrics.acc_logits == pytest.approx(1 / 4)
    assert metrics.per_class_accuracy == [1.0, 0.5, 1.0]
    assert metrics.mean_class_accuracy == pytest.approx(2.5 / 3)
    assert np.array(metrics.confusion_matrix).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_a_class_without_a_video_has_no_recall_and_does_not_count() -> None:
    scores = torch.eye(3)[[0, 1]]
    metrics = measure(Scores(logits=scores, softmax=scores), torch.tensor([0, 1]))
    assert metrics.per_class_accuracy == [1.0, 1.0, None]
    assert metrics.mean_class_accuracy == 1.0
