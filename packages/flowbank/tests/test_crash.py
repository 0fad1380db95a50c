import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from flowbank import FlowBank, verify

SCRIPT = Path(__file__).with_name("crash_writer.py")
spec = importlib.util.spec_from_file_location("crash_writer", SCRIPT)
crash_writer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(crash_writer)


def expected_numbers(generation: int) -> list[list[int]]:
    """What a plain sorted list holds after that many commits."""
    kept: list[list[tuple[float, int]]] = [[] for _ in range(crash_writer.CLASSES)]
    for step in range(generation):
        if step % 7 == 6:
            kept = [[] for _ in kept]
        for label, confidence, number in crash_writer.plan(step):
            kept[label] = sorted([*kept[label], (-confidence, number)])[: crash_writer.CAPACITY]
    return [[number for _, number in own] for own in kept]


def check(folder: Path) -> int:
    """Compare the bank with the sorted lists, byte by byte, and return its generation."""
    assert verify(folder).problems == ()
    with FlowBank.open(folder) as bank:
        for label, numbers in enumerate(expected_numbers(bank.generation)):
            rows = bank.snapshot.rows_of(label)
            assert [bank.snapshot.index.text(row)["key"] for row in range(rows.start, rows.stop)] == [
                str(number) for number in numbers
            ]
            for row, number in zip(range(rows.start, rows.stop), numbers, strict=True):
                stored = bank.snapshot.stored(row, array="clip")
                np.testing.assert_array_equal(stored, crash_writer.clip_of(number)[0])
        return bank.generation


def kill_after(folder: Path, delay: float) -> int:
    """Run the writer, kill it `delay` seconds after it has opened the bank; return what it said it had committed."""
    writer = subprocess.Popen([sys.executable, str(SCRIPT), str(folder)], stdout=subprocess.PIPE, text=True)
    said = [writer.stdout.readline()]
    assert said[0].startswith("opened"), said
    time.sleep(delay)
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.read().splitlines()
    writer.wait()
    writer.stdout.close()
    return max(int(line.split()[1]) for line in said if len(line.split()) == 2)


def crash_repeatedly(folder: Path, *, times: int) -> int:
    settings = {"num_classes": crash_writer.CLASSES, "capacity": crash_writer.CAPACITY}
    FlowBank.create(folder, **settings, clip_shape=(crash_writer.VALUES,)).close()
    rng = np.random.default_rng(0)
    generation = 0
    for _ in range(times):
        said = kill_after(folder, float(rng.uniform(0, 0.05)))
        generation = check(folder)
        assert said <= generation <= said + 1
    with FlowBank.open(folder, mode="r+") as bank:
        bank.commit()
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        assert names == [
            "bank.json",
            "entries.slab",
            f"generations/{bank.generation:012d}.index",
            "sums.slab",
            "writer.lock",
        ]
        slots = (folder / "entries.slab").stat().st_size // bank.config.record_bytes
        assert slots <= 2 * sum(bank.config.capacities)
    return generation


def test_a_killed_writer_leaves_its_last_committed_generation(tmp_path):
    assert crash_repeatedly(tmp_path / "bank", times=2) > 0


@pytest.mark.slow
def test_a_writer_killed_two_hundred_times_leaves_its_last_committed_generation(tmp_path):
    assert crash_repeatedly(tmp_path / "bank", times=200) > 200


def test_every_file_system_call_of_a_commit_may_be_the_last(tmp_path, monkeypatch):
    """Stop at each call in turn, as a crash between two calls would, and open what is left."""
    import os

    class Crash(BaseException):
        pass

    def run(limit: int) -> bool:
        folder = tmp_path / str(limit)
        bank = FlowBank.create(folder, num_classes=3, capacity=4, clip_shape=(crash_writer.VALUES,))
        calls = 0

        def counted(function):
            def wrapper(*arguments, **named):
                nonlocal calls
                calls += 1
                if calls > limit:
                    raise Crash
                return function(*arguments, **named)

            return wrapper

        with monkeypatch.context() as patch:
            for name in ("pwrite", "fdatasync", "fsync", "ftruncate", "unlink", "rename"):
                patch.setattr(os, name, counted(getattr(os, name)))
            try:
                for step in range(3):
                    for label, confidence, number in crash_writer.plan(step):
                        bank.insert([label], [confidence], crash_writer.clip_of(number), keys=[str(number)])
                    bank.commit()
                finished = True
            except Crash:
                finished = False
        bank.close()
        check(folder)
        with FlowBank.open(folder, mode="r+") as again:
            again.commit()
            assert len(list((folder / "generations").iterdir())) == 1
        assert verify(folder).problems == ()
        return finished

    limit = 0
    while not run(limit):
        limit += 1
    assert limit > 20
