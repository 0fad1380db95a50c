"""One odd item is named and ends nothing: exceptions, hangs, crashes, kills."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from odd_items import EndsItsProcess, act, write_pid_and_hang
from videoda_train.data.each_item import for_each
from videoda_train.data.failed_item import Failed
from videoda_train.errors import ConfigError, RunError, StorageError


def outcomes(items: list[str], *, workers: int = 2, limit_s: float | None = None) -> list[object]:
    found = dict(for_each(act, items, workers=workers, description="x", limit_s=limit_s, progress=False))
    assert sorted(found) == list(range(len(items)))
    return [found[index].reason if isinstance(found[index], Failed) else found[index] for index in range(len(items))]


@pytest.mark.parametrize(("workers", "limit_s"), [(1, None), (1, 600.0)])
def test_whatever_an_item_raises_is_its_own_failure(workers: int, limit_s: float | None) -> None:
    assert outcomes(["a", "memory", "ours", "foreign", "missing", "b"], workers=workers, limit_s=limit_s) == [
        "A",
        "too little memory for it",
        "v.avi is truncated",
        "ZeroDivisionError: division by zero in two lines",
        "No such file or directory: v.avi",
        "B",
    ]


def test_a_process_that_dies_names_its_item_and_the_others_are_done() -> None:
    found = outcomes(["a", "SIGKILL", "SIGSEGV", "exit", "unsendable", "b"])
    assert [found[0], found[5]] == ["A", "B"]
    assert found[1] == "the process that worked on it was ended by SIGKILL (too little memory?)"
    assert found[2] == "the process that worked on it was ended by SIGSEGV"
    assert found[3] == "the process that worked on it ended with exit code 7"
    assert str(found[4]).startswith("its result cannot be sent: ")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_item_that_hangs_is_stopped_at_the_limit_with_one_worker_too(workers: int) -> None:
    found = outcomes(["hang", "a", "b"], workers=workers, limit_s=1.0)
    assert found[1:] == ["A", "B"]
    assert str(found[0]).startswith("took longer than 1 s and was stopped")


@pytest.mark.parametrize(("item", "limit_s"), [("full", None), ("full, named", None), ("full, named", 600.0)])
def test_a_full_disk_ends_it_all(item: str, limit_s: float | None) -> None:
    with pytest.raises((OSError, StorageError), match="No space left on device"):
        outcomes([item, "a"], workers=1, limit_s=limit_s)


def test_a_process_that_cannot_start_is_told_from_a_bad_item() -> None:
    with pytest.raises(RunError, match=r"a worker process cannot start \(ended with exit code 9\)"):
        list(for_each(EndsItsProcess(), ["a"], workers=2, description="x", limit_s=60.0, progress=False))


def test_a_script_without_a_main_guard_is_run_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from videoda_train.data.each_item import for_each\n"
        f"with Path({str(tmp_path / 'runs')!r}).open('a') as file:\n"
        "    file.write('run\\n')\n"
        "print(dict(for_each(len, ['ab'], workers=1, description='x', limit_s=600.0, progress=False)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("{0: 2}\n", 0), done.stderr
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize(("workers", "limit_s"), [(0, None), (1, 0.0), (1, float("nan"))])
def test_settings_out_of_range_are_refused(workers: int, limit_s: float | None) -> None:
    with pytest.raises(ConfigError):
        outcomes(["a"], workers=workers, limit_s=limit_s)


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    for _ in for_each(write_pid_and_hang, [tmp_path / "a", tmp_path / "b"], workers=2, description="x", limit_s=1.0):
        pass
    for name in "ab":
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / name).read_text()), 0)
