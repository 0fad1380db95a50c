import cv2
import numpy as np
import pytest
import torch
from videoda_models import fuse_logits, fuse_softmax
from videoda_train.evaluation import Scores, fuse_scores, measure, top_k_accuracy
from videoda_train.report.figures import confusion_picture


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


def test_top_k_counts_the_videos_whose_class_is_among_the_k_best() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    labels = torch.tensor([0, 1, 2])
    shares = [top_k_accuracy(Scores(logits=scores, streams={"rgb": scores}), labels, k) for k in (1, 2, 3, 5)]
    assert shares == pytest.approx([1 / 3, 2 / 3, 1, 1])


def test_fused_scores_are_the_mean_of_the_networks_scores_however_many_streams_each_has() -> None:
    generator = torch.Generator().manual_seed(0)
    rgb, flow, other = (torch.randn(4, 3, 1, generator=generator) for _ in range(3))
    two, one = Scores.of_frames({"rgb": rgb, "flow": flow}), Scores.of_frames({"rgb": other})
    fused = fuse_scores([two, one])
    expected = ((rgb.softmax(1) + flow.softmax(1)) / 2 + other.softmax(1)) / 2
    assert torch.allclose(fused.confidence, expected[..., 0])
    assert torch.allclose(fused.logits, (rgb + flow + other)[..., 0] / 2)
    assert fuse_scores([one]) is one


def test_a_confusion_picture_shades_each_cell_by_its_share_of_the_row() -> None:
    data = confusion_picture([[9, 1], [0, 0]], ["first", "second"])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    # Matplotlib's "Blues" at 0.9; the other row is empty.
    assert np.any(np.all(np.abs(image.astype(int) - [156, 81, 8]) <= 12, axis=2))
