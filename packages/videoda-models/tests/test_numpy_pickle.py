import collections
import contextlib
import os
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest
from videoda_models import WeightsError, read_state_dict
from videoda_models.numpy_pickle import read_numpy_pickle

ARRAYS = {
    "f": np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big": np.arange(5, dtype=">f4"),
    "half": np.array([0.5, 2], np.float16),
    "count": np.array(7),
    "none": np.zeros((0, 3), np.float32),
    "inner": {"u8": np.arange(256, dtype=np.uint8), "yes": np.array([True, False])},
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_come_back_as_numpy_wrote_them(tmp_path, protocol):
    path = tmp_path / "a.ckpt"
    path.write_bytes(pickle.dumps(ARRAYS, protocol=protocol))
    found = read_numpy_pickle(path)
    wanted = {name: array for name, array in ARRAYS.items() if name != "inner"}
    wanted |= {f"inner/{name}": array for name, array in ARRAYS["inner"].items()}
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def evil(marker):
    text = f"open({str(marker)!r}, 'w')"
    command = f"touch {marker}"
    return {
        "a call": {"w": Call(open, str(marker), "w")},
        "eval": {"w": Call(eval, text)},
        "a shell": {"w": Call(os.system, command)},
        "a process": {"w": Call(subprocess.check_call, ["touch", str(marker)])},
        "an object array": {"w": np.array([Call(open, str(marker), "w")], dtype=object)},
        "a dict of its own kind": collections.OrderedDict(w=np.ones(1)),
        "a numpy function": {"w": Call(np.load, str(marker))},
    }


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", list(evil("")))
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path, name, protocol):
    marker, path = tmp_path / "ran", tmp_path / "a.ckpt"
    path.write_bytes(pickle.dumps(evil(marker)[name], protocol=protocol))
    with pytest.raises(WeightsError, match="besides tensors, which could run code, and is refused") as caught:
        read_state_dict(path)
    assert "\n" not in str(caught.value)
    assert not marker.exists()


def array_of(shape, raw, dtype="f4"):
    head = b"\x80\x02}X\x01\x00\x00\x00wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    kind = b"cnumpy\ndtype\nX" + struct.pack("<I", len(dtype)) + dtype.encode() + b"\x89\x88\x87R"
    kind += b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    sizes = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in shape) + b"t"
    data = b"B" + struct.pack("<I", len(raw)) + raw
    return head + b"(K\x01" + sizes + kind + b"\x89" + data + b"tbs."


def test_the_hand_written_array_is_one(tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(array_of((2,), np.array([1, 2], "<f4").tobytes()))
    assert read_numpy_pickle(path)["w"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        array_of((2**30, 2**30), b"1234"),  # a header that lies about the size
        array_of((-1,), b"1234"),
        array_of((1,), b"1234", dtype="O8"),
        array_of((1,), b"1234", dtype="V4"),
        b"\x80\x04}r\xff\xff\xff\x7f.",  # a memo of 16 GiB
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f}.",  # a frame longer than memory
        b"\x80\x04}\x94(X\x01\x00\x00\x00ah\x00u.",  # a dict inside itself
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",  # text longer than memory
        b"\x80\x02}.",
        b"\x80\x02]K\x01a.",
        b"\x80\x02I1\n.",
        b"\x80\x02}}K\x01s.",  # a dict as a key
        b"\x80\x02K\x01K\x02R.",  # a number, called
        b"\x80\x02cnumpy\nndarray\n)R.",
        b"\x80\x02cnumpy\ndtype\n)R.",
        b"\x80\x02cposix\nsystem\n(X\x02\x00\x00\x00lstR.",
        b"\x80\x02(cposix\nsystem\nX\x02\x00\x00\x00lso.",
    ],
)
def test_a_damaged_or_lying_pickle_is_one_clear_line(tmp_path, data):
    path = tmp_path / "a.ckpt"
    path.write_bytes(data)
    with pytest.raises(WeightsError) as caught:
        read_state_dict(path)
    assert "\n" not in str(caught.value)


def test_every_way_to_cut_a_pickle_short_is_one_clear_line(tmp_path):
    whole = pickle.dumps({"w": np.arange(3.0)}, protocol=4)
    path = tmp_path / "a.ckpt"
    for size in range(2, len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(WeightsError):
            read_state_dict(path)


def test_changed_bytes_give_arrays_or_one_clear_line(tmp_path):
    whole = pickle.dumps({"w": np.arange(3.0), "v": {"x": np.ones((2, 2), np.float32)}}, protocol=4)
    rng = np.random.default_rng(0)
    path = tmp_path / "a.ckpt"
    for _ in range(2000):
        data = bytearray(whole)
        for place in rng.integers(2, len(whole), rng.integers(1, 4)):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        with contextlib.suppress(WeightsError):
            read_numpy_pickle(path)


def test_many_names_for_one_dict_do_not_fill_the_memory(tmp_path):
    nested = {"w": np.ones(1)}
    for _ in range(30):
        nested = {"a": nested, "b": nested}
    path = tmp_path / "a.ckpt"
    path.write_bytes(pickle.dumps(nested, protocol=4))
    with pytest.raises(WeightsError, match="more than 100000 entries"):
        read_numpy_pickle(path)


def test_reading_starts_no_import(tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(b"\x80\x02cantigravity\nfly\n.")
    with pytest.raises(WeightsError, match=r"holds antigravity\.fly besides"):
        read_state_dict(path)
    assert "antigravity" not in sys.modules
