"""A full or closed disk is named, with what is kept and how to go on; no photo or video is blamed for it."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_training import final_weights, tiny_config
from videoda_train.data import atomic_file
from videoda_train.data.atomic_file import write_text
from videoda_train.engine import run_training
from videoda_train.errors import StorageError
from videoda_train.recipes.config import LoadingConfig
from videoda_train.run_folder import RunFolder
from videoda_train.storage import refusals_named


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A function that makes a disk of so many KiB, or makes it that large."""
    folder = tmp_path / "small-disk"
    folder.mkdir()

    def resize(kibibytes: int) -> Path:
        size = f"size={kibibytes}k"
        options = f"remount,{size}" if os.path.ismount(folder) else size
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "videoda-test", str(folder)], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
        return folder

    yield resize
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def calm_run(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tiny_config(tiny_data)
    config = replace(config, optim=replace(config.optim, epochs=1, milestones=()))
    return run_training(config, tmp_path_factory.mktemp("runs") / "calm", progress=False).folder


@pytest.mark.parametrize("kibibytes", [8, 300, 7000])
def test_a_run_that_met_a_full_disk_goes_on_to_the_same_weights_once_there_is_room(
    calm_run: Path, small_disk: Callable[[int], Path], kibibytes: int
) -> None:
    config = RunFolder(calm_run).read_config()
    config = replace(config, loading=LoadingConfig(prepared_dir=calm_run / "prepared"))
    folder = small_disk(kibibytes) / "run"
    with pytest.raises(StorageError, match=r"small-disk/run.*No space left on device.*continue with --resume"):
        run_training(config, folder, progress=False)
    small_disk(20_000)
    run_training(config, folder, resume=True, progress=False)
    expected, resumed = final_weights(calm_run), final_weights(folder)
    assert all(torch.equal(value, resumed[name]) for name, value in expected.items())


@pytest.mark.parametrize("part", ["packed_16", "flow_32"])
def test_a_disk_that_is_full_while_files_are_prepared_is_no_fault_of_a_photo_or_video(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    sync = os.fsync

    def full(file: int) -> None:
        if part in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    monkeypatch.setattr(atomic_file.os, "fsync", full)
    with pytest.raises(StorageError, match=rf"cannot write .*/{part}/.*: No space left on device \(.* MiB free\)"):
        run_training(tiny_config(tiny_data), tmp_path / "run", progress=False)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(file: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(atomic_file.os, "fsync", refuse)
    with pytest.raises(StorageError, match=rf"cannot write .*metrics\.jsonl: {os.strerror(code)} \(.*what is finished"):
        write_text(tmp_path / "metrics.jsonl", "{}")
    assert list(tmp_path.iterdir()) == []


def test_an_input_that_may_not_be_read_is_not_called_a_disk_that_refuses(tmp_path: Path) -> None:
    photo = OSError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "photos" / "a.jpg"))
    with pytest.raises(PermissionError, match=r"a\.jpg"), refusals_named(tmp_path / "run"):
        raise photo
