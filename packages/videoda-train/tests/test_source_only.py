import pytest
import torch
from videoda_models import TwoStream, create_model, upsample_logits
from videoda_train.data.step_batches import StepBatch
from videoda_train.data.target_dataset import EvaluationBatch
from videoda_train.methods.source_only import SourceOnly
from videoda_train.recipes.config import CfbConfig, Streams


def make_method(used: Streams) -> SourceOnly:
    torch.manual_seed(0)
    streams = TwoStream(
        create_model("i3d-inception-tiny-rgb", num_classes=3, time_stride="cfb"),
        create_model("i3d-inception-tiny-flow", num_classes=3, time_stride="cfb"),
    )
    return SourceOnly(streams, config=CfbConfig(), used=used)


def clip(channels: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(channels)
    return torch.randint(0, 256, (2, 4, 32, 32, channels), dtype=torch.uint8, generator=generator)


def training_step(method: SourceOnly) -> dict[str, torch.Tensor]:
    labels = torch.tensor([0, 2])
    batch = StepBatch(clip(3), clip(2), labels, labels, target_rgb=clip(3), target_flow=clip(2), target_pace=labels)
    return method.training_step(batch, epoch=0, step=0)


@pytest.mark.parametrize(("used", "unused"), [("rgb", "flow"), ("flow", "rgb")])
def test_one_stream_alone_trains_and_the_other_stays_as_it_is(used: Streams, unused: str) -> None:
    method = make_method(used)
    losses = training_step(method)
    assert set(losses) == {f"{used}_frame", f"{used}_clip"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(p.grad is None for p in getattr(method.streams, unused).parameters())
    assert any(p.grad is not None for p in getattr(method.streams, used).parameters())
    moved = dict(getattr(method.streams, unused).named_buffers())
    assert all(int(value) == 0 for name, value in moved.items() if name.endswith("num_batches_tracked"))


def test_one_stream_has_the_losses_that_it_has_beside_the_other() -> None:
    torch.manual_seed(1)
    both = training_step(make_method("both"))
    torch.manual_seed(1)
    alone = training_step(make_method("rgb"))
    assert set(both) == {"rgb_frame", "rgb_clip", "flow_frame", "flow_clip"}
    torch.testing.assert_close(alone, {name: both[name] for name in alone})


def test_a_stream_that_is_not_used_votes_for_no_class() -> None:
    method = make_method("rgb")
    method.module.eval()
    with torch.no_grad():
        scores = method.score(EvaluationBatch(rgb=clip(3), flow_codes=clip(2)))
        logits = method.streams.rgb(clip(3).movedim(-1, 1).float() / 127.5 - 1)
    assert list(scores.streams) == ["rgb"]
    torch.testing.assert_close(scores.logits, upsample_logits(logits, clip(3).shape[1]).mean(dim=2))
