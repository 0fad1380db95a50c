"""Kill what uses a bank at random moments, flip its bits, and check what is left.

`python benchmarks/speed/flowbank_crash.py [--times 250] [--flips 2000] [--json FILE]`. SIGKILL, SIGTERM and SIGINT take
turns. Half of the kills hit a writer that inserts, clears and commits; the others hit `remove`, `merge`, `copy` and
`export_npz`. With `--json` the counts go there and not into `benchmarks/results`.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import numpy as np
from flowbank import FlowBank, FlowBankError, copy, export_npz, merge, remove, verify
from measurements import row, write_section

CLASSES, CAPACITY, VALUES, INSERTS = 5, 6, 50_000, 6
SETTINGS = {"num_classes": CLASSES, "capacity": CAPACITY, "clip_shape": (VALUES,)}
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
Row = dict[str, Any]


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


def start(function: Callable[..., None], *arguments: Any) -> Any:
    """Run a function in a process of its own that dies of each of the signals without a word."""
    context = multiprocessing.get_context("fork")

    def run() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Ctrl-C's traceback
        function(*arguments)

    process = context.Process(target=run)
    process.start()
    return process


def end(process: Any, number: int) -> None:
    """Send a signal until the process is gone: Python swallows a Ctrl-C that comes while it tears an object down."""
    while process.is_alive():
        os.kill(process.pid, number)
        process.join(1)


def kill_writers(folder: Path, times: int, rng: np.random.Generator) -> list[Row]:
    """Kill a process that inserts, clears and commits."""
    FlowBank.create(folder, **SETTINGS).close()
    counts = {"valid": 0, "lost": 0, "ahead": 0, "interrupted": 0, "leaks": 0}
    generation = 0
    for turn in range(times):
        said: Any = multiprocessing.get_context("fork").Value("q", -1, lock=False)
        writer = start(write_until_killed, folder, said)
        while said.value < 0:
            time.sleep(0.0005)
        time.sleep(float(rng.uniform(0, 0.12)))
        end(writer, SIGNALS[turn % 3])
        good, generation = complete(folder)
        counts["valid"] += good
        counts["lost"] += generation < said.value
        counts["ahead"] += generation == said.value + 1
        counts["interrupted"] += len(list((folder / "generations").iterdir())) > 1
        counts["leaks"] += bool(leaked(folder))
    return [
        row("kills of a writer (insert, clear, commit) at random moments", str(times)),
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


def kill_others(folder: Path, times: int, rng: np.random.Generator) -> list[Row]:
    """Kill removals, merges, copies and exports; what they make is then absent or whole, and can be made again."""
    source = folder / "source"
    with FlowBank.create(source, **SETTINGS) as bank:
        while bank.generation < 5:
            take_step(bank)
        digest = bank.state_dict()["digest"]

    def whole(out: Path) -> bool:
        with FlowBank.open(out, verify="on-read") as bank:
            return len(bank) == sum(map(len, expected(5))) and not verify(out).problems

    def whole_npz(out: Path) -> bool:
        with np.load(out) as archive:
            return all(archive[name] is not None for name in archive)

    def make_export(out: Path) -> None:
        with FlowBank.open(source) as bank:
            export_npz(bank, out)

    acts: dict[str, tuple[Callable[[Path], object], Callable[[Path], bool], Callable[[Path], bool]]] = {
        "merge": (lambda out: merge([source], out).close(), lambda out: (out / "bank.json").exists(), whole),
        "copy": (lambda out: copy(source, out), lambda out: (out / "bank.json").exists(), whole),
        "export_npz": (make_export, Path.exists, whole_npz),
        "remove": (remove, lambda out: not (out / "bank.json").exists(), lambda out: True),
    }
    rows = []
    for name, (act, done, good) in acts.items():
        longest, right, finished, again = 0.0, 0, 0, 0
        for turn in range(-3, times):
            out = folder / f"{name}{turn}.npz"
            if name == "remove":
                shutil.copytree(source, out)
            said: Any = multiprocessing.get_context("fork").Value("q", 0, lock=False)

            def run(act: Callable[[Path], object] = act, out: Path = out, said: Any = said) -> None:
                said.value = 1
                act(out)
                said.value = 2

            process = start(run)
            while not said.value:
                time.sleep(0.0001)
            began = time.perf_counter()
            if turn < 0:  # how long does it take?
                process.join()
                longest = max(longest, time.perf_counter() - began)
            else:
                time.sleep(float(rng.uniform(0, longest)))
                end(process, SIGNALS[turn % 3])
                finished += said.value == 2
                if done(out):
                    right += good(out)
                else:
                    right += not (out.is_file() or (name == "remove" and not whole(out)))
                    act(out)  # over what was left
                again += done(out) and good(out) and not list(folder.glob(".*flowbank-partial"))
            shutil.rmtree(out) if out.is_dir() else out.unlink()
        rows += [
            row(f"kills of {name} ({finished} after its end)", str(times)),
            row(f"{name}: absent or whole", f"{right} of {times}", target="all", met=right == times),
            row(
                f"{name}: there after another try, nothing left over",
                f"{again} of {times}",
                target="all",
                met=again == times,
            ),
        ]
    with FlowBank.open(source) as bank:
        rows.append(row("the source of it all unchanged", "", target="yes", met=bank.state_dict()["digest"] == digest))
    return rows


def flip_bits(folder: Path, flips: int, rng: np.random.Generator) -> list[Row]:
    """Flip one bit at a time anywhere in a bank."""
    with FlowBank.create(folder, num_classes=3, capacity=4, clip_shape=(2, 8, 8)) as bank:
        bank.insert(
            [0, 0, 1, 2, 2, 2], rng.random(6), rng.integers(0, 256, (6, 2, 8, 8), dtype=np.uint8), keys=list("abcdef")
        )
        bank.commit()
        bank.pin("kept")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    seen = {"verify": 0, "on-read": 0, "never": 0}
    other: set[str] = set()
    for _ in range(flips):
        path = files[int(rng.integers(len(files)))]
        raw = bytearray(path.read_bytes())
        position, bit = int(rng.integers(len(raw))), int(rng.integers(8))
        raw[position] ^= 1 << bit
        path.write_bytes(raw)
        for how in seen:
            try:
                if how == "verify":
                    seen[how] += bool(verify(folder).problems)
                    continue
                with FlowBank.open(folder, verify="on-read" if how == "on-read" else "never") as bank:
                    for place in range(len(bank)):
                        _ = bank.snapshot.index.text(place), bank.snapshot.stored(place, array="clip")
                    bank.sample([0, 1, 2], reduction="mean")
                    seen[how] += path.parent.name == "pins"  # which reading does not need
            except FlowBankError:
                seen[how] += 1
            except Exception as error:
                other.add(type(error).__name__)
        raw[position] ^= 1 << bit
        path.write_bytes(raw)
    return [
        row("flipped bits, one at a time", str(flips)),
        row("noticed by verify", f"{seen['verify']} of {flips}", target="all", met=seen["verify"] == flips),
        row(
            "noticed with verify='on-read', pins apart",
            f"{seen['on-read']} of {flips}",
            target="all",
            met=seen["on-read"] == flips,
        ),
        row("noticed by opening and reading without checks, pins apart", f"{seen['never']} of {flips}"),
        row("errors other than FlowBankError", ", ".join(sorted(other)) or "none", target="none", met=not other),
    ]


def main() -> None:
    """Kill, flip, check, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=250, help="kills")
    parser.add_argument("--flips", type=int, default=2000)
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    rng = np.random.default_rng(0)
    each = -(-arguments.times // 8)
    sections = {
        "Crash test": kill_writers(folder / "bank", arguments.times - 4 * each, rng),
        "Crash test: remove, merge, copy, export": kill_others(folder, each, rng),
        "Flipped bits": flip_bits(folder / "flipped", arguments.flips, rng),
    }
    shutil.rmtree(folder)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(sections, indent=1) + "\n")
        return
    for name, rows in sections.items():
        write_section("flowbank", name, rows)


if __name__ == "__main__":
    main()
