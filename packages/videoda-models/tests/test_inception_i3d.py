import json
import os
from pathlib import Path

import pytest
import torch
from videoda_models import InceptionI3d, InputShapeError, ModelOptionError
from videoda_models.inception_i3d import ENDPOINTS


def tiny(**options):
    torch.manual_seed(0)
    return InceptionI3d(7, 3, width=0.125, **options)


@pytest.fixture
def published_keys():
    root = os.environ.get("VIDEODA_TEST_DATA")
    if not root:
        pytest.skip("VIDEODA_TEST_DATA is not set: the list of the published files' keys is not at hand")
    return json.loads((Path(root) / "keys" / "i3d_inception.json").read_text())


@pytest.mark.parametrize(("stream", "channels"), [("rgb", 3), ("flow", 2)])
def test_state_dict_has_the_published_keys_and_shapes(published_keys, stream, channels):
    with torch.device("meta"):
        model = InceptionI3d(400, channels)
    assert {name: list(t.shape) for name, t in model.state_dict().items()} == published_keys[stream]


@pytest.mark.parametrize(("channels", "expected"), [(3, 12_697_264), (2, 12_675_312)])
def test_parameter_count_equals_the_sum_derived_by_hand(channels, expected):
    # (in, out, taps) of every convolution of the paper's figure 3; each has a batch norm (2 per output).
    convs = [(channels, 64, 343), (64, 64, 1), (64, 192, 27)]
    blocks = [(192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64), (480, 192, 96, 208, 16, 48, 64),
              (512, 160, 112, 224, 24, 64, 64), (512, 128, 128, 256, 24, 64, 64), (512, 112, 144, 288, 32, 64, 64),
              (528, 256, 160, 320, 32, 128, 128), (832, 256, 160, 320, 32, 128, 128),
              (832, 384, 192, 384, 48, 128, 128)]  # fmt: skip
    for n, one, ra, a, rb, b, p in blocks:
        convs += [(n, one, 1), (n, ra, 1), (ra, a, 27), (n, rb, 1), (rb, b, 27), (n, p, 1)]
    by_hand = sum(i * o * taps + 2 * o for i, o, taps in convs) + 1024 * 400 + 400
    with torch.device("meta"):
        model = InceptionI3d(400, channels)
    assert by_hand == expected == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("time_stride", "frames", "steps"), [("cfb", 16, 8), ("published", 16, 1), ("published", 64, 7), ("cfb", 32, 16)]
)
def test_logits_have_the_published_number_of_time_steps(time_stride, frames, steps):
    with torch.device("meta"):
        model = InceptionI3d(13, 3, time_stride=time_stride)
        assert model.features(torch.zeros(1, 3, frames, 224, 224)).shape == (1, 1024, steps, 1, 1)
        assert model(torch.zeros(1, 3, frames, 224, 224)).shape == (1, 13, steps)


@pytest.mark.parametrize("time_stride", ["published", "cfb"])
@pytest.mark.parametrize("size", [(2, 32, 32), (3, 33, 47), (9, 64, 260)])
def test_any_size_and_length_gives_pooled_features(time_stride, size):
    model = tiny(time_stride=time_stride).eval()
    features = model.features(torch.zeros(1, 3, *size))
    assert features.shape[:2] == (1, model.feature_channels)
    assert features.shape[3:] == (1, 1)


def test_forward_is_classify_of_features():
    model = tiny().eval()
    x = torch.randn(2, 3, 8, 48, 48)
    torch.testing.assert_close(model(x), model.classify(model.features(x)))


def test_folded_evaluation_equals_the_layers_one_by_one():
    model = tiny(time_stride="cfb").double()
    x = torch.randn(2, 3, 6, 40, 48).double()
    model(x)
    model.eval()
    plain = tiny(time_stride="cfb").double()
    plain.load_state_dict(model.state_dict())
    plain.train()  # layers run unfolded; each batch norm is told to use the statistics it has
    plain.dropout.p = 0.0
    for module in plain.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.forward = lambda z, bn=module: torch.nn.functional.batch_norm(
                z, bn.running_mean, bn.running_var, bn.weight, bn.bias, False, 0.0, bn.eps
            )
    torch.testing.assert_close(model(x), plain(x))


def test_endpoints_are_the_maps_on_the_way_to_the_features():
    model = tiny(time_stride="cfb").eval()
    x = torch.randn(1, 3, 8, 64, 64)
    maps = model.endpoints(x, ["MaxPool3d_4a_3x3", "Mixed_5c"])
    assert list(maps) == ["MaxPool3d_4a_3x3", "Mixed_5c"]
    assert maps["MaxPool3d_4a_3x3"].shape[2:] == (4, 4, 4)
    torch.testing.assert_close(maps["Mixed_5c"].mean(dim=(3, 4), keepdim=True), model.features(x))


def test_replace_logits_keeps_the_features():
    model = tiny().eval()
    x = torch.randn(1, 3, 8, 32, 32)
    before = model.features(x)
    model.replace_logits(5)
    assert model(x).shape[1] == model.num_classes == 5
    torch.testing.assert_close(model.features(x), before)


def test_frozen_prefix_gets_no_gradient_and_the_rest_does():
    model = tiny()
    model.freeze_through("MaxPool3d_4a_3x3", batch_norm="update")
    model(torch.randn(2, 3, 4, 32, 32)).sum().backward()
    trained = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    stop = ENDPOINTS.index("MaxPool3d_4a_3x3") + 1
    assert trained == {name for name in ENDPOINTS[stop:] if name.startswith("Mixed")} | {"logits"}
    assert not any(p.requires_grad for name in ENDPOINTS[:stop] for p in model.get_submodule(name).parameters())


@pytest.mark.parametrize(("batch_norm", "moves"), [("update", True), ("eval", False)])
def test_frozen_batch_norm_moves_its_statistics_only_when_asked(batch_norm, moves):
    model = tiny()
    model.freeze_through("Mixed_3b", batch_norm=batch_norm)
    model.train()
    before = model.Conv3d_1a_7x7.bn.running_mean.clone()
    model(torch.randn(2, 3, 4, 32, 32))
    assert (not torch.equal(before, model.Conv3d_1a_7x7.bn.running_mean)) == moves


def test_frozen_and_free_networks_give_the_same_output():
    model = tiny().eval()
    x = torch.randn(1, 3, 4, 32, 32)
    free = model(x)
    model.freeze_through("Mixed_4f", batch_norm="eval")
    torch.testing.assert_close(model(x), free)


def test_frozen_prefix_keeps_nothing_for_backward():
    model = tiny()
    model.freeze_through("MaxPool3d_4a_3x3", batch_norm="update")
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(t.shape), t)[1], lambda t: t):
        model(torch.randn(2, 3, 8, 64, 64))
    assert max(shape[3] for shape in saved if len(shape) == 5 and shape[0] == 2) <= 4


@pytest.mark.parametrize(
    ("shape", "words"),
    [((1, 2, 8, 32, 32), "2 channels"), ((1, 3, 1, 32, 32), "1 frames"), ((1, 3, 8, 16, 32), "16x32"),
     ((3, 8, 32, 32), "4 axes")],
)  # fmt: skip
def test_a_clip_that_does_not_fit_is_named(shape, words):
    with pytest.raises(InputShapeError, match=words):
        tiny().check_input(torch.zeros(shape))


def test_an_unknown_endpoint_is_named():
    with pytest.raises(ModelOptionError, match="Mixed_6a"):
        tiny().freeze_through("Mixed_6a", batch_norm="eval")
