import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from flowbank import FlowBank, verify

CLASSES, CAPACITY, VALUES = 3, 4, 3000
pytestmark = pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")


def clip_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (1, VALUES), dtype=np.uint8)


def plan(step: int) -> list[tuple[int, float, int]]:
    """Label, confidence and number of the inserts of a step."""
    rng = np.random.default_rng([step, 1])
    return [(int(rng.integers(CLASSES)), float(rng.random()), step * 10 + i) for i in range(4)]


def take_step(bank: FlowBank) -> None:
    step = bank.generation
    if step % 7 == 6:
        bank.clear()
    for label, confidence, number in plan(step):
        bank.insert([label], [confidence], clip_of(number), keys=[str(number)])
    bank.commit()


def write_until_killed(folder: Path, said) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Ctrl-C's traceback
    bank = FlowBank.open(folder, mode="r+")
    said.value = bank.generation
    while True:
        take_step(bank)
        said.value = bank.generation


def expected_numbers(generation: int) -> list[list[int]]:
    """What a plain sorted list holds after that many commits."""
    kept: list[list[tuple[float, int]]] = [[] for _ in range(CLASSES)]
    for step in range(generation):
        if step % 7 == 6:
            kept = [[] for _ in kept]
        for label, confidence, number in plan(step):
            kept[label] = sorted([*kept[label], (-confidence, number)])[:CAPACITY]
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
                np.testing.assert_array_equal(stored, clip_of(number)[0])
        return bank.generation


def kill_after(folder: Path, *, commits: int, delay: float, number: int) -> int:
    """Run a writer, kill it `delay` seconds after its n-th commit; return what it said it had committed."""
    context = multiprocessing.get_context("fork")
    said = context.Value("q", -1, lock=False)
    writer = context.Process(target=write_until_killed, args=(folder, said))
    writer.start()
    with FlowBank.open(folder) as bank:
        wanted = bank.generation + commits
    while said.value < wanted:
        time.sleep(0.001)
    time.sleep(delay)
    while writer.is_alive():  # Python swallows a Ctrl-C that comes while it tears an object down
        os.kill(writer.pid, number)
        writer.join(1)
    return int(said.value)


def crash_repeatedly(folder: Path, *, times: int) -> int:
    settings = {"num_classes": CLASSES, "capacity": CAPACITY}
    FlowBank.create(folder, **settings, clip_shape=(VALUES,)).close()
    rng = np.random.default_rng(0)
    generation = 0
    for turn in range(times):
        number = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[turn % 3]
        said = kill_after(folder, commits=int(rng.integers(3)), delay=float(rng.uniform(0, 0.03)), number=number)
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
    assert crash_repeatedly(tmp_path / "bank", times=15) > 0


@pytest.mark.slow
def test_a_writer_killed_two_hundred_times_leaves_its_last_committed_generation(tmp_path):
    assert crash_repeatedly(tmp_path / "bank", times=200) > 200


def test_every_file_system_call_of_a_commit_may_be_the_last(tmp_path, monkeypatch):
    """Stop at each call in turn, as a crash between two calls would, and open what is left."""

    class Crash(BaseException):
        pass

    def run(limit: int) -> bool:
        folder = tmp_path / str(limit)
        bank = FlowBank.create(folder, num_classes=3, capacity=4, clip_shape=(VALUES,))
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
                for _ in range(3):
                    take_step(bank)
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
