import pytest
import torch
import torch.nn.functional as F
from videoda_models import TwoStream, create_model
from videoda_train.data.step_batches import StepBatch
from videoda_train.methods.dann import Dann, reversal_strength
from videoda_train.methods.losses import frame_and_clip_loss
from videoda_train.recipes.config import CfbConfig, DannConfig, Streams

NUM_CLASSES = 3


def make_dann(*, used: Streams = "both", weight: float = 1.0) -> Dann:
    torch.manual_seed(0)
    streams = TwoStream(
        create_model("i3d-inception-tiny-rgb", num_classes=NUM_CLASSES, time_stride="cfb", dropout=0.0),
        create_model("i3d-inception-tiny-flow", num_classes=NUM_CLASSES, time_stride="cfb", dropout=0.0),
    )
    config = DannConfig(weight=weight, depth=1, width=8, dropout=0.0)
    return Dann(streams, config=config, losses=CfbConfig(), epochs=10, used=used)


def make_batch() -> StepBatch:
    generator = torch.Generator().manual_seed(0)

    def clip(channels: int) -> torch.Tensor:
        return torch.randint(0, 256, (2, 4, 32, 32, channels), dtype=torch.uint8, generator=generator)

    labels = torch.tensor([0, 2])
    return StepBatch(clip(3), clip(2), labels, labels, target_rgb=clip(3), target_flow=clip(2), target_pace=labels)


def pixels(clip: torch.Tensor) -> torch.Tensor:
    return clip.movedim(-1, 1).float() / 127.5 - 1


def test_the_reversal_grows_from_nothing_towards_one() -> None:
    strengths = [reversal_strength(epoch, epochs=10) for epoch in range(11)]
    assert strengths[0] == 0.0
    assert strengths == sorted(strengths)
    assert strengths[5] == pytest.approx(torch.sigmoid(torch.tensor(5.0)).item() * 2 - 1)
    assert strengths[10] == pytest.approx(1.0, abs=1e-4)


def test_the_losses_are_those_of_their_formulas() -> None:
    method, batch = make_dann(weight=0.6), make_batch()
    losses = method.training_step(batch, epoch=3, step=0)
    assert set(losses) == {f"{name}_{part}" for name in ("rgb", "flow") for part in ("frame", "clip", "domain")}
    stream = method.streams.flow
    source = stream.features(pixels(batch.source_flow))
    frame, clip = frame_and_clip_loss(stream.classify(source), batch.source_labels, num_frames=4)
    torch.testing.assert_close((losses["flow_frame"], losses["flow_clip"]), (frame, clip))
    domain = method.module["flow_domain"]
    on_source, on_target = domain(source), domain(stream.features(pixels(batch.target_flow)))
    expected = 0.5 * (F.softplus(-on_source).mean() + F.softplus(on_target).mean())
    torch.testing.assert_close(losses["flow_domain"], 0.6 / NUM_CLASSES * expected)


def domain_gradients(*, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of the RGB stream's domain loss: of the network's last block, and of the domain classifier."""
    method = make_dann(used="rgb")
    method.training_step(make_batch(), epoch=epoch, step=0)["rgb_domain"].backward()
    network, classifier = method.streams.rgb.Mixed_5c.b0.conv3d.weight, method.module["rgb_domain"].layers[0].weight
    assert network.grad is not None
    assert classifier.grad is not None
    return network.grad, classifier.grad


def test_only_the_network_is_trained_against_the_domain_classifier() -> None:
    early, early_classifier = domain_gradients(epoch=2)
    late, late_classifier = domain_gradients(epoch=10)
    torch.testing.assert_close(early_classifier, late_classifier)
    torch.testing.assert_close(early, late * reversal_strength(2, epochs=10) / reversal_strength(10, epochs=10))
    # A step of the network along its gradient descent makes the classifier worse, not better.
    method, batch = make_dann(used="rgb"), make_batch()
    before = method.training_step(batch, epoch=10, step=0)["rgb_domain"]
    before.backward()
    with torch.no_grad():
        for p in method.streams.rgb.Mixed_5c.parameters():
            if p.grad is not None:
                p -= 1e-2 * p.grad / p.grad.norm().clamp_min(1e-12)
    assert method.training_step(batch, epoch=10, step=0)["rgb_domain"] > before


def test_at_first_the_network_does_not_feel_the_adversary() -> None:
    network, classifier = domain_gradients(epoch=0)
    assert not network.any()
    assert classifier.any()
