"""Every parser of the packages: files that the code itself wrote, which are then damaged, and what reads them."""

import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import cv2
import depthmotion
import numpy as np
import safetensors.torch
import torch
import yaml
from depthmotion import CameraPath, DepthMotionError, Intrinsics, flowio, paths
from depthmotion.dataset.config import GenerateConfig
from depthmotion.dataset.manifest import read_manifests
from depthmotion.dataset.photo_list import read_items
from depthmotion.depth_sources.camera_file import camera_text, read_camera
from depthmotion.depth_sources.folder import FolderDepth, read_depth_file
from depthmotion.image_files import decode_image
from depthmotion.instance_files import read_instances
from flowbank import FlowBank, FlowBankError, verify
from videoda_bench.expectations import read_expectations
from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.reproduction.plan import read_plan
from videoda_bench.reproduction.summary import read_summary
from videoda_bench.settings import change_settings, parse_settings
from videoda_bench.tasks import load_task
from videoda_models import VideodaModelsError
from videoda_models.weights import read_state_dict
from videoda_train.data import item_facts
from videoda_train.data.check_table import CheckTable
from videoda_train.data.image_file import read_image
from videoda_train.data.list_file import read_classes, read_list
from videoda_train.data.prepare import _kinetics_babel
from videoda_train.data.prepare._unpack import unpack, unpacked_folder
from videoda_train.data.prepared import require_same_settings
from videoda_train.data.video_check import check_video
from videoda_train.data.video_facts import find_facts
from videoda_train.data.video_reader import open_video
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.errors import VideodaError
from videoda_train.recipes.config import DataConfig, TrainConfig, to_dict
from videoda_train.recipes.custom import CUSTOM
from videoda_train.run_folder import RunFolder
from worlds import write_photo, write_video

OWN_ERRORS = (DepthMotionError, FlowBankError, VideodaModelsError, VideodaError, MiniatureError)
Seeds = Callable[[Path], list[bytes]]


@dataclass(frozen=True)
class Parser:
    """What reads one kind of file; it must return, or raise an error of its own package."""

    name: str
    file: str
    """The file that is damaged, in a folder of the parser's own."""
    seeds: Seeds
    """Makes whole files (and what must lie beside them) in a folder, and returns their bytes."""
    read: Callable[[Path], object]
    """Reads the damaged file; gets its path."""
    share: float
    """Of all cases."""
    words: tuple[bytes, ...] = ()
    """What its files are made of, for the mutations."""
    text: bool = False


def _texts(*texts: str) -> Seeds:
    return lambda folder: [text.encode() for text in texts]


def _written(name: str, *writers: Callable[[Path], object]) -> Seeds:
    """Return seeds that writers put into a file of that name."""

    def make(folder: Path) -> list[bytes]:
        contents = []
        for write in writers:
            write(folder / name)
            contents.append((folder / name).read_bytes())
        return contents

    return make


def _saved(array: object) -> Callable[[Path], object]:
    return lambda file: np.save(file, array, allow_pickle=False)


def _picture(suffix: str, image: np.ndarray) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def _images(*suffixes: str) -> Seeds:
    image = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return lambda folder: [_picture(suffix, image) for suffix in suffixes]


def _grey(folder: Path) -> list[bytes]:
    codes = np.random.default_rng(0).integers(0, 2**16, (12, 16), dtype=np.uint16)
    return [_picture(".png", codes), _picture(".png", (codes >> 8).astype(np.uint8))]


def _config() -> TrainConfig:
    data = DataConfig(Path("photos.txt"), Path("videos.txt"), Path("classes.txt"))
    return TrainConfig(data=data, method=CUSTOM.method, optim=CUSTOM.optim)


def _bank(folder: Path) -> Path:
    place = folder / "bank"
    if not place.exists():
        with FlowBank.create(place, num_classes=3, capacity=2, clip_shape=(2, 2, 3, 3)) as bank:
            clips = np.random.default_rng(0).integers(0, 256, (3, 2, 2, 3, 3), dtype=np.uint8)
            bank.insert([0, 1, 0], [0.5, 0.25, 0.125], clips, keys=["a", "b", "c"])
            bank.commit()
    return place


def _bank_file(pattern: str) -> Seeds:
    def make(folder: Path) -> list[bytes]:
        (file,) = sorted(_bank(folder).glob(pattern))[-1:]
        content = file.read_bytes()
        (folder / "damaged").write_text(str(file.relative_to(folder / "bank")))
        return [content]

    return make


def _read_bank(file: Path) -> object:
    """Put the damaged file in its place in the bank, open the bank, look at all of it."""
    bank = file.parent / "bank"
    place = bank / (file.parent / "damaged").read_text()
    place.write_bytes(file.read_bytes())
    report = verify(bank)
    with FlowBank.open(bank) as opened:
        return report, opened.counts(), opened.sample([0, 1, 2], generator=torch.Generator().manual_seed(0))


def _checkpoint_seeds(folder: Path) -> list[bytes]:
    content = {
        "module": {"layer.weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(3)},
        "epoch": 1,
        "step": 2,
        "losses": {"clip": 0.5},
        "elapsed_seconds": 1.0,
    }
    seeds = []
    for new in (True, False):
        stream = io.BytesIO()
        torch.save(content, stream, _use_new_zipfile_serialization=new)
        seeds.append(stream.getvalue())
    return seeds


def _npz_seeds(folder: Path) -> list[bytes]:
    seeds = []
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, flow=np.zeros((2, 4, 5, 2), np.float32), other=np.arange(3))
        seeds.append(stream.getvalue())
    return seeds


def _safetensors_seeds(folder: Path) -> list[bytes]:
    return [safetensors.torch.save({"a.weight": torch.ones(2, 3), "b": torch.zeros(1)})]


def _zip_seeds(folder: Path) -> list[bytes]:
    seeds = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.writestr("clap/1.avi", b"frames" * 20)
            archive.writestr("clap/2.avi", b"")
        seeds.append(stream.getvalue())
    return seeds


def _unpack(file: Path) -> object:
    try:
        return unpack(file)
    finally:
        shutil.rmtree(unpacked_folder(file), ignore_errors=True)
        outside = sorted(path.name for path in file.parent.iterdir() if path.name not in (file.name, "kept.txt"))
        if outside or (file.parent / "kept.txt").read_text() != "kept":
            raise AssertionError(f"unpacking left {outside} beside the archive")


def _archive_seeds(folder: Path) -> list[bytes]:
    (folder / "kept.txt").write_text("kept")
    return _zip_seeds(folder)


def _video_seeds(folder: Path) -> list[bytes]:
    seeds = []
    for codec, suffix, pixels in (
        ("mpeg4", "avi", "yuv420p"),
        ("libx264", "mp4", "yuv420p"),
        ("libx264", "mkv", "yuv420p"),
        ("mjpeg", "avi", "yuvj420p"),
        ("mpeg2video", "ts", "yuv420p"),
        ("libvpx", "webm", "yuv420p"),
    ):
        file = folder / f"seed.{suffix}"
        try:
            with av.open(str(file), "w") as container:
                stream = container.add_stream(codec, rate=12)
                stream.width, stream.height, stream.pix_fmt = 32, 32, pixels
                rng = np.random.default_rng(0)
                for _ in range(4):
                    image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
                container.mux(stream.encode())
        except (av.FFmpegError, ValueError):
            continue
        seeds.append(file.read_bytes())
        file.unlink()
    return seeds


def _read_video(file: Path) -> object:
    facts = find_facts(file)
    reader = open_video(file)
    return facts, reader.frames(range(min(len(reader), 3)))


def _strips(folder: Path) -> list[bytes]:
    write_photo(folder / "strip.jpg", seed=0)
    return [(folder / "strip.jpg").read_bytes()]


def _table_seeds(folder: Path) -> list[bytes]:
    write_video(folder / "a.avi", seed=0, step=1, frames=4)
    (folder / "list.txt").write_text("a.avi 0\n")
    from videoda_train.data.check_list import check_list

    check_list(folder / "list.txt", out=folder / "made.csv", workers=1, resume=False)
    return [(folder / "made.csv").read_bytes()]


def _facts_seeds(folder: Path) -> list[bytes]:
    write_video(folder / "a.avi", seed=0, step=1, frames=4)
    (folder / "list.txt").write_text("a.avi 0\n")
    item_facts.facts_of(
        read_list(folder / "list.txt"),
        folder / "made.jsonl",
        list_file=folder / "list.txt",
        workers=1,
        progress=False,
    )
    return [(folder / "made.jsonl").read_bytes()]


def _read_facts(file: Path) -> object:
    copy = file.with_name("copy.jsonl")
    copy.write_bytes(file.read_bytes())
    items = read_list(file.parent / "list.txt")
    return item_facts.facts_of(items, copy, list_file=file.parent / "list.txt", workers=1, progress=False)


def _poses(name: str) -> Seeds:
    path = paths.from_description("dolly", np.random.default_rng(0), depth=np.ones((4, 4)), num_frames=3)
    return _written(name, path.save)


def _describe(file: Path) -> object:
    text = file.read_bytes().decode("utf-8", "replace")
    return paths.check_description(text, num_frames=3)


def _settings(file: Path) -> object:
    lines = file.read_bytes().decode("utf-8", "replace").splitlines()
    return change_settings(CUSTOM, parse_settings(lines))


def _depth_folder(folder: Path) -> list[bytes]:
    return [b'{"kind": "metric", "scale": 0.001}', b'{"kind": "disparity"}']


def _generation_config(folder: Path) -> GenerateConfig:
    return GenerateConfig(num_frames=4)


def _manifest_seeds(folder: Path) -> list[bytes]:
    write_photo(folder / "clap" / "a.jpg", seed=0)
    (folder / "list.txt").write_text("clap/a.jpg 0\n")
    done = depthmotion.generate(
        folder / "list.txt", folder / "made", GenerateConfig(num_frames=4, size=(32, 32)), progress=False
    )
    if done.failures:
        raise ValueError(f"{done.failures}")
    return [(folder / "made" / "manifest.jsonl").read_bytes()]


_RECORD = {"epoch": 0, "losses": {"clip": 1.0}, "acc_softmax": 0.5, "criteria": {"entropy": 1.0}}
_CAMERA = camera_text(Intrinsics(20.0, 20.0, 8.0, 6.0), size=(12, 16))
_NUMBERS = (b"0", b"-1", b"1e309", b"NaN", b"Infinity", b"9" * 30, b"1" * 5000, b"true", b"null", b"\xc2\xb2")
_JSON = (b'"', b"{", b"}", b"[", b"]", b":", b",", b"[" * 2000, b'{"a":' * 500, *_NUMBERS)
_LISTS = (b" ", b"\t", b"\n", b"\r", b"\0", b"#", b"\xef\xbb\xbf", b"\xff", b"../", b"/", b"~", *_NUMBERS)
_ARRAYS = (b"'descr': '|O'", b"'shape': (", b"99999999999", b"<f8", b"|u1", b"True", b"\x93NUMPY", *_NUMBERS)
_FLOW = np.random.default_rng(0).normal(size=(4, 5, 2)).astype(np.float32)

PARSERS = (
    Parser("list file", "list.txt", _texts("a/b c.avi 0\nd.avi 1\n", "a.avi\n"), read_list, 14, _LISTS, text=True),
    Parser("class map", "classes.txt", _texts("clap\nrun\n", "0 clap\n1 run\n"), read_classes, 12, _LISTS, text=True),
    Parser(
        "photo list",
        "list.txt",
        _texts("a/b c.jpg 0\nd.jpg 1\n", "a.jpg\n"),
        lambda file: read_items(file, file.parent / "out", _generation_config(file.parent)),
        8,
        _LISTS,
        text=True,
    ),
    Parser(
        "published split",
        "split.txt",
        _texts("train/a 3 40 1\n", "val/b c 0 9 2\n"),
        lambda file: _kinetics_babel._read_split(file, "target", strip=""),
        6,
        _LISTS,
        text=True,
    ),
    Parser(
        "path description",
        "path.txt",
        _texts("orbit:angle_deg=10+handheld:rotation_deg=0.4", "dolly:direction=1,0,0:distance=0.3", "still"),
        _describe,
        7,
        (b":", b"=", b"+", b",", b"file:", b"random_walk", b"translation", *_NUMBERS),
        text=True,
    ),
    Parser(
        "settings of a recipe",
        "settings.txt",
        _texts("optim.epochs=2\noptim.milestones=[8, 10]", "cfb.bank=false", "motion.depth=plane"),
        _settings,
        3,
        (b".", b"=", b"[", b"{", b"&a ", b"*a", b"!!python/object/apply:os.system ", *_NUMBERS),
        text=True,
    ),
    Parser(
        "config.yaml",
        "config.yaml",
        lambda folder: [yaml.safe_dump(to_dict(_config()), sort_keys=False).encode()],
        lambda file: RunFolder(file.parent).read_config(),
        0.5,
        (b"!!python/object/apply:os.system [id]", b"&a [*a]", b": ", b"- ", b"\n", *_NUMBERS),
        text=True,
    ),
    Parser(
        "metrics.jsonl",
        "metrics.jsonl",
        _texts(json.dumps(_RECORD) + "\n" + json.dumps({**_RECORD, "epoch": 1}) + "\n"),
        lambda file: RunFolder(file.parent).read_metrics(),
        6,
        _JSON,
        text=True,
    ),
    Parser(
        "results.json",
        "results.json",
        _texts(json.dumps({"acc_softmax": 0.5, "task": "e2h", "per_class_accuracy": [0.1, None]})),
        lambda file: RunFolder(file.parent).read_results(),
        6,
        _JSON,
        text=True,
    ),
    Parser("check table", "table.csv", _table_seeds, lambda file: CheckTable(file, resume=True), 4, _LISTS, text=True),
    Parser("facts of videos", "facts.jsonl", _facts_seeds, _read_facts, 2, _JSON, text=True),
    Parser(
        "settings.json of a prepared folder",
        "settings.json",
        _texts(json.dumps({"depth": "ground", "seed": 0})),
        lambda file: require_same_settings(file.parent, {"depth": "ground", "seed": 0}),
        5,
        _JSON,
        text=True,
    ),
    Parser("depth.json", "depth.json", _depth_folder, lambda file: FolderDepth.open(file.parent), 5, _JSON, text=True),
    Parser(
        "camera file",
        "a.camera.json",
        _texts(_CAMERA),
        lambda file: read_camera(file.with_name("a.png"), size=(12, 16)),
        5,
        _JSON,
        text=True,
    ),
    Parser("poses, .json", "poses.json", _poses("poses.json"), CameraPath.load, 3, _JSON, text=True),
    Parser("poses, .txt", "poses.txt", _poses("poses.txt"), CameraPath.load, 2, _LISTS, text=True),
    Parser("poses, .npy", "poses.npy", _poses("poses.npy"), CameraPath.load, 2, _ARRAYS),
    Parser(
        "manifest of clips",
        "manifest.jsonl",
        _manifest_seeds,
        lambda file: read_manifests(file.parent),
        4,
        _JSON,
        text=True,
    ),
    Parser("task.yaml", "task.yaml", lambda folder: [_task_text()], load_task, 0.3, (b": ", b"- ", *_NUMBERS), True),
    Parser("plan.json", "plan.json", lambda folder: [_plan_text()], read_plan, 1, _JSON, text=True),
    Parser("summary.json", "summary.json", _texts('{"rows": [{"runs": []}]}'), read_summary, 3, _JSON, text=True),
    Parser(
        "expectations", "expected.json", _texts('{"rows": {"cfb": {"bands": {}}}}'), read_expectations, 3, _JSON, True
    ),
    Parser("flow, .flo", "flow.flo", _written("flow.flo", lambda file: flowio.write(file, _FLOW)), flowio.read, 3),
    Parser("flow, KITTI .png", "flow.png", _written("flow.png", lambda f: flowio.write(f, _FLOW)), flowio.read, 2),
    Parser("flow, .npz", "flow.npz", _npz_seeds, flowio.read, 1, _ARRAYS),
    Parser(
        "flow, .npy", "flow.npy", _written("flow.npy", _saved(np.zeros((2, 4, 5, 2), "u1"))), flowio.read, 3, _ARRAYS
    ),
    Parser(
        "depth, .npy", "depth.npy", _written("depth.npy", _saved(np.ones((4, 5), "f4"))), read_depth_file, 3, _ARRAYS
    ),
    Parser(
        "depth, .pfm", "depth.pfm", _texts("Pf\n3 2\n-1.0\n" + "x" * 24), read_depth_file, 2, (b"PF", b"\n", *_NUMBERS)
    ),
    Parser("depth, .png", "depth.png", _grey, read_depth_file, 1),
    Parser(
        "instance mask",
        "mask.png",
        lambda folder: [_picture(".png", np.eye(12, dtype=np.uint8))],
        lambda file: read_instances(file, size=(12, 12)),
        1,
    ),
    Parser(
        "photo (depthmotion)",
        "photo.jpg",
        _images(".jpg", ".png", ".webp", ".bmp", ".ppm", ".tiff"),
        lambda file: decode_image(file.read_bytes(), max_pixels=10**6),
        3,
        (b"\xff\xd8", b"\xff\xe1", b"Exif\0\0", b"IHDR", b"IDAT"),
    ),
    Parser(
        "photo (videoda)", "photo.jpg", _images(".jpg", ".png", ".webp", ".bmp"), read_image, 3, (b"IHDR", b"\xff\xe1")
    ),
    Parser(
        "archive", "clap.zip", _archive_seeds, _unpack, 0.7, (b"PK\x03\x04", b"PK\x01\x02", b"../../evil", b"/etc/evil")
    ),
    Parser("bank.json", "bank.json.damaged", _bank_file("bank.json"), _read_bank, 0.8, _JSON, text=True),
    Parser("bank index", "index.damaged", _bank_file("generations/*.index"), _read_bank, 0.8),
    Parser("bank entries", "entries.damaged", _bank_file("entries.slab"), _read_bank, 0.4),
    Parser(
        "weights, .pt",
        "weights.pt",
        _checkpoint_seeds,
        read_state_dict,
        1,
        (b"cposix\nsystem\n", b"PK\x03\x04", b".pkl"),
    ),
    Parser("weights, .npz", "weights.npz", _npz_seeds, read_state_dict, 1, _ARRAYS),
    Parser("weights, .safetensors", "weights.safetensors", _safetensors_seeds, read_state_dict, 3, _JSON),
    Parser(
        "checkpoint", "last.pt", _checkpoint_seeds, load_checkpoint, 1, (b"cposix\nsystem\n", b"PK\x01\x02", b"data/0")
    ),
    Parser(
        "video: facts and frames", "video.avi", _video_seeds, _read_video, 1.6, (b"moov", b"mdat", b"LIST", b"idx1")
    ),
    Parser(
        "video: check", "video.avi", _video_seeds, check_video, 1.6, (b"trak", b"stsz", b"strh", b"\x1a\x45\xdf\xa3")
    ),
    Parser("frame strip", "strip.jpg", _strips, lambda file: len(open_video(file)), 0.3),
)


def _task_text() -> bytes:
    from importlib import resources

    return (resources.files("videoda_bench") / "tasks" / "e2h.yaml").read_bytes()


def _plan_text() -> bytes:
    run = {"row": "cfb", "seed": 0, "folder": "runs/a", "needs": [], "config": to_dict(_config())}
    return json.dumps([run], default=str).encode()


def damaged(seeds: list[bytes], words: tuple[bytes, ...], rng: random.Random) -> bytes:
    """Return a whole file with one to eight damages: bits, bytes, numbers, words, cuts, repetitions, splices."""
    data = bytearray(rng.choice(seeds))
    for _ in range(1 + min(int(rng.expovariate(0.6)), 7)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(9)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 2:
            data[at : at + 4] = rng.choice((b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff\xff\xff\xff", b"\0\0\0\0"))
        elif kind == 3:
            data[at:at] = rng.choice(words) if words else rng.randbytes(rng.randrange(1, 9))
        elif kind == 4 and words:
            word = rng.choice(words)
            data[at : at + len(word)] = word
        elif kind == 5:
            del data[at : at + rng.randrange(1, 17)]
        elif kind == 6:
            del data[at:]
        elif kind == 7:
            end = at + rng.randrange(1, 33)
            data[at:at] = data[at:end] * rng.randrange(1, 4)
        else:
            other = rng.choice(seeds)
            data[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(data)


def record(parser: Parser) -> dict[str, object]:
    """Return what a parser is, for the results."""
    return {key: value for key, value in asdict(parser).items() if key in ("name", "file", "share")}
