"""Processor counts from control groups laid out as the kernel does, and what the commands set by them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from videoda_train.processors import prepare_environment, thread_count, usable_cpus


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def count(root: Path, membership: str, *, affinity: int = 16) -> int:
    (root / "membership").write_text(membership)
    return usable_cpus(affinity=affinity, cgroups=root, membership=root / "membership")


@pytest.mark.parametrize(("quota", "expected"), [("200000 100000", 2), ("max 100000", 16), ("50000 100000", 1),
                                                 ("350000 100000", 3), ("3200000 100000", 16), ("", 16),
                                                 ("0 100000", 16), ("x y", 16)])  # fmt: skip
def test_a_quota_of_version_2_limits_the_processors(tmp_path: Path, quota: str, expected: int) -> None:
    write(tmp_path, {"a/b/cpu.max": quota})
    assert count(tmp_path, "0::/a/b\n") == expected


def test_the_smallest_quota_of_a_group_and_those_above_it_counts(tmp_path: Path) -> None:
    write(tmp_path, {"a/cpu.max": "300000 100000", "a/b/cpu.max": "800000 100000", "other/cpu.max": "100000 100000"})
    assert count(tmp_path, "0::/a/b\n") == 3
    assert count(tmp_path, "0::/a/b\n", affinity=2) == 2


def test_in_a_container_the_quota_is_that_of_the_mount(tmp_path: Path) -> None:
    write(tmp_path, {"cpu.max": "400000 100000"})
    assert count(tmp_path, "0::/\n") == 4
    assert count(tmp_path, "0::/../../of/the/host\n") == 4


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu"])
def test_a_quota_of_version_1_limits_the_processors(tmp_path: Path, folder: str) -> None:
    write(tmp_path, {
        f"{folder}/job/cpu.cfs_quota_us": "250000\n", f"{folder}/job/cpu.cfs_period_us": "100000\n",
        f"{folder}/cpu.cfs_quota_us": "-1\n", f"{folder}/cpu.cfs_period_us": "100000\n",
    })  # fmt: skip
    assert count(tmp_path, "5:memory:/job\n4:cpu,cpuacct:/job\n3:cpuset:/\n") == 2
    assert count(tmp_path, "4:cpu,cpuacct:/\n") == 16


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert usable_cpus(affinity=5, cgroups=tmp_path / "none", membership=tmp_path / "none") == 5
    assert usable_cpus() >= 1


@pytest.mark.parametrize(
    ("asked", "cpus", "side_by_side", "expected"),
    [(None, 8, 1, 8), (None, 8, 3, 2), (None, 2, 5, 1), ("4", 8, 1, 4), ("4", 8, 4, 2), ("16", 8, 1, 8),
     ("4,2", 8, 1, 4), ("many", 8, 1, 8), ("0", 8, 1, 8)],
)  # fmt: skip
def test_threads_are_what_the_user_asked_for_or_a_fair_share_if_that_is_less(
    asked: str | None, cpus: int, side_by_side: int, expected: int
) -> None:
    environment = {} if asked is None else {"OMP_NUM_THREADS": asked}
    assert thread_count(environment, cpus=cpus, side_by_side=side_by_side) == expected


def test_without_a_quota_only_the_waiting_is_set() -> None:
    environment: dict[str, str] = {}
    prepare_environment(environment, cpus=8, all_cpus=8)
    assert environment == {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}


def test_under_a_quota_there_are_no_more_threads_than_it_allows() -> None:
    environment = {"OMP_NUM_THREADS": "12", "OMP_WAIT_POLICY": "active"}
    prepare_environment(environment, cpus=3, all_cpus=8)
    assert environment == {"OMP_NUM_THREADS": "3", "OMP_WAIT_POLICY": "active", "OPENCV_FOR_THREADS_NUM": "3"}


COMMAND = """
import json, os, sys
import videoda_train.cli.entry as entry
before = sorted({"torch", "cv2", "numpy"} & set(sys.modules))
entry.exit_code = lambda program, run: 0
sys.argv = ["videoda"]
try:
    entry.main()
except SystemExit:
    pass
import cv2, torch
print(json.dumps([before, os.environ["OMP_WAIT_POLICY"], torch.get_num_threads(), cv2.getNumThreads()]))
"""


def test_the_command_sets_threads_before_torch_and_opencv_are_loaded() -> None:
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1"}
    said = subprocess.run([sys.executable, "-c", COMMAND], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [[], "passive", 1, 1]


def test_importing_the_library_sets_nothing() -> None:
    command = "import os; before = dict(os.environ); import videoda_train.processors; assert before == dict(os.environ)"
    subprocess.run([sys.executable, "-c", command], check=True)
