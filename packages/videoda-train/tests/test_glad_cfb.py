from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_views import NUM_CLASSES, make_backbone, make_head, make_views_batch
from torch import Tensor
from videoda_models import InceptionI3d, create_model, upsample_logits
from videoda_train.data.view_flow_batches import EvaluationViewsFlow, ViewsFlowBatch
from videoda_train.evaluation import Scores
from videoda_train.methods.flow_memory import FlowMemory
from videoda_train.methods.glad import Glad
from videoda_train.methods.glad_cfb import GladCfb
from videoda_train.recipes.config import CfbConfig, ClipConfig
from videoda_train.recipes.views_config import GladConfig

CLIP = ClipConfig(num_frames=8, num_eval_frames=16, resize=36, crop=32, flow_bound=5.0)


class CodedVideos:
    """Videos of which number i has flow codes that are all i + 1."""

    def __len__(self) -> int:
        return 4

    def bank_flow_codes(self, index: int) -> np.ndarray:
        return np.full((8, 32, 32, 2), index + 1, np.uint8)


def make_method(folder: Path, *, flow: bool = True, frozen: bool = False, **settings: object) -> GladCfb:
    backbone, to_input = make_backbone()
    network = create_model("i3d-inception-tiny-flow", num_classes=NUM_CLASSES, time_stride="cfb", dropout=0.0)
    assert isinstance(network, InceptionI3d)
    if frozen:
        network.freeze_through("MaxPool3d_4a_3x3", batch_norm="update")
    glad_config = GladConfig(depth=1, width=8, dropout=0.0)
    glad = Glad(backbone, make_head(backbone), to_input=to_input, num_local=2, config=glad_config)
    config = CfbConfig(**{"bank_size": 1, "bank_from_epoch": 1, **settings})  # type: ignore[arg-type]
    memory = FlowMemory(
        CodedVideos(), num_classes=NUM_CLASSES, config=config, clip=CLIP, folder=folder / "bank", seed=0
    )
    return GladCfb(
        glad,
        network if flow else None,
        memory,
        feature_channels=backbone.feature_channels,
        config=config,
        dropout=0.0,
    )


def make_batch(count: int = 2, *, seed: int = 0) -> ViewsFlowBatch:
    generator = torch.Generator().manual_seed(seed)

    def clip(channels: int) -> Tensor:
        return torch.randint(0, 256, (count, 8, 32, 32, channels), dtype=torch.uint8, generator=generator)

    return ViewsFlowBatch(
        **vars(make_views_batch(count, seed=seed)),
        source_flow=clip(2),
        target_clip=clip(3),
        target_pace=torch.arange(count) % 5,
        target_flow=clip(2),
    )


def filled(method: GladCfb, *, epoch: int) -> dict[str, object]:
    """Fill the bank: the classes' most confident videos are 3, 1 and 2."""
    softmax = torch.tensor([[0.6, 0.2, 0.2], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7], [0.9, 0.0, 0.1]])
    return method.after_evaluation(epoch, Scores(logits=softmax, streams={"rgb": softmax / 2, "flow": softmax / 2}))


def flow_seen(method: GladCfb, batch: ViewsFlowBatch, *, epoch: int) -> list[Tensor]:
    """What passes through the flow network in one step: the source's flow, then the target's."""
    seen: list[Tensor] = []
    handle = method.module["flow"].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    method.training_step(batch, epoch=epoch, step=0)
    handle.remove()
    return seen


def as_input(codes: Tensor) -> Tensor:
    return codes.float().movedim(-1, 1) / 127.5 - 1


def gradients(method: GladCfb, name: str, term: Tensor) -> list[Tensor]:
    parameters = [p for p in method.module[name].parameters() if p.requires_grad]
    found = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
    return [gradient for gradient in found if gradient is not None]


def test_glads_losses_are_its_own(tmp_path: Path) -> None:
    batch = make_batch()
    losses = make_method(tmp_path).training_step(batch, epoch=0, step=0)
    alone = make_method(tmp_path)._glad.training_step(batch, epoch=0, step=0)
    assert list(losses) == [*alone, "pace", "flow_frame", "flow_clip"]
    assert all(torch.equal(losses[name], value) for name, value in alone.items())


def test_the_pace_loss_is_the_weighted_cross_entropy_of_the_target_clips_pace(tmp_path: Path) -> None:
    method, batch = make_method(tmp_path, pace_weight=0.3), make_batch(3)
    method.module.eval()
    losses = method.training_step(batch, epoch=0, step=0)
    mean, std = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
    with torch.no_grad():
        clips = ((batch.target_clip - mean) / std).movedim(-1, 1)
        features = method.module["backbone"].trunk(clips).mean(dim=(2, 3, 4))  # type: ignore[operator]
        head = method.module["pace"][1].conv3d  # type: ignore[index]
        logits = features @ head.weight[:, :, 0, 0, 0].T + head.bias
        log_probability = logits - logits.exp().sum(1, keepdim=True).log()
        expected = -0.3 * log_probability[torch.arange(3), batch.target_pace].mean()
    assert float(losses["pace"].detach()) == pytest.approx(float(expected), rel=1e-4)


def test_the_flow_losses_are_binary_cross_entropies_of_frames_and_of_their_mean(tmp_path: Path) -> None:
    method, batch = make_method(tmp_path, flow_frame_weight=0.5, flow_clip_weight=2.0), make_batch()
    method.module.eval()
    losses = method.training_step(batch, epoch=0, step=0)
    with torch.no_grad():
        frames = upsample_logits(method.module["flow"](as_input(batch.source_flow)), 8)
        target = torch.eye(NUM_CLASSES)[batch.source_labels]

        def bce(logits: Tensor, wanted: Tensor) -> Tensor:
            probability = 1 / (1 + torch.exp(-logits))
            return -(wanted * probability.log() + (1 - wanted) * (1 - probability).log()).mean()

        expected = {"flow_frame": 0.5 * bce(frames, target[..., None]), "flow_clip": 2 * bce(frames.mean(2), target)}
    for name, value in expected.items():
        assert float(losses[name].detach()) == pytest.approx(float(value), rel=1e-4), name


def test_the_bank_takes_the_place_of_source_flow_only_after_its_first_epoch(tmp_path: Path) -> None:
    method, batch = make_method(tmp_path), make_batch()
    own = as_input(batch.source_flow)
    assert not method.needs_scores_of_adapted(0)
    assert filled(method, epoch=0) == {}
    assert torch.allclose(flow_seen(method, batch, epoch=1)[0], own)
    method.after_training(1)
    assert method.needs_scores_of_adapted(1)
    assert filled(method, epoch=1) == {"bank_counts": [1, 1, 1], "bank_videos": [[3], [1], [2]]}
    source, target = flow_seen(method, batch, epoch=2)
    codes = torch.tensor([4, 2, 3])[batch.source_labels]
    assert torch.allclose(source, (codes / 127.5 - 1)[:, None, None, None, None].expand_as(source), atol=1e-5)
    assert torch.allclose(target, as_input(batch.target_flow))


def test_a_restored_method_draws_what_the_saved_one_does(tmp_path: Path) -> None:
    saved, restored = make_method(tmp_path / "a"), make_method(tmp_path / "b")
    filled(saved, epoch=1)
    restored.load_state(saved.state())
    batch = make_batch()
    assert torch.equal(flow_seen(saved, batch, epoch=2)[0], flow_seen(restored, batch, epoch=2)[0])


def test_pace_teaches_glads_network_and_the_flow_losses_the_flow_network_alone(tmp_path: Path) -> None:
    method = make_method(tmp_path)
    losses = method.training_step(make_batch(), epoch=0, step=0)
    assert gradients(method, "backbone", losses["pace"])
    assert not gradients(method, "flow", losses["pace"] + losses["classification"] + losses["cross_domain"])
    flow = losses["flow_frame"] + losses["flow_clip"]
    assert not gradients(method, "backbone", flow)
    assert gradients(method, "flow", flow)


def test_frozen_layers_of_the_flow_network_have_no_gradient_and_are_in_no_group(tmp_path: Path) -> None:
    method = make_method(tmp_path, frozen=True)
    sum(method.training_step(make_batch(), epoch=0, step=0).values()).backward()  # type: ignore[union-attr]
    frozen = [p for p in method.module["flow"].parameters() if not p.requires_grad]
    grouped = {id(p) for group in method.parameter_groups() for p in group.parameters}
    assert frozen
    assert all(p.grad is None and id(p) not in grouped for p in frozen)


def test_groups_hold_every_parameter_once_and_the_flow_network_has_a_rate_of_its_own(tmp_path: Path) -> None:
    method = make_method(tmp_path, flow_lr_factor=7.0)
    groups = method.parameter_groups()
    held = [id(p) for group in groups for p in group.parameters]
    assert sorted(held) == sorted(id(p) for p in method.module.parameters())
    assert {id(p) for g in groups if g.lr_factor == 7.0 for p in g.parameters} == {
        id(p) for p in method.module["flow"].parameters()
    }


def evaluation_batch() -> EvaluationViewsFlow:
    flow = torch.randint(0, 256, (2, 16, 32, 32, 2), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
    return EvaluationViewsFlow(make_views_batch(2).target, flow_codes=flow)


def test_glads_scores_of_the_views_and_the_flow_networks_of_the_frames_are_summed(tmp_path: Path) -> None:
    method, batch = make_method(tmp_path), evaluation_batch()
    method.module.eval()
    with torch.no_grad():
        scores, rgb = method.score(batch), method._glad.score(batch)
        frames = upsample_logits(method.module["flow"](as_input(batch.flow_codes)), 16)
    assert torch.allclose(scores.logits, rgb.logits + frames.mean(dim=2), atol=1e-5)
    assert torch.allclose(scores.softmax, rgb.logits.softmax(1) + frames.softmax(1).mean(dim=2), atol=1e-5)


def test_without_a_flow_network_glad_votes_alone(tmp_path: Path) -> None:
    method, batch = make_method(tmp_path, flow=False), make_batch()
    assert set(method.module) == {"backbone", "head", "local_domain", "global_domain", "cross_domain", "pace"}
    assert {"pace"} == set(method.training_step(batch, epoch=0, step=0)) - set(
        method._glad.training_step(batch, epoch=0, step=0)
    )
    method.module.eval()
    with torch.no_grad():
        assert list(method.score(evaluation_batch()).streams) == ["rgb"]


def test_the_pace_task_can_be_left_out(tmp_path: Path) -> None:
    method = make_method(tmp_path, pace=False)
    assert "pace" not in method.module
    assert "pace" not in method.training_step(make_batch(), epoch=0, step=0)
