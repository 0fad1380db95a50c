"""Flow files come back as they were written."""

import os
from pathlib import Path

import numpy as np
import pytest
from depthmotion import FlowFileError, flow_to_color, flowio


def flow(*shape):
    return np.random.default_rng(0).uniform(-18, 18, (*shape, 2)).astype(np.float32)


def test_codes_map_the_bound_to_the_ends_of_the_range():
    assert flowio.encode_uint8(np.array([-30.0, -20.0, 20.0, 30.0])).tolist() == [0, 0, 255, 255]


def test_codes_are_within_half_a_step():
    field = flow(20, 30)
    assert np.abs(flowio.decode_uint8(flowio.encode_uint8(field)) - field).max() <= 20 / 255 + 1e-5


def test_decoded_codes_encode_to_themselves():
    codes = np.arange(256, dtype=np.uint8)
    assert (flowio.encode_uint8(flowio.decode_uint8(codes)) == codes).all()


@pytest.mark.parametrize(
    ("name", "tolerance"), [("a.flo", 0), ("a.png", 1 / 128), ("a.npz", 0), ("a.npy", 20 / 255 + 1e-5)]
)
def test_a_field_survives_its_file(tmp_path, name, tolerance):
    field = flow(11, 17)
    flowio.write(tmp_path / name, field)
    assert np.abs(flowio.read(tmp_path / name) - field).max() <= tolerance


def test_a_folder_of_u_and_v_holds_a_smooth_stack(tmp_path):
    x = np.linspace(-8, 8, 32, dtype=np.float32)
    stack = np.stack([np.broadcast_to(np.stack([x, -x], -1), (24, 32, 2))] * 3)
    flowio.write(tmp_path / "clip", stack)
    assert (tmp_path / "clip" / "v" / "000002.jpg").exists()
    assert np.abs(flowio.read(tmp_path / "clip") - stack).max() < 0.6


@pytest.mark.parametrize("name", ["a.flo", "a.png", "a.npy", "a.npz"])
@pytest.mark.parametrize("content", [b"", b"not flow at all, but long enough"])
def test_a_damaged_file_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FlowFileError):
        flowio.read(tmp_path / name)


def test_no_motion_is_white():
    assert (flow_to_color(np.zeros((4, 5, 2), np.float32)) == 255).all()


def test_opposite_directions_have_opposite_hues():
    colours = flow_to_color(np.array([[[1.0, 0.0], [-1.0, 0.0]]], np.float32))[0]
    assert colours[0].argmax() == 0
    assert colours[1].argmin() == 0


def test_real_flow_files_read():
    data = os.environ.get("VIDEODA_TEST_DATA")
    if not data:
        pytest.skip("VIDEODA_TEST_DATA is not set")
    files = sorted(Path(data, "flow").rglob("*.flo"))
    assert files
    assert all(np.isfinite(flowio.read(file)).all() for file in files)
