import colorsys
import json
import struct
import zlib

import numpy as np
import pytest
from flowbank import ArraySpec, BankInputError, BankStorageError, export_contact_sheet, export_npz
from flowbank.flow_color import color_flow, png_bytes


def test_an_npz_holds_every_entry(make_bank, flows, rng, tmp_path):
    bank = make_bank(arrays={"feature": ArraySpec((3,), "float32")})
    features = rng.standard_normal((3, 3)).astype(np.float32)
    clips = flows(3)
    bank.insert(
        [2, 0, 0],
        [0.1, 0.2, 0.3],
        clips,
        keys=["x", None, "ü"],
        metadata=[None, {"a": [1]}, None],
        arrays={"feature": features},
    )
    bank.commit()
    export_npz(bank, tmp_path / "bank.npz")
    with np.load(tmp_path / "bank.npz") as data:
        assert data["label"].tolist() == [0, 0, 2]
        assert data["confidence"].tolist() == [0.3, 0.2, 0.1]
        assert data["key"].tolist() == ["ü", "", "x"]
        assert [json.loads(text) if text else None for text in data["metadata"]] == [None, {"a": [1]}, None]
        np.testing.assert_array_equal(data["feature"], features[[2, 1, 0]])
        np.testing.assert_allclose(data["clip"], clips[[2, 1, 0]], atol=20 / 255 + 1e-5)


def test_an_empty_bank_exports_empty_arrays(make_bank, tmp_path):
    export_npz(make_bank(), tmp_path / "bank.npz")
    with np.load(tmp_path / "bank.npz") as data:
        assert data["clip"].shape == (0, 2, 3, 4, 5)


def test_flow_colours_are_those_of_the_hsv_wheel(rng):
    flow = rng.uniform(-1, 1, (5, 6, 2)).astype(np.float32)
    image = color_flow(flow, longest=2.0)
    for (u, v), pixel in zip(flow.reshape(-1, 2), image.reshape(-1, 3), strict=True):
        expected = colorsys.hsv_to_rgb(np.arctan2(v, u) / (2 * np.pi) % 1, np.hypot(u, v) / 2, 1)
        np.testing.assert_allclose(pixel, np.array(expected) * 255, atol=0.51)


def read_png(raw: bytes) -> np.ndarray:
    width, height = struct.unpack(">II", raw[16:24])
    start = raw.index(b"IDAT")
    (length,) = struct.unpack(">I", raw[start - 4 : start])
    rows = np.frombuffer(zlib.decompress(raw[start + 4 : start + 4 + length]), np.uint8).reshape(height, -1)
    return rows[:, 1:].reshape(height, width, 3)


def test_a_png_holds_the_image(rng):
    image = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(read_png(png_bytes(image)), image)


@pytest.mark.parametrize("shape", [(2, 5, 200, 100), (5, 200, 100, 2), (2, 200, 100), (200, 100, 2)])
def test_the_contact_sheet_shows_a_class_per_row(make_bank, tmp_path, shape):
    bank = make_bank(clip_shape=shape)
    clips = np.zeros((2, *shape), np.float32)
    if shape[0] == 2:
        clips[:, 0] = 5
    else:
        clips[..., 0] = 5
    bank.insert([1, 1], [1.0, 0.5], clips)
    bank.commit()
    export_contact_sheet(bank, tmp_path / "sheet.png", columns=3)
    sheet = read_png((tmp_path / "sheet.png").read_bytes())
    assert sheet.shape == (3 * (67 + 4) + 4, 3 * (34 + 4) + 4, 3)
    assert (sheet[71 + 10, 10] == sheet[71 + 10, 38 + 10]).all()
    red = (sheet[..., 0] > 250) & (sheet[..., 1] < 10)
    assert red.sum() == 2 * 67 * 34


def test_what_is_not_flow_has_no_contact_sheet(make_bank, tmp_path):
    with pytest.raises(BankInputError, match="not flow"):
        export_contact_sheet(make_bank(clip_shape=(7,)), tmp_path / "sheet.png")


def test_a_file_that_cannot_be_written_is_named(make_bank, tmp_path):
    with pytest.raises(BankStorageError, match="missing"):
        export_npz(make_bank(), tmp_path / "missing" / "bank.npz")
