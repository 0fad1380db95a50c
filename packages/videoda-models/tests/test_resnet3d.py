import json
import os
from pathlib import Path

import pytest
import torch
import torchvision
from videoda_models import NonLocalBlock, ResNet3d, TsmResNet50, load_weights, temporal_shift
from videoda_models.non_local import dot_product_attention


@pytest.fixture
def published_keys():
    root = os.environ.get("VIDEODA_TEST_DATA")
    if not root:
        pytest.skip("VIDEODA_TEST_DATA is not set: the list of the published backbone's keys is not at hand")
    return json.loads((Path(root) / "keys" / "i3d_r50_nl_dot_product_backbone.json").read_text())


def tiny(**options):
    torch.manual_seed(0)
    return ResNet3d(5, width=0.0625, **options).eval()


def test_backbone_has_mmactions_keys_and_shapes(published_keys):
    with torch.device("meta"):
        state = ResNet3d(400).state_dict()
    backbone = {name: list(t.shape) for name, t in state.items() if not name.startswith("fc_cls.")}
    assert backbone == published_keys


def test_an_mmaction_checkpoint_loads_without_a_key_left_over(tmp_path):
    old, new = tiny(), tiny()
    torch.nn.init.normal_(old.conv1.conv.weight)
    state = {("cls_head." if k.startswith("fc_cls") else "backbone.") + k: v for k, v in old.state_dict().items()}
    torch.save({"meta": {"epoch": 100}, "state_dict": state}, tmp_path / "a.pth")
    load_weights(new, tmp_path / "a.pth")
    assert all(torch.equal(v, new.state_dict()[k]) for k, v in old.state_dict().items())


def test_parameter_count_equals_the_sum_derived_by_hand():
    total = 3 * 64 * 5 * 7 * 7 + 2 * 64
    channels = 64
    temporal = [(1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0)]
    attending = [0, 2, 3, 0]
    for inner, threes, attend in zip((64, 128, 256, 512), temporal, attending, strict=True):
        out = 4 * inner
        total += channels * out + 2 * out
        for three in threes:
            total += channels * inner * (3 if three else 1) + 9 * inner * inner + inner * out + 4 * inner + 2 * out
            channels = out
        half = out // 2
        total += attend * (3 * (out * half + half) + half * out + 2 * out)
    with torch.device("meta"):
        model = ResNet3d(400)
    backbone = sum(p.numel() for name, p in model.named_parameters() if not name.startswith("fc_cls."))
    assert total == backbone == 34_578_240
    assert sum(p.numel() for p in model.parameters()) == 34_578_240 + 2048 * 400 + 400


@pytest.mark.parametrize(("frames", "steps"), [(8, 1), (16, 2), (32, 4)])
def test_eight_frames_leave_one_time_step(frames, steps):
    with torch.device("meta"):
        assert ResNet3d(12).features(torch.zeros(2, 3, frames, 224, 224)).shape == (2, 2048, steps, 1, 1)


def test_a_still_video_through_centre_kernels_equals_torchvisions_resnet50():
    torch.manual_seed(0)
    image_net = torchvision.models.resnet50().eval()
    video_net = ResNet3d(1000, dropout=0.0).eval()
    state = video_net.state_dict()
    for name in list(state):
        twin = torchvision_name(name)
        if "non_local" in name:
            continue
        value = image_net.state_dict()[twin]
        if value.ndim == 4:
            centred = torch.zeros_like(state[name])
            centred[:, :, centred.shape[2] // 2] = value
            value = centred
        state[name] = value
    video_net.load_state_dict(state)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        logits = video_net(image[:, :, None].expand(-1, -1, 8, -1, -1)).mean(2)
        torch.testing.assert_close(logits, image_net(image), rtol=1e-4, atol=1e-4)


def torchvision_name(name):
    parts = name.replace("fc_cls.", "fc.").split(".")
    if "downsample" in parts:
        return name.replace("downsample.conv", "downsample.0").replace("downsample.bn", "downsample.1")
    if len(parts) > 1 and parts[-2] == "bn":
        return ".".join([*parts[:-3], "bn" + parts[-3][-1], parts[-1]])
    return ".".join(p for p in parts if p != "conv")


def test_a_new_non_local_block_is_the_identity():
    x = torch.randn(1, 8, 2, 4, 4)
    torch.testing.assert_close(NonLocalBlock(8).eval()(x), x)


@pytest.mark.parametrize(("queries", "keys"), [(40, 20), (6, 3)])
def test_attention_equals_its_definition_in_both_orders(queries, keys):
    theta, phi, g = (torch.randn(2, 8, n).double() for n in (queries, keys, keys))
    expected = torch.einsum("bcn,bcm,bdm->bdn", theta, phi, g) / keys
    torch.testing.assert_close(dot_product_attention(theta, phi, g), expected)


def test_non_local_block_pools_keys_and_values():
    torch.manual_seed(0)
    block = NonLocalBlock(8).double().eval()
    torch.nn.init.ones_(block.conv_out.bn.weight)
    x = torch.randn(1, 8, 2, 4, 4).double()
    pool = torch.nn.functional.max_pool3d
    theta, phi, g = block.theta(x), pool(block.phi[0](x), (1, 2, 2)), pool(block.g[0](x), (1, 2, 2))
    weights = torch.einsum("bcn,bcm->bnm", theta.flatten(2), phi.flatten(2)) / 8
    y = torch.einsum("bnm,bcm->bcn", weights, g.flatten(2)).reshape(1, 4, 2, 4, 4)
    torch.testing.assert_close(block(x), x + block.conv_out.bn(block.conv_out.conv(y)))


def test_temporal_shift_moves_an_eighth_each_way():
    x = torch.arange(1.0, 4).reshape(1, 1, 3, 1, 1).expand(1, 8, 3, 1, 1)
    shifted = temporal_shift(x)[0, :, :, 0, 0].tolist()
    assert shifted == [[2, 3, 0], [0, 1, 2]] + [[1, 2, 3]] * 6


def test_tsm_without_shift_is_torchvisions_resnet50(monkeypatch):
    torch.manual_seed(0)
    image_net = torchvision.models.resnet50().eval()
    video_net = TsmResNet50(1000).eval()
    state = {name: image_net.state_dict()[torchvision_name(name)] for name in video_net.state_dict()}
    video_net.load_state_dict(video_net.convert_checkpoint(state))
    monkeypatch.setattr("videoda_models.tsm.temporal_shift", lambda x: x)
    clip = torch.randn(1, 3, 2, 64, 64)
    with torch.no_grad():
        expected = torch.stack([image_net(clip[:, :, t]) for t in range(2)], dim=2)
        torch.testing.assert_close(video_net(clip), expected, rtol=1e-4, atol=1e-4)


def test_an_mmaction_tsm_checkpoint_loads(tmp_path):
    old, new = TsmResNet50(5, width=0.0625), TsmResNet50(5, width=0.0625)
    state = {}
    for name, value in old.state_dict().items():
        prefix = "cls_head." if name.startswith("fc_cls") else "backbone."
        shifted = name.startswith("layer") and name.endswith("conv1.conv.weight")
        key = name.replace("conv1.conv.", "conv1.conv.net.") if shifted else name
        state[prefix + key] = value.squeeze(2) if value.ndim == 5 else value
    torch.save({"state_dict": state}, tmp_path / "a.pth")
    load_weights(new, tmp_path / "a.pth")
    assert torch.equal(new.layer4[2].conv1.conv.weight, old.layer4[2].conv1.conv.weight)


def test_tsm_has_the_published_number_of_parameters():
    with torch.device("meta"):
        count = sum(p.numel() for p in TsmResNet50(400).parameters())
    assert count == 25_557_032 - 2048 * 1000 - 1000 + 2048 * 400 + 400


def test_frozen_stages_of_a_resnet_get_no_gradient():
    model = ResNet3d(5, width=0.0625)
    model.freeze_through("layer2", batch_norm="eval")
    model(torch.randn(2, 3, 8, 64, 64)).sum().backward()
    assert model.layer2[0].conv1.conv.weight.grad is None
    assert model.layer3[0].conv1.conv.weight.grad is not None
    assert not model.layer1[0].conv1.bn.training
