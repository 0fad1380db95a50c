"""Kill a writer with SIGKILL at random moments and check what is left: `python benchmarks/speed/flowbank_crash.py`."""

import argparse
import multiprocessing
import shutil
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import numpy as np
from flowbank import FlowBank, verify
from measurements import row, write_section

CLASSES, CAPACITY, VALUES, INSERTS = 5, 6, 50_000, 6


def clip_of(number: int) -> np.ndarray:
    """Return the clip that belongs to a number."""
    return np.random.default_rng(number).integers(0, 256, (1, VALUES), dtype=np.uint8)


def plan(step: int) -> list[tuple[int, float, int]]:
    """Return label, confidence and number of the inserts between two commits."""
    rng = np.random.default_rng([step, 1])
    return [(int(rng.integers(CLASSES)), float(rng.random()), step * INSERTS + i) for i in range(INSERTS)]


def take_step(bank: FlowBank) -> int:
    """Insert what is next, commit, and return the new generation."""
    step = bank.generation
    if step % 7 == 6:
        bank.clear()
    for label, confidence, number in plan(step):
        bank.insert([label], [confidence], clip_of(number), keys=[str(number)])
    return bank.commit()


def write_until_killed(folder: Path, said: "Synchronized[int]") -> None:
    """Insert and commit for ever, saying which generation is committed."""
    bank = FlowBank.open(folder, mode="r+")
    said.value = bank.generation
    while True:
        said.value = take_step(bank)


def expected(generation: int) -> list[list[int]]:
    """Return the numbers that a plain sorted list holds after that many commits, best first."""
    kept: list[list[tuple[float, int]]] = [[] for _ in range(CLASSES)]
    for step in range(generation):
        if step % 7 == 6:
            kept = [[] for _ in kept]
        for label, confidence, number in plan(step):
            kept[label] = sorted([*kept[label], (-confidence, number)])[:CAPACITY]
    return [[number for _, number in own] for own in kept]


def complete(folder: Path) -> tuple[bool, int]:
    """Return whether every byte of the bank is that of the sorted list, and the generation."""
    good = not verify(folder).problems
    with FlowBank.open(folder) as bank:
        for label, numbers in enumerate(expected(bank.generation)):
            rows = bank.snapshot.rows_of(label)
            good &= len(numbers) == rows.stop - rows.start
            for stored, number in zip(range(rows.start, rows.stop), numbers, strict=False):
                good &= bool((bank.snapshot.stored(stored, array="clip") == clip_of(number)[0]).all())
        return good, bank.generation


def leaked(folder: Path) -> list[str]:
    """Take a step and return the files that a bank at rest would not have."""
    with FlowBank.open(folder, mode="r+") as bank:
        take_step(bank)
        allowed = {"bank.json", "entries.slab", "sums.slab", "writer.lock", f"generations/{bank.generation:012d}.index"}
        names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        slots = (folder / "entries.slab").stat().st_size // bank.config.record_bytes
        return sorted(names - allowed) + (["entries.slab has grown"] if slots > 2 * CLASSES * CAPACITY else [])


def main() -> None:
    """Kill, check, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=250)
    times = parser.parse_args().times
    folder = Path(tempfile.mkdtemp()) / "bank"
    FlowBank.create(folder, num_classes=CLASSES, capacity=CAPACITY, clip_shape=(VALUES,)).close()
    context = multiprocessing.get_context("fork")
    rng = np.random.default_rng(0)
    counts = {"valid": 0, "lost": 0, "ahead": 0, "interrupted": 0, "leaks": 0}
    generation = 0
    for _ in range(times):
        said: Any = context.Value("q", -1, lock=False)
        writer = context.Process(target=write_until_killed, args=(folder, said))
        writer.start()
        while said.value < 0:
            time.sleep(0.0005)
        time.sleep(float(rng.uniform(0, 0.12)))
        writer.kill()
        writer.join()
        good, generation = complete(folder)
        counts["valid"] += good
        counts["lost"] += generation < said.value
        counts["ahead"] += generation == said.value + 1
        used = {path.name for path in (folder / "generations").iterdir()}
        counts["interrupted"] += len(used) > 1
        counts["leaks"] += bool(leaked(folder))
    shutil.rmtree(folder.parent)
    rows = [
        row("kills with SIGKILL at random moments", str(times), target="≥ 200", met=times >= 200),
        row(
            "reopened, every byte as a plain sorted list says",
            f"{counts['valid']} of {times}",
            target="all",
            met=counts["valid"] == times,
        ),
        row("committed generations lost", str(counts["lost"]), target="0", met=counts["lost"] == 0),
        row("kills between publishing and saying so", str(counts["ahead"])),
        row("kills that left an old or unfinished index file behind", str(counts["interrupted"])),
        row("leaked files or space after the next commit", str(counts["leaks"]), target="0", met=counts["leaks"] == 0),
        row("commits over all runs", str(generation)),
    ]
    write_section("flowbank", "Crash test", rows)


if __name__ == "__main__":
    main()
