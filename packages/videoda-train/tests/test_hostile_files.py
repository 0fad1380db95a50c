"""Damaged and malicious files: refused in one message that names the file, and nothing in them is run."""

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from videoda_train.data.flow.raft import load_raft_small
from videoda_train.data.prepare._unpack import unpack
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.errors import MissingDatasetError, RunError, StorageError
from videoda_train.run_folder import RunFolder


class Evil:
    """A pickle of it writes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def evil_checkpoint(file: Path, marker: Path) -> None:
    torch.save({"module": {"a": torch.ones(1)}, "losses": Evil(marker)}, file)


def evil_old_checkpoint(file: Path, marker: Path) -> None:
    torch.save({"module": Evil(marker)}, file, _use_new_zipfile_serialization=False)


def evil_pickle(file: Path, marker: Path) -> None:
    file.write_bytes(pickle.dumps(Evil(marker)))


def evil_array(file: Path, marker: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, np.array([Evil(marker)], dtype=object), allow_pickle=True)


EVIL = [evil_checkpoint, evil_old_checkpoint, evil_pickle, evil_array]


def test_the_pickles_of_these_tests_do_run_code_where_they_are_loaded_carelessly(tmp_path: Path) -> None:
    evil_pickle(tmp_path / "a", tmp_path / "marker")
    pickle.loads((tmp_path / "a").read_bytes())
    assert (tmp_path / "marker").exists()


@pytest.mark.parametrize("write", EVIL)
@pytest.mark.parametrize("load", [load_checkpoint, load_raft_small])
def test_code_in_a_checkpoint_or_in_weights_is_refused_and_not_run(
    tmp_path: Path, write: Callable[[Path, Path], None], load: Callable[[Path], object]
) -> None:
    file, marker = tmp_path / "last.pt", tmp_path / "marker"
    write(file, marker)
    with pytest.raises(Exception, match=r"last\.pt") as caught:
        load(file)
    assert type(caught.value).__name__ in ("RunError", "WeightsError")
    assert "\n" not in str(caught.value)
    assert not marker.exists()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:64] + data[80:]])
@pytest.mark.parametrize("new", [True, False])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, new: bool, damage: Callable[[bytes], bytes]) -> None:
    stream = io.BytesIO()
    torch.save({"module": {"a": torch.ones(3)}, "epoch": 1}, stream, _use_new_zipfile_serialization=new)
    (tmp_path / "last.pt").write_bytes(damage(stream.getvalue()))
    with pytest.raises(RunError, match=r"cannot read the checkpoint .*last\.pt"):
        load_checkpoint(tmp_path / "last.pt")


DAMAGED = [b"\xff\xfe", b"{", b"[" * 100_000, b'{"epoch": ' + b"1" * 5000 + b"}", b"3", b'{"epoch": "x"}\n[]']


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_files_of_a_run_are_named(tmp_path: Path, content: bytes) -> None:
    for name in ("metrics.jsonl", "config.yaml"):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged"):
        RunFolder(tmp_path).read_metrics()
    with pytest.raises(RunError, match=r"config\.yaml is not a run's configuration"):
        RunFolder(tmp_path).read_config()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[" * 100_000, b"[1]"])
def test_damaged_results_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "results.json").write_bytes(content)
    with pytest.raises(RunError, match=r"results\.json is damaged"):
        RunFolder(tmp_path).read_results()


def test_results_of_a_whole_run_are_read(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"seed": 3}))
    assert RunFolder(tmp_path).read_results() == {"seed": 3}


def write_zip(file: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("clap/1.avi", content)
    return bytearray(file.read_bytes())


def test_an_archive_that_would_fill_the_disk_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_zip(tmp_path / "clap.zip", bytes(1000))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = (2**32 - 16).to_bytes(4, "little")
    (tmp_path / "clap.zip").write_bytes(data)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(2**40, 2**39, 2**30))
    with pytest.raises(StorageError, match=r"clap\.zip unpacks to 4,096 MiB and .* has 1,024 MiB free"):
        unpack(tmp_path / "clap.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["clap.zip"]


def damaged_stream(data: bytearray) -> None:
    data[60] ^= 0xFF


def encrypted(data: bytearray) -> None:
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1


def deflate64(data: bytearray) -> None:
    data[8] = 9
    data[data.index(b"PK\x01\x02") + 10] = 9


def before_its_start(data: bytearray) -> None:
    at = data.index(b"PK\x05\x06") + 16
    data[at : at + 4] = b"\xff\xff\xff\x7f"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damaged_stream, "cannot be unpacked"),
        (encrypted, "is encrypted; unpack it yourself"),
        (deflate64, "unpack it yourself"),
        (before_its_start, "cannot be unpacked"),
    ],
)
def test_archives_that_cannot_be_unpacked_are_named_with_what_to_do(
    tmp_path: Path, damage: Callable[[bytearray], None], message: str
) -> None:
    data = write_zip(tmp_path / "clap.zip", np.random.default_rng(0).bytes(500))
    damage(data)
    (tmp_path / "clap.zip").write_bytes(data)
    with pytest.raises(MissingDatasetError, match=rf"clap\.zip.*{message}"):
        unpack(tmp_path / "clap.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["clap.zip"]
