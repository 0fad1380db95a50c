"""The flax port's arrays, made here by turning a network's own state the other way round."""

import pickle

import numpy as np
import pytest
import torch
from videoda_models import InceptionI3d, WeightsError, create_model

UNITS = {
    "b0": "Branch_0/Conv3d_0a_1x1",
    "b1a": "Branch_1/Conv3d_0a_1x1",
    "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1",
    "b2b": "Branch_2/Conv3d_0b_3x3",
    "b3b": "Branch_3/Conv3d_0b_1x1",
}
PARTS = {
    "conv3d.weight": ("params", "Conv_0", "kernel"),
    "conv3d.bias": ("params", "Conv_0", "bias"),
    "bn.bias": ("params", "BatchNorm_0", "bias"),
    "bn.running_mean": ("batch_stats", "BatchNorm_0", "mean"),
    "bn.running_var": ("batch_stats", "BatchNorm_0", "var"),
}


def as_flax(model):
    arrays = {}
    for name, value in model.state_dict().items():
        unit, _, part = name.rpartition(".conv3d.") if ".conv3d." in name else name.rpartition(".bn.")
        part = f"{'conv3d' if '.conv3d.' in name else 'bn'}.{part}"
        if part not in PARTS:
            continue
        block, _, branch = unit.partition(".")
        flax_unit = "Logits/Conv3d_0c_1x1" if unit == "logits" else f"{block}/{UNITS[branch]}" if branch else block
        group, layer, parameter = PARTS[part]
        array = value.numpy()
        if array.ndim == 5:
            array = np.ascontiguousarray(array.transpose(2, 3, 4, 1, 0))
        elif parameter in ("mean", "var"):
            array = array.reshape(1, 1, 1, 1, -1)
        inner = arrays.setdefault(group, {})
        for key in (*flax_unit.split("/"), layer):
            inner = inner.setdefault(key, {})
        inner[parameter] = array
    return arrays


@pytest.fixture
def published(tmp_path):
    torch.manual_seed(0)
    model = InceptionI3d(6, 3, width=0.25).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.3, 1.0)
    path = tmp_path / "a.ckpt"
    path.write_bytes(pickle.dumps(as_flax(model), protocol=4))
    return model, path


def test_a_flax_file_fills_the_network_and_gives_the_same_numbers(published):
    model, path = published
    twin = create_model("i3d-inception-tiny-rgb", num_classes=6, pretrained=str(path)).eval()
    assert all(torch.equal(value, twin.state_dict()[name]) for name, value in model.state_dict().items())
    clip = torch.randn(1, 3, 4, 32, 32)
    assert torch.equal(twin(clip), model(clip))


def test_a_flax_file_that_lacks_a_layer_is_refused_by_name(published, tmp_path):
    model, _ = published
    arrays = as_flax(model)
    del arrays["params"]["Mixed_4c"]["Branch_0"]
    path = tmp_path / "b.ckpt"
    path.write_bytes(pickle.dumps(arrays, protocol=4))
    with pytest.raises(WeightsError, match=r"missing 2 keys: Mixed_4c\.b0"):
        create_model("i3d-inception-tiny-rgb", num_classes=6, pretrained=path)


@pytest.mark.parametrize("name", ["i3d-inception-tiny", "i3d-r50-tiny", "tsm-r50-tiny", "inflated-mobilenet-v3-small"])
def test_rgb_weights_start_a_flow_network_by_their_mean_first_kernel(tmp_path, name):
    inception = name.startswith("i3d-inception")
    rgb = create_model(f"{name}-rgb" if inception else name, num_classes=4).eval()
    torch.save(rgb.state_dict(), tmp_path / "rgb.pt")
    options = {} if inception else {"in_channels": 2}
    flow = create_model(f"{name}-flow" if inception else name, num_classes=4, pretrained=tmp_path / "rgb.pt", **options)
    flow.eval()
    # A clip of three equal channels is to RGB weights what one of two such channels is, two thirds as strong.
    grey = torch.randn(1, 1, 8, 64, 64)
    seen = {}
    for model, channels in ((rgb, 3), (flow, 2)):
        first = next(m for m in model.modules() if isinstance(m, torch.nn.Conv3d) and m.in_channels == channels)
        with torch.no_grad():
            seen[channels] = torch.nn.functional.conv3d(grey.expand(-1, channels, -1, -1, -1), first.weight)
    torch.testing.assert_close(seen[2], seen[3] * 2 / 3, rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        assert flow(torch.randn(1, 2, 8, 64, 64)).shape[1] == 4
