import pytest
import torch
import torch.nn.functional as F
from tiny_views import make_backbone, make_head, make_views_batch
from torch import Tensor, nn
from videoda_models import DomainClassifier
from videoda_train.data.view_batches import ViewsBatch
from videoda_train.data.view_videos import EvaluationViews
from videoda_train.methods.glad import Glad
from videoda_train.methods.views_baselines import ViewsDann, ViewsSourceOnly
from videoda_train.recipes.config import DannConfig
from videoda_train.recipes.views_config import GladConfig


def make_glad(*, seed: int = 0, voting: list[int] | None = None, **settings: object) -> Glad:
    backbone, to_input = make_backbone()
    torch.manual_seed(seed)
    config = GladConfig(**{"depth": 2, "width": 16, "dropout": 0.0, **settings})  # type: ignore[arg-type]
    return Glad(backbone, make_head(backbone), to_input=to_input, num_local=2, config=config, voting=voting)


def passes(method: Glad, batch: ViewsBatch) -> list[Tensor]:
    """What goes through the backbone in one step, in order."""
    seen: list[Tensor] = []
    handle = method.module["backbone"].conv1.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    method.training_step(batch, epoch=0, step=0)
    handle.remove()
    return seen


def normalised(frames: Tensor) -> Tensor:
    mean, std = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    return ((frames - mean) / std).movedim(-1, 1)


def bce(logits: Tensor, target: float) -> Tensor:
    """Binary cross-entropy, written out."""
    probability = 1 / (1 + torch.exp(-logits))
    return -(target * probability.log() + (1 - target) * (1 - probability).log())


def test_the_backbone_runs_four_times_source_local_source_global_target_local_target_global() -> None:
    batch = make_views_batch(2)
    seen = passes(make_glad(), batch)
    expected = [views for domain in (batch.source, batch.target) for views in (domain[:, :2], domain[:, 2:])]
    assert [len(clips) for clips in seen] == [4, 2, 4, 2]
    for clips, views in zip(seen, expected, strict=True):
        assert torch.allclose(clips, normalised(views.flatten(0, 1)), atol=1e-4)


def test_the_losses_are_the_published_ones() -> None:
    method, batch = make_glad(), make_views_batch(3)
    method.module.eval()
    losses = method.training_step(batch, epoch=0, step=0)
    with torch.no_grad():
        features = {}
        for name, views in (("source", batch.source), ("target", batch.target)):
            clips = [method.module["backbone"].trunk(normalised(views[:, v])).mean(dim=(2, 3, 4)) for v in range(3)]
            features[name, "views"] = sum(clips) / 3
            features[name, "local"], features[name, "global"] = (clips[0] + clips[1]) / 2, clips[2]
        linear = method.module["head"].fc_cls
        log_probability = (features["source", "views"] @ linear.weight.T + linear.bias).log_softmax(dim=1)
        classification = -log_probability[torch.arange(3), batch.source_labels].mean()

        def adversary(kind: str, name: tuple[str, str], target: float) -> Tensor:
            return bce(method.module[f"{kind}_domain"].layers(features[name])[:, 0], target)

        expected = {"classification": classification}
        for kind in ("local", "global"):
            sides = [adversary(kind, ("source", kind), 1), adversary(kind, ("target", kind), 0)]
            expected[f"{kind}_domain"] = torch.cat(sides).mean()
        cross = [adversary("cross", ("source", k), 1) for k in ("local", "global")]
        cross += [adversary("cross", ("target", k), 0) for k in ("local", "global")]
        expected["cross_domain"] = torch.cat(cross).mean()
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert float(losses[name].detach()) == pytest.approx(float(value), rel=1e-4), name


@pytest.mark.parametrize("name", ["local", "global", "cross"])
def test_the_gradient_of_an_alignment_is_reversed_before_the_backbone(name: str) -> None:
    gradients = []
    for strength in (1.0, -1.0):  # with strength -1 nothing is reversed
        method = make_glad(align=(name,))
        domain = method.module[f"{name}_domain"]
        assert isinstance(domain, DomainClassifier)
        domain.reversal.strength = strength
        method.training_step(make_views_batch(2), epoch=0, step=0)[f"{name}_domain"].backward()
        gradients.append((method.module["backbone"].conv1.conv.weight.grad, domain.layers[0].weight.grad))
    (reversed_backbone, domain_a), (plain_backbone, domain_b) = gradients
    assert float(plain_backbone.abs().max()) > 0
    assert torch.allclose(reversed_backbone, -plain_backbone, atol=1e-6)
    assert torch.allclose(domain_a, domain_b, atol=1e-6)


def test_parts_that_are_switched_off_are_not_there() -> None:
    method = make_glad(align=("cross",))
    assert set(method.module) == {"backbone", "head", "cross_domain"}
    assert set(method.training_step(make_views_batch(2), epoch=0, step=0)) == {"classification", "cross_domain"}
    assert len(passes(make_glad(align=()), make_views_batch(2))) == 2


def test_running_statistics_take_the_four_passes_in_order() -> None:
    method, batch = make_glad(), make_views_batch(2)
    norm, conv = method.module["backbone"].conv1.bn, method.module["backbone"].conv1.conv
    expected = norm.running_mean.clone()
    with torch.no_grad():
        for clips in passes(make_glad(), batch):
            expected = 0.9 * expected + 0.1 * conv(clips).mean(dim=(0, 2, 3, 4))
    method.training_step(batch, epoch=0, step=0)
    assert torch.allclose(norm.running_mean, expected, atol=1e-5)


def test_groups_have_the_published_factors_and_hold_every_parameter_once() -> None:
    method = make_glad()
    groups = method.parameter_groups()
    factors = {id(p): (g.lr_factor, g.weight_decay_factor) for g in groups for p in g.parameters}
    assert sum(len(group.parameters) for group in groups) == len(list(method.module.parameters()))
    for name, module in method.module.named_modules():
        for kind, parameter in module.named_parameters(recurse=False):
            if isinstance(module, nn.BatchNorm3d):
                expected = (1.0, 0.0)
            elif name == "head.fc_cls":
                expected = (5.0, 1.0) if kind == "weight" else (10.0, 0.0)
            else:
                expected = (1.0, 1.0) if kind == "weight" else (2.0, 0.0)
            assert factors[id(parameter)] == expected, f"{name}.{kind}"


def score(method: Glad, views: Tensor) -> Tensor:
    method.module.eval()
    with torch.no_grad():
        return method.score(EvaluationViews(views)).logits


def test_a_score_is_the_head_of_the_mean_over_all_views() -> None:
    method, views = make_glad(), make_views_batch(2).target
    with torch.no_grad():
        method.module.eval()
        clips = [method.module["backbone"].trunk(normalised(views[:, v])).mean(dim=(2, 3, 4)) for v in range(3)]
        expected = F.linear(sum(clips) / 3, method.module["head"].fc_cls.weight)
    assert torch.allclose(score(method, views), expected, atol=1e-4)


def test_the_published_evaluation_leaves_the_first_local_clip_out() -> None:
    views, other = make_views_batch(2).target, make_views_batch(2, seed=1).target
    changed = torch.cat([other[:, :1], views[:, 1:]], dim=1)
    assert torch.equal(score(make_glad(voting=[1, 2]), views), score(make_glad(voting=[1, 2]), changed))
    assert not torch.allclose(score(make_glad(), views), score(make_glad(), changed))


def test_source_only_does_not_see_the_target() -> None:
    backbone, to_input = make_backbone()
    method = ViewsSourceOnly(backbone, make_head(backbone), to_input=to_input, num_local=2)
    count = 0

    def counted(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        nonlocal count
        count += 1

    backbone.get_submodule("conv1").register_forward_pre_hook(counted)
    assert set(method.training_step(make_views_batch(2), epoch=0, step=0)) == {"classification"}
    assert count == 2


def test_danns_domain_loss_is_reversed_with_the_strength_of_its_epoch() -> None:
    gradients = []
    for epoch in (0, 2):
        backbone, to_input = make_backbone()
        torch.manual_seed(1)
        config = DannConfig(depth=1, width=8, dropout=0.0)
        head = make_head(backbone)
        method = ViewsDann(backbone, head, to_input=to_input, num_local=2, config=config, epochs=4)
        method.training_step(make_views_batch(2), epoch=epoch, step=0)["domain"].backward()
        gradients.append(float(backbone.get_submodule("conv1.conv").weight.grad.abs().sum()))  # type: ignore[union-attr]
    assert gradients[0] == 0
    assert gradients[1] > 0
