import numpy as np
import pytest
import torch
from flowbank import ArraySpec, BankInputError
from flowbank.codec import BLOCK, decode_into, encode_into
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


def round_trip(spec: ArraySpec, values):
    stored = np.empty(spec.elements, spec.dtype)
    encode_into(spec, values, stored, scratch=np.empty(BLOCK, np.float32))
    decoded = np.empty(spec.shape, np.float32)
    decode_into(spec, stored.reshape(spec.shape), decoded)
    return stored, decoded


@given(arrays(np.float32, 50, elements=st.floats(-20, 20, width=32)))
def test_flow_comes_back_within_half_a_step(values):
    decoded = round_trip(ArraySpec((50,), "flow-uint8"), values)[1]
    assert np.abs(decoded.astype(np.float64) - values).max() <= 20 / 255 + 4e-6


@given(st.floats(0.5, 500))
def test_half_a_step_is_bound_over_255_for_any_bound(bound):
    values = np.linspace(-bound, bound, 1000).astype(np.float32)
    decoded = round_trip(ArraySpec((1000,), "flow-uint8", bound), values)[1]
    assert np.abs(decoded.astype(np.float64) - values).max() <= bound / 255 * (1 + 1e-4)


def test_codes_are_the_rounded_float64_mapping():
    values = np.random.default_rng(0).uniform(-25, 25, 100_000).astype(np.float32)
    stored = round_trip(ArraySpec((100_000,), "flow-uint8"), values)[0]
    exact = (np.clip(values.astype(np.float64), -20, 20) + 20) * 255 / 40
    assert np.abs(stored - exact).max() <= 0.5 + 1e-4


def test_uint8_codes_are_kept_and_survive_decoding_and_encoding():
    codes = np.arange(256, dtype=np.uint8)
    spec = ArraySpec((256,), "flow-uint8")
    stored, decoded = round_trip(spec, codes)
    np.testing.assert_array_equal(stored, codes)
    np.testing.assert_array_equal(round_trip(spec, decoded)[0], codes)


def test_flow_beyond_the_bound_is_clipped():
    decoded = round_trip(ArraySpec((2,), "flow-uint8"), np.array([-1e30, 1e30], np.float32))[1]
    np.testing.assert_allclose(decoded, [-20, 20])


@pytest.mark.parametrize("codec", ["float16", "float32"])
def test_float_codecs_keep_what_their_dtype_can_hold(codec):
    values = np.random.default_rng(0).standard_normal(BLOCK + 7).astype(codec)
    decoded = round_trip(ArraySpec((BLOCK + 7,), codec), values)[1]
    np.testing.assert_array_equal(decoded, values.astype(np.float32))


@pytest.mark.parametrize("codec", ["flow-uint8", "float16", "float32"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named_with_its_position(codec, bad):
    values = np.zeros(BLOCK + 9, np.float32)
    values[BLOCK + 5] = bad
    with pytest.raises(BankInputError, match=f"position {BLOCK + 5}"):
        round_trip(ArraySpec((BLOCK + 9,), codec), values)


def test_a_value_too_large_for_float16_is_refused():
    with pytest.raises(BankInputError, match="65504"):
        round_trip(ArraySpec((1,), "float16"), np.array([1e6], np.float32))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_float_tensor_is_taken(dtype):
    values = torch.linspace(-5, 5, 11, dtype=dtype)
    decoded = round_trip(ArraySpec((11,), "float32"), values)[1]
    np.testing.assert_array_equal(decoded, values.float().numpy())


@pytest.mark.parametrize(
    "wrong", [{"shape": ()}, {"shape": (0, 2)}, {"shape": (2,), "bound": -1.0}, {"shape": (2,), "bound": float("nan")}]
)
def test_a_spec_that_cannot_be_stored_is_refused(wrong):
    with pytest.raises(BankInputError):
        ArraySpec(**wrong)


def test_a_bound_that_a_file_holds_as_a_whole_number_of_any_size_decodes_as_a_float():
    spec = ArraySpec((3,), "flow-uint8", 20.0)
    object.__setattr__(spec, "bound", 2**64)  # as JSON without a point gives it
    out = np.empty(3, np.float32)
    decode_into(spec, np.array([0, 255, 127], np.uint8), out)
    np.testing.assert_allclose(out, [-(2.0**64), 2.0**64, -(2.0**64) / 255], rtol=1e-4)
