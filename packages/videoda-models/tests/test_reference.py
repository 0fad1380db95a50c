"""Inception I3D written down once more, plainly: zero-padded copies, then PyTorch's own layers, on a state dict."""

import pytest
import torch
import torch.nn.functional as F
from videoda_models import InceptionI3d


def padded(x, kernel, stride):
    pads = []
    for n, k, s in reversed(list(zip(x.shape[2:], kernel, stride, strict=True))):
        total = max(k - s, 0) if n % s == 0 else max(k - n % s, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def unit(x, state, name, stride=(1, 1, 1)):
    weight = state[f"{name}.conv3d.weight"]
    x = F.conv3d(padded(x, weight.shape[2:], stride), weight, stride=stride)
    bn = [state[f"{name}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
    return F.relu(F.batch_norm(x, *bn, False, 0.0, 1e-3))


def pool(x, kernel, stride):
    return F.max_pool3d(padded(x, kernel, stride), kernel, stride)


def mixed(x, state, name):
    second = unit(unit(x, state, f"{name}.b1a"), state, f"{name}.b1b")
    third = unit(unit(x, state, f"{name}.b2a"), state, f"{name}.b2b")
    fourth = unit(pool(x, (3, 3, 3), (1, 1, 1)), state, f"{name}.b3b")
    return torch.cat([unit(x, state, f"{name}.b0"), second, third, fourth], dim=1)


def reference_logits(x, state, time_stride):
    late = 2 if time_stride == "published" else 1
    x = unit(x, state, "Conv3d_1a_7x7", (2, 2, 2))
    x = pool(x, (1, 3, 3), (1, 2, 2))
    x = unit(unit(x, state, "Conv3d_2b_1x1"), state, "Conv3d_2c_3x3")
    x = pool(x, (1, 3, 3), (1, 2, 2))
    x = mixed(mixed(x, state, "Mixed_3b"), state, "Mixed_3c")
    x = pool(x, (3, 3, 3), (late, 2, 2))
    for letter in "bcdef":
        x = mixed(x, state, f"Mixed_4{letter}")
    x = pool(x, (2, 2, 2), (late, 2, 2))
    x = mixed(mixed(x, state, "Mixed_5b"), state, "Mixed_5c")
    x = F.avg_pool3d(x, (late, 7, 7), stride=1)
    x = F.conv3d(x, state["logits.conv3d.weight"], state["logits.conv3d.bias"])
    return x.mean(dim=(3, 4))


def trained_looking(num_classes, in_channels, **options):
    torch.manual_seed(0)
    model = InceptionI3d(num_classes, in_channels, **options)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.weight, 0.8, 1.5)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.3, 1.0)
    return model.eval()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize(("time_stride", "size"), [("published", (17, 225, 224)), ("cfb", (4, 224, 256))])
def test_a_narrow_i3d_equals_the_reference(time_stride, size, layout):
    model = trained_looking(5, 2, width=0.125, time_stride=time_stride)
    clip = torch.rand(1, 2, *size) * 2 - 1
    with torch.no_grad():
        expected = reference_logits(clip, model.state_dict(), time_stride)
        given = model.to(memory_format=layout)(clip.to(memory_format=layout))
    assert (given - expected).norm() <= 1e-4 * expected.norm()


@pytest.mark.slow
@pytest.mark.parametrize("in_channels", [3, 2])
def test_the_published_i3d_equals_the_reference(in_channels):
    model = trained_looking(400, in_channels)
    clip = torch.rand(1, in_channels, 16, 224, 224) * 2 - 1
    with torch.no_grad():
        expected = reference_logits(clip, model.state_dict(), "published")
        assert (model(clip) - expected).norm() <= 1e-4 * expected.norm()
