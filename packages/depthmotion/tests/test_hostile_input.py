"""Every parser gives a result or one of depthmotion's errors, whatever the bytes are."""

import contextlib
import io
import itertools
import json
import pickle
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import ClassVar

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.camera_path import parse_poses
from depthmotion.dataset.manifest import finished_of, parse_manifest
from depthmotion.dataset.photo_list import parse_list
from depthmotion.depth_sources.cache import encode, parse_cached
from depthmotion.depth_sources.camera_file import parse_camera
from depthmotion.depth_sources.folder import parse_depth, parse_description
from depthmotion.flowio._files import parse_numpy_flow
from depthmotion.flowio._kitti import parse_kitti
from depthmotion.flowio._middlebury import parse_flo
from depthmotion.flowio._uv_jpeg import parse_grey
from depthmotion.image_files import decode_image
from depthmotion.instance_files import parse_instances
from depthmotion.output_target import parse_record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RNG = np.random.default_rng(0)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npz(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def picture(array, suffix):
    return bytes(cv2.imencode(suffix, array)[1])


def pfm(array):
    return f"Pf\n{array.shape[1]} {array.shape[0]}\n-1.0\n".encode() + array.astype("<f4").tobytes()


FLOW = RNG.normal(size=(6, 8, 2)).astype(np.float32)
POSES = dm.paths.dolly(3).poses
CODES = RNG.integers(1, 65535, (6, 8, 3), dtype=np.uint16)
BGR = RNG.integers(0, 255, (6, 8, 3), dtype=np.uint8)
KITTI = picture(CODES, ".png")
CACHED_CAMERA = dm.Intrinsics(4.0, 4.0, 2.0, 2.0)
CAMERA = {"fx": 40.0, "fy": 44.0, "cx": 29.5, "cy": 19.5, "width": 60, "height": 40}
ROW = {"item": "a/b.jpg", "settings": "x", "hash": "y", "files": {"frames/00000.jpg": [3, "z"]}}


def manifest(data):
    return {item: finished_of(lines) for item, lines in parse_manifest(data).items()}


def describe(data):
    text = data.decode("utf-8", "replace")
    if not text.startswith("file:"):
        dm.paths.check_description(text, num_frames=3)


PARSERS = {
    "list": (
        lambda data: parse_list(data.decode("utf-8", "replace"), root=Path("/nowhere")),
        [b"a/b.jpg 1\nc d.png 2\r\n\xc2\xb2.png \xc2\xb2\n", b"JPEGImages/a_b.jpg\n../x 3\n"],
    ),
    "path description": (
        describe,
        [
            b"orbit:angle_deg=10+handheld:rotation_deg=0.4",
            b"random_walk:translation=0.1,0.2",
            b"smooth:num-keyframes=5",
            b"dolly:direction=1,0,0:distance=3+pan:yaw_deg=3",
            b"zoom",
            b"dolly_zoom:keep_depth=4",
        ],
    ),
    "poses npy": (lambda data: parse_poses(data, suffix=".npy"), [npy(POSES), npy(POSES[:, :3].reshape(3, 12))]),
    "poses json": (
        lambda data: parse_poses(data, suffix=".json"),
        [json.dumps(POSES.tolist()).encode(), json.dumps({"poses": POSES.tolist(), "zoom": [1, 2, 3]}).encode()],
    ),
    "poses text": (
        lambda data: parse_poses(data, suffix=".txt"),
        [b"1 0 0 0 0 1 0 0 0 0 1 0\n", b"# pose\n1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n"],
    ),
    "camera": (lambda data: parse_camera(data, size=(20, 30)), [json.dumps(CAMERA).encode()]),
    "depth.json": (parse_description, [b'{"kind": "metric", "scale": 0.001}', b'{"kind": "disparity"}']),
    "flo": (parse_flo, [struct.pack("<fii", 202021.25, 8, 6) + FLOW.tobytes()]),
    "kitti": (parse_kitti, [KITTI]),
    "flow npy": (
        lambda data: parse_numpy_flow(data, suffix=".npy"),
        [npy(FLOW), npy(dm.flowio.encode_uint8(FLOW[None])), npy(np.asfortranarray(FLOW.astype(">f8")))],
    ),
    "flow npz": (
        lambda data: parse_numpy_flow(data, suffix=".npz"),
        [npz(flow=FLOW), npz(flow=FLOW[None], valid=FLOW)],
    ),
    "flow jpeg": (parse_grey, [picture(BGR[..., 0], ".jpg"), picture(BGR, ".jpg")]),
    "depth npy": (lambda data: parse_depth(data, suffix=".npy"), [npy(FLOW[..., 0])]),
    "depth pfm": (lambda data: parse_depth(data, suffix=".pfm"), [pfm(FLOW[..., 0])]),
    "depth png": (lambda data: parse_depth(data, suffix=".png"), [picture(CODES[..., 0], ".png")]),
    "cached depth": (
        parse_cached,
        [npz(**encode(dm.DepthMap(np.ones((4, 5)), "metric", CACHED_CAMERA)))],
    ),
    "image": (
        decode_image,
        [*(picture(BGR, suffix) for suffix in (".jpg", ".png", ".bmp", ".webp", ".tiff", ".ppm")), KITTI],
    ),
    "mask png": (
        lambda data: parse_instances(data, suffix=".png", size=(6, 8)),
        [picture(BGR, ".png"), picture(BGR[..., 0], ".png"), picture(CODES[..., 0], ".png")],
    ),
    "mask npy": (lambda data: parse_instances(data, suffix=".npy", size=(6, 8)), [npy(np.eye(6, 8, dtype=np.int64))]),
    "manifest": (manifest, [json.dumps(ROW).encode() + b"\n" + json.dumps(ROW | {"files": {}}).encode()]),
    "record": (parse_record, [b'\n{"name": "a", "what": "frames", "size": 3, "sha256": "x"}\n']),
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_reads_what_is_right(name):
    parse, valid = PARSERS[name]
    for data in valid:
        parse(data)


@st.composite
def damaged(draw, valid):
    """Draw bytes with pieces changed, repeated, left out, or made extreme."""
    data = bytearray(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"9" * 12, b"nan", b"1e999", b"-"]
                ),
                st.sampled_from(
                    [b"[" * 3000, b"{}", b"null", "²".encode(), b"\n", b"\x00", b":", b"=", b"1e300", b"'O'"]
                ),
            )
        )
        length = draw(st.integers(0, 12))
        kind = draw(st.sampled_from(["replace", "insert", "drop", "cut"]))
        if kind == "replace":
            data[place : place + len(piece)] = piece
        elif kind == "insert":
            data[place:place] = piece
        elif kind == "drop":
            del data[place : place + length]
        else:
            del data[place:]
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_nothing_but_depthmotions_errors(name):
    parse, valid = PARSERS[name]

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.one_of(damaged(valid), damaged(valid), st.binary(max_size=200)))
    def holds(data):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with contextlib.suppress(dm.DepthMotionError):
                parse(data)

    holds()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def lying_png(width, height, *, bits=8, colour=2, pixels=b""):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.fixture
def few_bytes():
    """Fail a test that asks for more than 64 MiB of memory at once."""
    tracemalloc = pytest.importorskip("tracemalloc")
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**26


def npy_header(shape, dtype="<f4"):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode()


LIES = {
    "image": [
        lying_png(32_769, 32_769),  # over 2^30 pixels, which OpenCV refuses by an exception
        lying_png(20_000, 20_000),
        lying_png(2**31 - 1, 1),
        lying_png(0, 5),
        picture(BGR, ".jpg").replace(struct.pack(">HH", 6, 8), struct.pack(">HH", 20_000, 20_000)),
        b"BM" + b"\0" * 12 + struct.pack("<Iii", 40, 60_000, 60_000) + b"\0" * 60,
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\0\0" + b"\0" * 40,
        b"P6\n200000 200000\n255\n",
    ],
    "depth png": [lying_png(50_000, 50_000, bits=16, colour=0), lying_png(11_000, 11_000, bits=16, colour=0)],
    "kitti": [lying_png(11_000, 11_000, bits=16), b""],
    "mask png": [lying_png(11_000, 11_000, bits=8, colour=0)],
    "flo": [struct.pack("<fii", 202021.25, 2**31 - 1, 2**31 - 1), struct.pack("<fii", 202021.25, -3, 5) + b"\0" * 200],
    "depth pfm": [b"Pf\n100000 100000\n-1.0\n\0\0\0\0", b"Pf\n-1 5\n-1\n", b"Pf\n3 3\n"],
    "depth npy": [
        npy_header((10**6, 10**6)),
        npy_header((10**30, 0)),
        npy_header((-1, 5)),
        npy_header((2, 2), "|S0"),
        npy_header((2, 2), "<M8[ns]") + b"\0" * 64,
        npy_header("(" * 300),
        npy_header("__import__('os').getpid(),"),
    ],
    "flow npz": [npz(other=FLOW), b"PK\x03\x04", b""],
}


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name, lies in LIES.items() for place in range(len(lies))]
)
def test_a_header_that_lies_about_the_size_is_refused_before_memory_is_taken(name, place, few_bytes):
    with pytest.raises(dm.DepthMotionError):
        PARSERS[name][0](LIES[name][place])


def test_an_archive_that_unpacks_to_more_than_it_says_is_read_no_further(few_bytes):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("flow.npy", "w") as member:
        member.write(npy(FLOW))
        for _ in range(256):
            member.write(b"\0" * 2**20)
    assert (parse_numpy_flow(stream.getvalue(), suffix=".npz") == FLOW).all()


def test_an_archive_of_an_odd_kind_is_refused():
    archive = bytearray(npz(flow=FLOW))
    for offset, value in ((6, 1), (8, 9), (8, 99)):  # encrypted, Deflate64, nobody's
        odd = bytearray(archive)
        central = odd.index(b"PK\x01\x02")
        odd[offset], odd[central + offset + 2] = value, value
        with pytest.raises(dm.FlowFileError, match="flow"):
            parse_numpy_flow(bytes(odd), suffix=".npz")


class Code:
    """Unpickled, it would leave a mark."""

    ran: ClassVar[list[int]] = []

    def __reduce__(self):
        return (Code.ran.append, (1,))


@pytest.mark.parametrize("wrap", [npy, lambda array: npz(flow=array), lambda array: pickle.dumps(array)])
@pytest.mark.parametrize("name", ["flow npy", "flow npz", "depth npy", "mask npy", "poses npy", "cached depth"])
def test_a_pickle_is_refused_and_never_run(name, wrap):
    data = wrap(np.array([[[Code(), Code()]]], dtype=object))
    with pytest.raises(dm.DepthMotionError):
        PARSERS[name][0](data)
    assert Code.ran == []


def test_flow_that_is_nan_has_no_code():
    flow = FLOW.copy()
    flow[2, 3, 1] = np.nan
    with pytest.raises(dm.FlowFileError, match="1 of 96 flow values are NaN"):
        dm.flowio.encode_uint8(flow)
    assert dm.flowio.encode_uint8(np.array([np.inf, -np.inf])).tolist() == [255, 0]


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "folder"])
def test_flow_that_is_nan_leaves_no_file_of_codes(tmp_path, name):
    flow = FLOW.copy()
    flow[0, 0] = np.nan
    if name == "a.npz":  # keeps it
        dm.flowio.write(tmp_path / name, flow)
        assert np.isnan(dm.flowio.read(tmp_path / name)[0, 0]).all()
        return
    with pytest.raises(dm.FlowFileError, match="NaN"):
        dm.flowio.write(tmp_path / name, flow)
    assert list(tmp_path.iterdir()) == []


def test_a_label_of_odd_digits_is_part_of_the_name():
    photos, _ = parse_list("a/b.jpg ²\na/c.jpg ٣\na/d.jpg 7\n", root=Path("/r"))
    assert [photo.path.name for photo in photos.values()] == ["b.jpg ²", "c.jpg ٣", "d.jpg"]
    with pytest.raises(dm.ConfigError, match="shard"):
        dm.GenerateConfig(shard="²/³")


def test_a_file_that_is_no_file_is_not_waited_for(tmp_path):
    import os

    for name in ("a.flo", "a.png", "a.npy", "a.npz", "a.pfm", "a.json", "a.txt"):
        os.mkfifo(tmp_path / name)
    readers = [
        dm.read_image,
        lambda file: dm.read_instances(file, size=(6, 8)),
        dm.CameraPath.load,
        lambda file: dm.generate(file, tmp_path / "out"),
    ]
    for read, file in itertools.product(readers, sorted(tmp_path.iterdir())):
        with pytest.raises(dm.DepthMotionError, match=file.name):
            read(file)
    for name in ("a.flo", "a.png", "a.npy", "a.npz"):
        with pytest.raises(dm.FlowFileError, match=name):
            dm.flowio.read(tmp_path / name)
