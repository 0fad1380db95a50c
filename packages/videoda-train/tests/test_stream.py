from pathlib import Path

import pytest
import torch
from videoda_models import ModelOptionError, create_model
from videoda_train.errors import ConfigError
from videoda_train.methods.backbone import build_backbone
from videoda_train.methods.stream import FLOW_CHANNELS, RGB_CHANNELS, build_stream
from videoda_train.recipes.config import ModelConfig

MOBILENET = "inflated-mobilenet-v2-tf"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the image network: the inflated one's kernels summed over time."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "image.pt"
    inflated = create_model(MOBILENET, num_classes=1001).state_dict()
    names = {name: name.replace("blocks.", "features.").replace("logits.", "classifier.1.") for name in inflated}
    torch.save({names[name]: x.sum(dim=2) if x.ndim == 5 else x for name, x in inflated.items()}, path)
    return path


def test_an_inflated_image_network_is_a_flow_stream_with_a_frozen_prefix(weights: Path) -> None:
    config = ModelConfig(freeze_through="blocks.16", dropout=0.25)
    stream = build_stream(MOBILENET, weights, in_channels=FLOW_CHANNELS, num_classes=3, config=config)
    colours = torch.load(weights, weights_only=True)["features.0.0.weight"]
    for channel in range(FLOW_CHANNELS):
        kernel = stream.state_dict()["blocks.0.0.weight"].sum(dim=2)[:, channel]
        torch.testing.assert_close(kernel, colours.mean(dim=1))
    assert [layer.p for layer in stream.modules() if isinstance(layer, torch.nn.Dropout)] == [0.25]
    trained = {name for name, parameter in stream.named_parameters() if parameter.requires_grad}
    assert {name.split(".")[1] for name in trained if name.startswith("blocks.")} == {"17", "18"}
    assert stream(torch.zeros(1, 2, 4, 32, 32)).shape == (1, 3, 4)


def test_a_frozen_prefix_still_normalises_by_its_batch_and_moves_its_statistics(tmp_path: Path) -> None:
    # As published: what is frozen has no gradients, but its batch norm follows what passes in training.
    torch.manual_seed(0)
    network = "i3d-inception-tiny-rgb"
    torch.save(create_model(network, num_classes=5).state_dict(), tmp_path / "rgb.pt")
    config = ModelConfig(freeze_through="MaxPool3d_4a_3x3", batch_norm_momentum=0.5)
    stream = build_stream(network, tmp_path / "rgb.pt", in_channels=RGB_CHANNELS, num_classes=3, config=config).train()
    stem = stream.get_submodule("Conv3d_1a_7x7")
    assert not any(parameter.requires_grad for parameter in stem.parameters())
    trained = create_model(network, num_classes=5, pretrained=str(tmp_path / "rgb.pt")).train()
    trained.get_submodule("Conv3d_1a_7x7").bn.momentum = 0.5
    batch = torch.rand(2, 3, 8, 32, 32) * 2 - 1
    for model in (stream, trained):
        model(batch)
    for name in ("running_mean", "running_var"):
        moved = getattr(stem.bn, name)
        torch.testing.assert_close(moved, getattr(trained.get_submodule("Conv3d_1a_7x7").bn, name))
        assert not torch.equal(moved, torch.full_like(moved, float(name == "running_var")))


def test_a_stream_from_random_weights_trains_in_full() -> None:
    config = ModelConfig(freeze_through="blocks.16")
    stream = build_stream(MOBILENET, None, in_channels=RGB_CHANNELS, num_classes=3, config=config)
    assert all(parameter.requires_grad for parameter in stream.parameters())


def test_a_stream_has_the_options_of_its_own_network() -> None:
    config = ModelConfig(time_stride="published", batch_norm_momentum=0.3)
    stream = build_stream("i3d-inception-tiny-rgb", None, in_channels=RGB_CHANNELS, num_classes=3, config=config)
    momenta = {m.momentum for m in stream.modules() if isinstance(m, torch.nn.BatchNorm3d)}
    assert momenta == {0.3}
    assert stream.eval()(torch.zeros(1, 3, 16, 32, 32)).shape == (1, 3, 1)


def test_an_rgb_stream_of_another_input_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ImageNet mean.*a stream gives \[-1, 1\].*--inputs views"):
        build_stream("inflated-resnet18", None, in_channels=RGB_CHANNELS, num_classes=3, config=ModelConfig())


def test_a_network_without_flow_input_is_refused_as_a_flow_stream() -> None:
    with pytest.raises(ConfigError, match="r3d-18 takes 3 channels; this stream has 2"):
        build_stream("r3d-18", None, in_channels=FLOW_CHANNELS, num_classes=3, config=ModelConfig())


def test_an_endpoint_of_another_network_is_refused_with_those_there_are(weights: Path) -> None:
    with pytest.raises(ModelOptionError, match=r"no endpoint 'MaxPool3d_4a_3x3'.*blocks\.0, "):
        build_stream(MOBILENET, weights, in_channels=RGB_CHANNELS, num_classes=3, config=ModelConfig())


def test_a_backbone_can_have_a_frozen_prefix() -> None:
    backbone, _ = build_backbone(ModelConfig(backbone=MOBILENET, backbone_freeze_through="blocks.13"))
    frozen = {name.split(".")[1] for name, p in backbone.named_parameters() if not p.requires_grad}
    assert frozen == {str(i) for i in range(14)}


def test_a_backbone_without_stages_cannot_be_frozen() -> None:
    with pytest.raises(ConfigError, match=r"r3d-18 has no stages.*give None in place of 'layer1'"):
        build_backbone(ModelConfig(backbone="r3d-18", backbone_freeze_through="layer1"))
