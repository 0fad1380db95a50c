import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from videoda_models.same_padding import SameConvUnit3d, SameMaxPool3d, same_conv3d, same_padding
from videoda_models.space_to_depth import space_to_depth_conv3d


def reference_windows(x, kernel, stride):
    """Every window of the zero-padded float64 array, by TensorFlow's formula."""
    pads = [(0, 0), (0, 0)]
    for n, k, s in zip(x.shape[2:], kernel, stride, strict=True):
        total = max(k - s, 0) if n % s == 0 else max(k - n % s, 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(x.astype(np.float64), pads)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3, 4))
    return windows[:, :, :: stride[0], :: stride[1], :: stride[2]]


@given(n=st.integers(1, 300), k=st.integers(1, 9), s=st.integers(1, 4))
def test_same_padding_follows_tensorflows_closed_form(n, k, s):
    total = max(k - s, 0) if n % s == 0 else max(k - n % s, 0)
    assert same_padding(n, kernel=k, stride=s) == (total // 2, total - total // 2)


@pytest.mark.parametrize("size", [(4, 9, 10), (5, 8, 7), (2, 6, 6), (1, 6, 5)])
@pytest.mark.parametrize(("kernel", "stride"), [((7, 7, 7), (2, 2, 2)), ((3, 3, 3), (1, 1, 1)), ((1, 3, 3), (1, 2, 2))])
def test_same_convolution_equals_a_float64_numpy_reference(size, kernel, stride):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, *size)), rng.standard_normal((4, 3, *kernel))
    expected = np.einsum("bcthwijk,ocijk->bothw", reference_windows(x, kernel, stride), w)
    actual = same_conv3d(torch.from_numpy(x), torch.from_numpy(w), None, stride=stride)
    np.testing.assert_allclose(actual.numpy(), expected, atol=1e-9)


def test_one_frame_left_is_convolved_to_finite_numbers_in_bfloat16():
    generator = torch.Generator().manual_seed(0)
    x, w = torch.randn(4, 12, 1, 4, 4, generator=generator), torch.randn(32, 12, 3, 3, 3, generator=generator)
    low = same_conv3d(x.bfloat16(), w.bfloat16(), None, stride=(1, 1, 1))
    torch.testing.assert_close(low.float(), same_conv3d(x, w, None, stride=(1, 1, 1)), rtol=0.02, atol=0.5)


POOLS = [((1, 3, 3), (1, 2, 2)), ((3, 3, 3), (2, 2, 2)), ((3, 3, 3), (1, 2, 2)), ((2, 2, 2), (2, 2, 2)),
         ((2, 2, 2), (1, 2, 2)), ((3, 3, 3), (1, 1, 1))]  # fmt: skip


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize("size", [(4, 9, 10), (5, 8, 7), (1, 2, 2)])
@pytest.mark.parametrize(("kernel", "stride"), POOLS)
def test_same_pool_equals_a_float64_numpy_reference(size, kernel, stride, layout):
    x = np.abs(np.random.default_rng(0).standard_normal((2, 3, *size)))
    expected = reference_windows(x, kernel, stride).max(axis=(-3, -2, -1))
    actual = SameMaxPool3d(kernel, stride=stride)(torch.from_numpy(x).to(memory_format=layout))
    np.testing.assert_array_equal(actual.numpy(), expected)


def test_pooling_under_a_gradient_equals_pooling_without():
    x = torch.rand(2, 3, 5, 8, 7, generator=torch.Generator().manual_seed(0)).requires_grad_()
    pool = SameMaxPool3d((3, 3, 3), stride=(1, 2, 2))
    with torch.no_grad():
        without = pool(x)
    torch.testing.assert_close(pool(x), without, rtol=0, atol=0)


@settings(deadline=None, max_examples=20)
@given(size=st.tuples(st.integers(1, 9), st.integers(5, 12), st.integers(5, 12)))
def test_space_to_depth_gives_the_same_convolution(size):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, *size, generator=g, dtype=torch.float64)
    w = torch.randn(4, 3, 7, 7, 7, generator=g, dtype=torch.float64)
    before = [same_padding(n, kernel=7, stride=2)[0] for n in size]
    expected = same_conv3d(x, w, None, stride=(2, 2, 2))
    torch.testing.assert_close(space_to_depth_conv3d(x, w, None, before=before), expected)


def test_bf16_stem_stays_close_to_float32():
    g = torch.Generator().manual_seed(0)
    x, w = torch.randn(1, 3, 8, 32, 32, generator=g), torch.randn(8, 3, 7, 7, 7, generator=g) / math.sqrt(1029)
    with torch.autocast("cpu", torch.bfloat16):
        fast = same_conv3d(x, w, None, stride=(2, 2, 2))
    assert fast.dtype == torch.bfloat16
    torch.testing.assert_close(fast.float(), same_conv3d(x, w, None, stride=(2, 2, 2)), atol=0.03, rtol=0.02)


def test_folded_unit_equals_convolution_then_batch_norm_then_relu():
    torch.manual_seed(0)
    unit = SameConvUnit3d(3, 5, (3, 3, 3)).double()
    unit(torch.randn(4, 3, 4, 6, 6).double())
    torch.nn.init.normal_(unit.bn.weight)
    torch.nn.init.normal_(unit.bn.bias)
    unit.eval()
    x = torch.randn(2, 3, 4, 6, 6).double()
    expected = unit.bn(torch.nn.functional.conv3d(x, unit.conv3d.weight, padding=1)).relu()
    torch.testing.assert_close(unit(x), expected)
