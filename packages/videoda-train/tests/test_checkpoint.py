import errno
import os
import pickle
import signal
import time
import warnings
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch
from tiny_engine import PointMethod, point_config, train_points
from videoda_train.data import atomic_file
from videoda_train.engine.checkpoint import keep_as, load_checkpoint, retain, save_checkpoint
from videoda_train.errors import RunError
from videoda_train.recipes.config import CheckpointConfig


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    content = {"module": {"w": torch.arange(3.0)}, "epoch": 2, "losses": {"a": 0.5}}
    save_checkpoint(tmp_path / "c.pt", content)
    loaded = load_checkpoint(tmp_path / "c.pt")
    assert torch.equal(loaded["module"]["w"], content["module"]["w"])
    assert (loaded["epoch"], loaded["losses"]) == (2, {"a": 0.5})


class Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pickled-code-was-run",)


def test_a_checkpoint_with_pickled_code_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"module": Code()}, tmp_path / "code.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"module": Code()}, protocol=2))
    for name in ("code.pt", "plain.pt"):
        with pytest.raises(RunError, match=f"cannot read the checkpoint .*{name}"):
            load_checkpoint(tmp_path / name)
    assert not (tmp_path / "pickled-code-was-run").exists()


def test_a_damaged_missing_or_foreign_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.pt").write_bytes(b"PK\x03\x04 cut")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(RunError, match=r"cannot read the checkpoint .*cut\.pt"):
        load_checkpoint(tmp_path / "cut.pt")
    with pytest.raises(RunError, match=r"no checkpoint at .*gone\.pt"):
        load_checkpoint(tmp_path / "gone.pt")
    with pytest.raises(RunError, match=r"list\.pt is not a checkpoint of videoda"):
        load_checkpoint(tmp_path / "list.pt")


class FullDisk:
    """A file of a disk with room for so many bytes."""

    def __init__(self, file: BinaryIO, room: int):
        self._file, self._room = file, room

    def write(self, data: Any) -> int:
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_a_full_disk_is_named_and_the_previous_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path / "last.pt", {"module": {"w": torch.zeros(5)}, "epoch": 1})
    write_bytes = atomic_file.write_bytes
    monkeypatch.setattr(
        "videoda_train.engine.checkpoint.write_bytes",
        lambda path, write: write_bytes(path, lambda file: write(FullDisk(file, 1000))),  # type: ignore[arg-type]
    )
    with pytest.raises(RunError, match=r"last\.pt: No space left on device \(.*previous checkpoint is kept.*--resume"):
        save_checkpoint(tmp_path / "last.pt", {"module": {"w": torch.zeros(5000)}, "epoch": 2})
    assert load_checkpoint(tmp_path / "last.pt")["epoch"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


def test_a_kept_checkpoint_outlives_the_next_newest_one(tmp_path: Path) -> None:
    for epoch in range(4):
        save_checkpoint(tmp_path / "last.pt", {"module": {}, "epoch": epoch})
        retain(tmp_path / "last.pt", epoch=epoch, keep_last=2, is_best=epoch == 1)
    found = {path.name: load_checkpoint(path)["epoch"] for path in tmp_path.iterdir()}
    assert found == {"last.pt": 3, "epoch-0002.pt": 2, "epoch-0003.pt": 3, "best.pt": 1}


def test_where_no_second_link_can_be_made_a_copy_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "last.pt").write_bytes(b"content")
    keep_as(tmp_path / "last.pt", tmp_path / "best.pt")
    assert (tmp_path / "best.pt").read_bytes() == b"content"


class SlowMethod(PointMethod):
    def training_step(self, batch: Any, *, epoch: int, step: int) -> dict[str, torch.Tensor]:
        time.sleep(0.02)
        return super().training_step(batch, epoch=epoch, step=step)


def train_slowly(folder: Path) -> None:
    config = replace(point_config(), checkpoint=CheckpointConfig(every_minutes=0.0, keep_last=2))
    train_points(folder, config, SlowMethod(batch_norm=True, dropout=0.3))


def test_runs_killed_at_any_moment_go_on_to_the_same_weights(tmp_path: Path) -> None:
    train_slowly(tmp_path / "calm")
    for delay in (0.03, 0.05, 0.07):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking a process that has threads
            process = get_context("fork").Process(target=train_slowly, args=(tmp_path / "hit",))
            process.start()
        time.sleep(delay)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    train_slowly(tmp_path / "hit")
    ends = [load_checkpoint(tmp_path / name / "checkpoints" / "last.pt") for name in ("calm", "hit")]
    for name, value in ends[0]["module"].items():
        assert torch.equal(value, ends[1]["module"][name]), name
