import subprocess
import sys

import pytest
import torch
import torchvision
from videoda_models import (
    InputShapeError,
    ModelOptionError,
    UnknownModelError,
    WeightsError,
    create_model,
    list_models,
    load_weights,
    model_card,
    model_table,
    summarise,
)
from videoda_models.torchvision_cards import TORCHVISION_CARDS

# The smallest of each kind, with a clip that it takes: these run; every registered model runs on the meta device.
RUN = {
    "i3d-inception-tiny-rgb": (3, 4, 32),
    "i3d-r50-tiny": (3, 8, 64),
    "tsm-r50-tiny": (3, 2, 32),
    "inflated-mobilenet-v3-small": (3, 2, 32),
}
SLOW = dict.fromkeys(("r3d-18", "swin3d-t", "inflated-resnet18", "inflated-convnext-tiny"), (3, 8, 64))
EVERY = [*RUN, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


def clip_of(name, batch=2):
    channels, frames, size = (RUN | SLOW)[name]
    generator = torch.Generator().manual_seed(0)
    return torch.randn(batch, channels, frames, size, size, generator=generator)


def made(name, num_classes=5, **options):
    torch.manual_seed(0)
    return create_model(name, num_classes=num_classes, **options)


@pytest.fixture(scope="module", params=list_models())
def shapes_only(request):
    """A registered model on the meta device (no memory, no numbers) and a clip that its card promises to take."""
    card = model_card(request.param)
    with torch.device("meta"):
        model = create_model(request.param, num_classes=6).eval()
        return model, torch.zeros(1, model.in_channels, card.frames, card.size, card.size)


def test_every_model_gives_features_and_logits_of_the_promised_shapes(shapes_only):
    model, clip = shapes_only
    features = model.features(clip)
    assert features.shape == (1, model.feature_channels, features.shape[2], 1, 1)
    assert model.classify(features).shape == (1, model.num_classes, features.shape[2])


def test_every_model_refuses_a_clip_with_the_wrong_channels(shapes_only):
    model, _ = shapes_only
    with pytest.raises(InputShapeError, match="4 channels"):
        model.features(torch.zeros(1, 4, 16, 224, 224, device="meta"))


def test_every_model_takes_a_new_class_count(shapes_only):
    model, _ = shapes_only
    model.replace_logits(9)
    assert model.num_classes == 9
    assert model.state_dict()[f"{model.logits_prefix}.weight"].shape[:2] == (9, model.feature_channels)


@pytest.mark.parametrize("name", EVERY)
def test_every_trained_parameter_gets_a_gradient(name):
    model = made(name)
    model(clip_of(name)).square().sum().backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


@pytest.mark.parametrize("name", EVERY)
def test_saved_weights_come_back(name, tmp_path):
    old = made(name).eval()
    torch.save(old.state_dict(), tmp_path / "a.pt")
    new = create_model(name, num_classes=5).eval()
    load_weights(new, tmp_path / "a.pt")
    with torch.no_grad():
        torch.testing.assert_close(new(clip_of(name)), old(clip_of(name)))


@pytest.mark.parametrize("name", EVERY)
def test_autocast_and_channels_last_change_nothing_but_the_rounding(name):
    model = made(name).train()
    with torch.no_grad():
        model(clip_of(name, batch=8))
    model.eval()
    clip = clip_of(name)
    with torch.no_grad():
        plain = model(clip)
        twin = model.to(memory_format=torch.channels_last_3d)
        laid_out = clip.to(memory_format=torch.channels_last_3d)
        torch.testing.assert_close(twin(laid_out), plain, rtol=1e-4, atol=1e-4)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = twin(laid_out).float()
    assert (rounded - plain).norm() <= 0.1 * plain.norm()


@pytest.mark.parametrize("name", EVERY)
def test_an_exported_model_gives_the_same_numbers(name):
    model = made(name).eval()
    clip = clip_of(name)
    exported = torch.export.export(model, (clip,)).module()
    with torch.no_grad():
        torch.testing.assert_close(exported(clip), model(clip), rtol=1e-4, atol=1e-4)


COMPILED = """
import sys, torch
from videoda_models import create_model
name, *shape = sys.argv[1:]
torch.manual_seed(0)
model, clip = create_model(name, num_classes=5).eval(), torch.randn(2, *map(int, shape))
plain = model(clip)
plain.square().mean().backward()
gradients = [p.grad.clone() for p in model.parameters()]
model.zero_grad()
compiled = torch.compile(model, fullgraph=True)(clip)
compiled.square().mean().backward()
torch.testing.assert_close(compiled, plain, rtol=1e-3, atol=1e-4)
for p, expected in zip(model.parameters(), gradients, strict=True):
    assert (p.grad - expected).norm() <= 1e-2 * expected.norm() + 1e-5
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RUN))
def test_a_model_in_evaluation_mode_compiles_to_one_graph_with_the_same_gradients(name):
    # In a process of its own: the type checks of the test run cannot be compiled.
    channels, frames, size = RUN[name]
    shape = [str(n) for n in (channels, frames, size, size)]
    done = subprocess.run([sys.executable, "-c", COMPILED, name, *shape], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


COMPILED_TRAINING = """
import copy, sys, torch
from videoda_models import create_model
torch.manual_seed(0)
name, endpoint, *shape = sys.argv[1:]
model, clip = create_model(name, num_classes=5, dropout=0.0).double(), torch.randn(2, *map(int, shape)).double()
if endpoint:
    model.freeze_through(endpoint, batch_norm="update")
model.train()
twin = copy.deepcopy(model)
model(clip).square().mean().backward()
torch.compile(twin)(clip).square().mean().backward()
for (key, p), q in zip(model.named_parameters(), twin.parameters(), strict=True):
    assert (p.grad is None) == (q.grad is None), key
    assert p.grad is None or (p.grad - q.grad).norm() <= 1e-6 * p.grad.norm() + 1e-9, key
for (key, a), b in zip(model.named_buffers(), twin.buffers(), strict=True):
    torch.testing.assert_close(a, b, msg=key)
"""


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ["", "MaxPool3d_4a_3x3"])
def test_compiled_training_gives_the_gradients_and_statistics_of_eager_training(endpoint):
    shape = [str(n) for n in (3, 4, 32, 32)]
    command = [sys.executable, "-c", COMPILED_TRAINING, "i3d-inception-tiny-rgb", endpoint, *shape]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def one_rank(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("name", list(RUN))
def test_a_distributed_model_gives_the_same_gradients(name, one_rank):
    plain, twin = made(name).train(), made(name).train()
    wrapped = torch.nn.parallel.DistributedDataParallel(twin)
    clip = clip_of(name)
    for model in (plain, wrapped):
        torch.manual_seed(1)
        model(clip).square().mean().backward()
    for p, q in zip(plain.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(q.grad, p.grad)


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UnknownModelError, match="did you mean i3d-inception-rgb"):
        create_model("i3d-inception-rbg", num_classes=2)


def test_an_unknown_option_names_the_known_ones():
    with pytest.raises(ModelOptionError, match="'time_strides'; allowed are in_channels, width, time_stride, dropout"):
        create_model("i3d-inception-rgb", num_classes=2, time_strides="cfb")


def test_fewer_than_no_classes_are_refused():
    with pytest.raises(ModelOptionError, match="num_classes is -1"):
        create_model("i3d-inception-tiny-rgb", num_classes=-1)


@pytest.mark.parametrize("name", EVERY)
def test_without_classes_a_network_gives_its_pooled_features(name):
    model = made(name, num_classes=0).eval()
    with torch.no_grad():
        found = model(clip_of(name))
        assert torch.equal(found, model.features(clip_of(name)).flatten(2))
    assert model.num_classes == 0
    model.replace_logits(3)
    assert model(clip_of(name)).shape[1] == 3


def test_a_model_says_what_it_takes_and_where_its_weights_come_from(tmp_path):
    model = create_model("r3d-18", num_classes=4)
    config = model.pretrained_cfg
    assert (config.input_size, config.frames) == ((3, 16, 112, 112), 16)
    weights = torchvision.models.video.R3D_18_Weights.KINETICS400_V1
    assert list(config.mean) == weights.transforms().mean
    assert list(config.std) == weights.transforms().std
    assert (config.tag, config.licence, config.classes) == (None, "", ())
    torch.save(create_model("i3d-inception-tiny-flow", num_classes=2).state_dict(), tmp_path / "a.pt")
    flow = create_model("i3d-inception-tiny-flow", num_classes=2, pretrained=tmp_path / "a.pt").pretrained_cfg
    assert (flow.mean, flow.tag) == (None, None)


def test_the_default_tag_of_a_network_without_weights_is_refused():
    with pytest.raises(WeightsError, match="no published weights"):
        create_model("i3d-inception-tiny-rgb", num_classes=2, pretrained=True)


def test_models_can_be_listed_by_pattern_and_by_weights():
    assert list_models("i3d-inception-*", pretrained=True) == ["i3d-inception-flow", "i3d-inception-rgb"]
    assert "i3d-inception-tiny-flow" in list_models()


@pytest.mark.parametrize("card", TORCHVISION_CARDS, ids=lambda card: card.name)
def test_counted_parameters_and_flops_are_those_that_torchvision_states(card):
    meta = torchvision.models.get_model_weights(card.fixed["architecture"]).KINETICS400_V1.meta
    found = summarise(card.name, frames=32 if "swin" in card.name else 16)
    assert found.parameters == meta["num_params"]
    if "mvit" not in card.name and "swin" not in card.name and card.name != "s3d":
        assert found.gflops / 2 == pytest.approx(meta["_ops"], rel=0.01)


def test_i3d_costs_what_its_layers_add_up_to():
    # (in, out, taps, positions of the output) of each convolution for 16 x 224 x 224, published strides.
    layers = [(3, 64, 343, 8 * 112 * 112), (64, 64, 1, 8 * 56 * 56), (64, 192, 27, 8 * 56 * 56)]
    blocks = [(192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64), (480, 192, 96, 208, 16, 48, 64),
              (512, 160, 112, 224, 24, 64, 64), (512, 128, 128, 256, 24, 64, 64), (512, 112, 144, 288, 32, 64, 64),
              (528, 256, 160, 320, 32, 128, 128), (832, 256, 160, 320, 32, 128, 128),
              (832, 384, 192, 384, 48, 128, 128)]  # fmt: skip
    positions = [8 * 28 * 28] * 2 + [4 * 14 * 14] * 5 + [2 * 7 * 7] * 2
    for (n, one, ra, a, rb, b, p), m in zip(blocks, positions, strict=True):
        layers += [(n, one + ra + rb + p, 1, m), (ra, a, 27, m), (rb, b, 27, m)]
    layers.append((1024, 400, 1, 1))
    by_hand = sum(2 * i * o * taps * m for i, o, taps, m in layers) / 1e9
    assert summarise("i3d-inception-rgb").gflops == pytest.approx(by_hand, rel=1e-6)


def test_the_table_has_a_line_for_every_model():
    assert len(model_table("i3d-*").splitlines()) == 1 + len(list_models("i3d-*"))
