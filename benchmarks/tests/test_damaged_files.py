"""Damaged files of the benchmarks are named in one message."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from videoda_bench.errors import BenchError
from videoda_bench.expectations import read_expectations
from videoda_bench.reproduction.plan import read_plan
from videoda_bench.reproduction.summary import read_summary
from videoda_bench.settings import change_settings, parse_settings
from videoda_bench.tasks import load_task
from videoda_train.recipes.custom import CUSTOM

DAMAGED = [b"\xff\xfe", b"3", b"[" * 100_000, b'{"rows": 3}', b'{"rows": [3]}', b'{"rows": ' + b"1" * 5000 + b"}"]


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("read", [read_plan, read_summary, read_expectations])
def test_a_damaged_file_is_named(tmp_path: Path, read: Callable[[Path], object], content: bytes) -> None:
    (tmp_path / "damaged.json").write_bytes(content)
    with pytest.raises(BenchError, match=r"damaged\.json"):
        read(tmp_path / "damaged.json")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"source_count: ", b"source_count: x"), (b"source: ", b"source: \xff"), (b"seeds: ", b"seeds: 2026-99-99 #")],
)
def test_a_damaged_task_file_is_named(tmp_path: Path, old: bytes, new: bytes) -> None:
    whole = (resources.files("videoda_bench.tasks") / "e2h.yaml").read_bytes()
    assert old in whole
    (tmp_path / "own.yaml").write_bytes(whole.replace(old, new))
    with pytest.raises(BenchError, match=r"own\.yaml"):
        load_task(tmp_path / "own.yaml")


def test_a_setting_that_is_no_number_python_reads_is_named() -> None:
    with pytest.raises(BenchError, match=r"is not NAME=VALUE"):
        parse_settings(["optim.epochs=" + "1" * 5000])


def test_a_setting_and_one_inside_of_it_are_refused_together() -> None:
    with pytest.raises(BenchError, match=r"motion\.depth\.x is a setting inside of depth"):
        change_settings(CUSTOM, {"motion.depth": "plane", "motion.depth.x": 1})
