"""Folders that go wrong: full, read-only; programs that run in them."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Running, group_members


@contextlib.contextmanager
def small_disk(place: Path, *, mebibytes: float) -> Iterator[Path]:
    """Mount an empty file system on a new folder, for the length of a block; skip where that is forbidden."""
    place.mkdir()
    size = f"size={int(mebibytes * 1024)}k"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        place.rmdir()
        pytest.skip(f"file systems cannot be mounted here: {done.stderr.decode(errors='replace').strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)
        place.rmdir()


def resize(place: Path, *, mebibytes: float) -> None:
    """Give a mounted small disk another size."""
    remount(place, f"size={int(mebibytes * 1024)}k")


def remount(place: Path, options: str) -> None:
    """Change the options of a mounted small disk, such as `ro`."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True, capture_output=True)


def fill(place: Path, *, leave_kibibytes: int = 0) -> Path:
    """Fill a small disk with a file, and return it."""
    ballast = place / "ballast"
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize - 1024 * leave_kibibytes
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(free, 1))
    return ballast


def children_of(running: Running) -> list[int]:
    """Return the processes that a command started."""
    return [member for member in group_members(running.pid) if member != running.pid]


def kill_one_worker(running: Running, *, seconds: float) -> int:
    """Wait until the command has workers at work, kill one with SIGKILL, and return it."""
    limit = time.monotonic() + seconds
    while running.alive and time.monotonic() < limit:
        workers = [child for child in children_of(running) if _is_worker(child)]
        if workers:
            os.kill(workers[0], signal.SIGKILL)
            return workers[0]
        time.sleep(0.005)
    raise AssertionError(f"no worker was seen: {running.said()}")


def _is_worker(process: int) -> bool:
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return b"spawn_main" in command
