import os
from pathlib import Path

import pytest
import torch
import torchvision
from videoda_models import ModelOptionError, create_model, inflate, load_weights, mobilenet_v2_from_npz

# ImageNet classes that stand for a sport (0-based, without the background class).
SPORTS = {416, 422, 429, 430, 444, 456, 472, 522, 543, 560, 574, 575, 602, 671, 693, 702, 722, 746, 752, 768, 795, 805,
          852, 880, 890, 981}  # fmt: skip


def shaken(network):
    """Weights and statistics as different from their start as training would leave them."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
    return network.eval()


@pytest.mark.parametrize(
    ("name", "init"),
    [
        ("resnet18", "mean"),
        ("resnet18", "centre"),
        ("mobilenet_v2", "mean"),
        ("mobilenet_v3_small", "mean"),
        ("convnext_tiny", "mean"),
        pytest.param("convnext_tiny", "centre", marks=pytest.mark.slow),
        pytest.param("mobilenet_v3_large", "centre", marks=pytest.mark.slow),
        pytest.param("efficientnet_b0", "mean", marks=pytest.mark.slow),
        pytest.param("regnet_y_400mf", "mean", marks=pytest.mark.slow),
        pytest.param("resnext50_32x4d", "mean", marks=pytest.mark.slow),
    ],
)
def test_a_still_video_gives_the_2d_networks_answer(name, init):
    torch.manual_seed(0)
    network = shaken(getattr(torchvision.models, name)(num_classes=7))
    model = inflate(network, init=init)
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        logits = model(image[:, :, None].expand(-1, -1, 3, -1, -1))
        torch.testing.assert_close(logits, network(image)[:, :, None].expand_as(logits), rtol=1e-4, atol=1e-4)


def test_mean_kernels_mix_time_and_centre_kernels_do_not():
    network = shaken(torchvision.models.resnet18(num_classes=7))
    clip = torch.randn(1, 3, 4, 64, 64)
    with torch.no_grad():
        frame = network(clip[:, :, 1])
        assert torch.allclose(inflate(network, init="centre")(clip)[:, :, 1], frame, atol=1e-4)
        assert not torch.allclose(inflate(network, init="mean")(clip)[:, :, 1], frame, atol=1e-2)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_a_2d_checkpoint_loads_into_the_inflated_model(tmp_path, name):
    network = shaken(getattr(torchvision.models, name)(num_classes=7))
    torch.save(network.state_dict(), tmp_path / "image.pth")
    model = create_model(f"inflated-{name.replace('_', '-')}", num_classes=7, pretrained=tmp_path / "image.pth").eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        still = model(image[:, :, None].expand(-1, -1, 2, -1, -1))[:, :, 0]
        torch.testing.assert_close(still, network(image), rtol=1e-4, atol=1e-4)


def test_an_inflated_models_own_file_loads_back(tmp_path):
    model = create_model("inflated-resnet18", num_classes=3)
    torch.save(model.state_dict(), tmp_path / "a.pt")
    again = create_model("inflated-resnet18", num_classes=3)
    load_weights(again, tmp_path / "a.pt")
    assert torch.equal(again.blocks.layer4[1].conv2.weight, model.blocks.layer4[1].conv2.weight)


def test_a_file_of_version_0_1_loads(tmp_path):
    model = create_model("inflated-resnet18", num_classes=3)
    old = {name.replace("blocks.", "trunk."): tensor for name, tensor in model.state_dict().items()}
    torch.save(old, tmp_path / "old.pt")
    again = create_model("inflated-resnet18", num_classes=3)
    load_weights(again, tmp_path / "old.pt")
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(("name", "first"), [("resnet18", "conv1"), ("mobilenet_v2", "features.0.0")])
def test_a_flow_networks_first_kernel_is_the_mean_over_the_colours(tmp_path, name, first):
    network = shaken(getattr(torchvision.models, name)(num_classes=7))
    torch.save(network.state_dict(), tmp_path / "image.pth")
    card = f"inflated-{name.replace('_', '-')}"
    model = create_model(card, num_classes=7, in_channels=2, pretrained=tmp_path / "image.pth")
    flat = network.get_submodule(first).weight
    kernel = next(m for m in model.modules() if isinstance(m, torch.nn.Conv3d)).weight.sum(dim=2)
    torch.testing.assert_close(kernel, torch.stack([(flat[:, 0] + flat[:, 1] + flat[:, 2]) / 3] * 2, dim=1))
    assert model(torch.zeros(1, 2, 3, 64, 64)).shape == (1, 7, 3)


def test_a_network_whose_batch_norm_is_folded_does_the_same_in_training():
    torch.manual_seed(0)
    model = create_model("inflated-mobilenet-v2-tf", num_classes=7, dropout=0.0)
    clip = torch.randn(2, 3, 2, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model.train()(clip), model.eval()(clip))


@pytest.mark.parametrize("name", ["inflated-resnet18", "inflated-mobilenet-v2-tf"])
def test_dropout_before_the_last_layer_is_an_option_of_every_inflated_network(name):
    model = create_model(name, num_classes=7, dropout=0.25)
    assert [layer.p for layer in model.modules() if isinstance(layer, torch.nn.Dropout)] == [0.25]
    with pytest.raises(ModelOptionError, match="dropout is 1"):
        create_model(name, num_classes=7, dropout=1.0)


@pytest.mark.parametrize(
    ("name", "endpoint"), [("inflated-resnet18", "blocks.layer3"), ("inflated-mobilenet-v2-tf", "blocks.16")]
)
def test_blocks_up_to_a_frozen_one_get_no_gradient_and_those_behind_it_do(name, endpoint):
    model = create_model(name, num_classes=7)
    model.freeze_through(endpoint, batch_norm="update")
    model(torch.randn(2, 3, 2, 64, 64)).sum().backward()
    frozen = model.stages[: model.stages.index(endpoint) + 1]
    for parameter_name, parameter in model.named_parameters():
        assert (parameter.grad is None) == any(parameter_name.startswith(f"{stage}.") for stage in frozen)


@pytest.mark.parametrize("name", ["squeezenet1_1", "shufflenet_v2_x0_5"])
def test_a_network_that_cannot_be_inflated_is_refused(name):
    with pytest.raises(ModelOptionError, match="cannot be inflated"):
        inflate(getattr(torchvision.models, name)())


def test_an_inflated_network_keeps_the_type_of_the_image_network():
    model = inflate(torchvision.models.mobilenet_v3_small().double(), num_classes=3)
    assert {p.dtype for p in model.parameters()} == {torch.float64}


def test_an_even_time_kernel_is_refused():
    with pytest.raises(ModelOptionError, match="odd"):
        inflate(torchvision.models.resnet18(), time_kernel=2)


@pytest.fixture
def npz():
    root = os.environ.get("VIDEODA_TEST_DATA")
    if not root:
        pytest.skip("VIDEODA_TEST_DATA is not set: the MobileNetV2 weights and the photos are not at hand")
    return Path(root) / "weights" / "mobilenet_v2_imagenet_dequantised_fp16.npz"


def photos(root, indices):
    for folder in sorted((root / "sports10" / "images").iterdir()):
        for index in indices:
            image = torchvision.io.decode_image(str(sorted(folder.iterdir())[index]))
            yield image[None].float() / 127.5 - 1


def test_imagenet_mobilenet_names_a_sport_on_most_sports_photos(npz):
    network = mobilenet_v2_from_npz(npz)
    with torch.no_grad():
        named = [int(network(image).argmax()) - 1 in SPORTS for image in photos(npz.parents[1], [0])]
    assert len(named) == 10
    assert sum(named) >= 6


def test_inflated_imagenet_mobilenet_agrees_with_the_image_network_on_real_photos(npz):
    network = mobilenet_v2_from_npz(npz)
    model = create_model("inflated-mobilenet-v2-tf", num_classes=1001, pretrained=npz).eval()
    for image in list(photos(npz.parents[1], [1]))[:3]:
        with torch.no_grad():
            still = model(image[:, :, None].expand(-1, -1, 2, -1, -1))[:, :, 1]
            torch.testing.assert_close(still, network(image), rtol=1e-4, atol=1e-3)
