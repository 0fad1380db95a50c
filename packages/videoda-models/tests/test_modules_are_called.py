"""Hooks, adapters, pruning and normalisation swaps act on the networks of this package as on any other."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize, prune
from torch.nn.utils.fusion import fuse_conv_bn_eval
from videoda_models import create_model

CLIPS = {
    "i3d-inception-tiny-rgb": (3, 8, 64),
    "i3d-r50-tiny": (3, 8, 64),
    "tsm-r50-tiny": (3, 2, 32),
    "inflated-mobilenet-v3-small": (3, 2, 32),
    "inflated-resnet18": (3, 2, 32),
    "r3d-18": (3, 4, 32),
}
SLOW = ("inflated-resnet18", "r3d-18")
EVERY = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CLIPS]
CONVS = (nn.Conv2d, nn.Conv3d)
LEAVES = (*CONVS, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.Linear)


@pytest.fixture(params=EVERY)
def model(request):
    torch.manual_seed(0)
    options = {} if request.param == "r3d-18" else {"dropout": 0.0}
    model = create_model(request.param, num_classes=5, **options)
    channels, frames, size = CLIPS[request.param]
    model.clip = torch.randn(4, channels, frames, size, size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.momentum = None  # the statistics of these clips, so that activations keep their size
                module.weight.clamp_(min=0.001)  # not 0, as where a non-local block begins
            if isinstance(module, CONVS):
                module.weight += 0.01 * module.weight.std() * torch.randn_like(module.weight)  # no ties to prune
        model.train()(model.clip)
    return model.eval()


def leaves(model, kinds):
    return [(name, module) for name, module in model.named_modules() if isinstance(module, kinds)]


def answer(model):
    with torch.no_grad():
        return model(model.clip)


def close(given, expected):
    assert (given - expected).norm() <= 1e-3 * expected.norm()


@pytest.mark.parametrize("training", [False, True])
def test_every_layer_with_parameters_calls_its_hooks(model, training):
    model.train(training)
    before = answer(model)
    calls, pairs = dict.fromkeys((name for name, _ in leaves(model, LEAVES)), 0), []
    for name, module in leaves(model, LEAVES):

        def count(module, inputs, output, name=name):
            calls[name] += 1
            pairs.append((output, output.clone()))

        module.register_forward_hook(count)
    close(answer(model), before)
    assert not [name for name, times in calls.items() if not times]
    # What a hook keeps is what the layer gave: nothing works on it in place, but for ReLUs that are set to.
    in_place = any(getattr(module, "inplace", False) for module in model.modules())
    assert in_place or all(torch.equal(kept, was) for kept, was in pairs)


def test_without_hooks_the_answer_is_the_same_bit_for_bit_again(model):
    before = answer(model)
    handles = [module.register_forward_hook(lambda *_: None) for _, module in leaves(model, LEAVES)]
    answer(model)
    for handle in handles:
        handle.remove()
    assert torch.equal(answer(model), before)


@pytest.mark.parametrize("kind", [CONVS, (nn.BatchNorm3d,)])
def test_a_hook_on_any_layer_can_change_the_answer(model, kind):
    before = answer(model)
    for _, module in leaves(model, kind)[::7]:
        handle = module.register_forward_hook(lambda module, inputs, output: torch.randn_like(output))
        assert not torch.equal(answer(model), before)
        handle.remove()


def test_a_hook_on_every_module_is_called_in_evaluation(model):
    seen = set()
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: seen.add(id(module)))
    answer(model)
    handle.remove()
    assert not [name for name, module in leaves(model, LEAVES) if id(module) not in seen]


def test_pruned_convolutions_are_those_with_their_smallest_weights_at_zero(model):
    twin = copy.deepcopy(model)
    for _, module in leaves(model, CONVS):
        prune.l1_unstructured(module, "weight", amount=0.3)
    for _, module in leaves(twin, CONVS):
        weight = module.weight.data
        smallest = weight.abs().flatten().argsort()[: round(0.3 * weight.numel())]
        weight.view(-1)[smallest] = 0
    close(answer(model), answer(twin))
    with torch.no_grad():
        for _, module in leaves(model, CONVS):
            module.weight_mask.zero_()
    assert not torch.allclose(answer(model), answer(twin))


class Stretched(nn.Module):
    def forward(self, weight):
        return 1.1 * weight


def test_parametrised_weights_are_those_that_count(model):
    twin = copy.deepcopy(model)
    for _, module in leaves(model, CONVS)[::5]:
        parametrize.register_parametrization(module, "weight", Stretched())
    with torch.no_grad():
        for _, module in leaves(twin, CONVS)[::5]:
            module.weight *= 1.1
    close(answer(model), answer(twin))


class LowRank(nn.Module):
    """An adapter around a convolution, as LoRA for convolutions has it."""

    def __init__(self, base, rank=2):
        super().__init__()
        self.base = base
        self.down = nn.Conv3d(
            base.in_channels, rank, base.kernel_size, stride=base.stride, padding=base.padding, bias=False
        )
        self.up = nn.Conv3d(rank, base.out_channels, 1, bias=False)
        self.up.weight.data *= 0.1  # non-local blocks multiply three layers: more, and their numbers overflow

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))

    def merged(self):
        up = self.up.weight.flatten(1)
        return self.base.weight + (up @ self.down.weight.flatten(1)).view_as(self.base.weight)


def test_adapters_around_convolutions_give_what_merged_weights_give(model):
    twin = copy.deepcopy(model)
    adapted = [name for name, module in leaves(model, (nn.Conv3d,)) if type(module) is nn.Conv3d and module.groups == 1]
    for name in adapted:
        adapter = LowRank(model.get_submodule(name))
        model.set_submodule(name, adapter)
        twin.get_submodule(name).weight.data = adapter.merged().detach()
    close(answer(model), answer(twin))
    model(model.clip).square().mean().backward()
    parameters = [p for name in adapted for p in model.get_submodule(name).down.parameters()]
    assert all(p.grad is not None for p in parameters)


def test_batch_norm_adaptation_normalises_by_the_batch(model):
    # AdaBN: the batch's statistics, everything else as in evaluation.
    adabn, tent = copy.deepcopy(model), copy.deepcopy(model)
    shifted = 1.3 * model.clip + 0.5
    expected = copy.deepcopy(model).train()
    for _, module in leaves(adabn, (nn.BatchNorm3d,)):
        module.train()
    for _, module in leaves(tent, (nn.BatchNorm3d,)):
        module.track_running_stats, module.running_mean, module.running_var = False, None, None
    with torch.no_grad():
        wanted = expected(shifted)
        close(adabn(shifted), wanted)
        close(tent(shifted), wanted)
        assert (model(shifted) - wanted).norm() > 1e-2 * wanted.norm()
    tent(shifted).square().mean().backward()
    assert all(m.weight.grad is not None for _, m in leaves(tent, (nn.BatchNorm3d,)))


def test_a_swapped_normalisation_is_used(model):
    names = [name for name, module in leaves(model, (nn.BatchNorm3d,))]
    calls = []
    for name in names:
        swapped = nn.GroupNorm(1, model.get_submodule(name).num_features)
        swapped.register_forward_hook(lambda *_: calls.append(1))
        model.set_submodule(name, swapped)
    answer(model)
    assert len(calls) >= len(names)


def test_convolutions_fused_by_hand_give_the_same_answer():
    torch.manual_seed(0)
    model = create_model("i3d-inception-tiny-rgb", num_classes=5).eval()
    clip = torch.randn(1, 3, 8, 64, 64)
    with torch.no_grad():
        before = model(clip)
        for unit in [unit for unit in model.modules() if hasattr(unit, "conv3d") and hasattr(unit, "bn")]:
            unit.bn.bias.uniform_(-0.5, 0.5)
        moved = model(clip)
        for unit in [unit for unit in model.modules() if hasattr(unit, "conv3d") and hasattr(unit, "bn")]:
            unit.conv3d, unit.bn = fuse_conv_bn_eval(unit.conv3d, unit.bn), nn.Identity()
        close(model(clip), moved)
        assert not torch.allclose(moved, before)


def test_forward_mode_derivatives_are_those_of_backward_mode(model):
    model.double()
    clip = model.clip[:1].double()
    tangent = torch.randn(clip.shape, dtype=torch.double, generator=torch.Generator().manual_seed(2))
    model.requires_grad_(False)
    with torch.autograd.forward_ad.dual_level():
        dual = model(torch.autograd.forward_ad.make_dual(clip, tangent))
        forward = torch.autograd.forward_ad.unpack_dual(dual).tangent
    _, by_func = torch.func.jvp(model, (clip,), (tangent,))
    leaf = clip.clone().requires_grad_(True)
    weights = torch.randn(forward.shape, dtype=torch.double, generator=torch.Generator().manual_seed(3))
    (gradient,) = torch.autograd.grad((model(leaf) * weights).sum(), leaf)
    torch.testing.assert_close((forward * weights).sum(), (gradient * tangent).sum())
    torch.testing.assert_close(by_func, forward)
