"""The lock of a run folder."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from videoda_train.errors import RunError
from videoda_train.run_owner import LOCK_FILE, sole_owner

HOLDER = """
import sys
from pathlib import Path
from videoda_train.run_owner import sole_owner
with sole_owner(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_owner_is_refused_at_once_and_told_who_the_first_is(tmp_path: Path) -> None:
    process = hold(tmp_path)
    match = rf"is in use by process {process.pid} on {socket.gethostname()} since \d{{4}}-\d\d-\d\d \d\d:\d\d UTC;"
    with pytest.raises(RunError, match=match), sole_owner(tmp_path):
        pass
    process.communicate("")
    with sole_owner(tmp_path):
        assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] == os.getpid()


def test_the_lock_of_a_killed_process_blocks_nobody(tmp_path: Path) -> None:
    process = hold(tmp_path)
    process.kill()
    process.communicate()
    assert (tmp_path / LOCK_FILE).read_text()
    with sole_owner(tmp_path):
        pass


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_a_lock_that_is_not_a_plain_file_is_refused_and_nothing_is_written_through_it(
    tmp_path: Path, kind: str
) -> None:
    folder, other = tmp_path / "run", tmp_path / "precious.txt"
    folder.mkdir()
    if kind == "pipe":
        os.mkfifo(folder / LOCK_FILE)
    elif kind == "folder":
        (folder / LOCK_FILE).mkdir()
    else:
        (folder / LOCK_FILE).symlink_to(other)
    if kind == "link":
        other.write_text("mine")
    with pytest.raises(RunError, match=r"\.videoda-run\.lock is not a plain file"), sole_owner(folder):
        pass
    assert not other.exists() if kind != "link" else other.read_text() == "mine"
