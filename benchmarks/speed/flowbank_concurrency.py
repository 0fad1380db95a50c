"""One writer and four readers on one bank: `python benchmarks/speed/flowbank_concurrency.py [--seconds 60]`.

Every clip carries the CRC-32 of its other bytes, so that a reader recognises a torn one.
"""

import argparse
import multiprocessing
import shutil
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from flowbank import FlowBank, verify
from measurements import anonymous_megabytes, row, write_section

CLASSES, CAPACITY, VALUES, READERS = 4, 8, 200_000, 4
SETTINGS = {"num_classes": CLASSES, "capacity": CAPACITY, "clip_shape": (VALUES,)}


def signed(rng: np.random.Generator) -> np.ndarray:
    """Return random codes that end in the CRC-32 of those before."""
    codes = rng.integers(0, 256, (1, VALUES), dtype=np.uint8)
    codes[0, -4:] = np.frombuffer(zlib.crc32(codes[0, :-4].data).to_bytes(4, "little"), dtype=np.uint8)
    return codes


def is_torn(clip: torch.Tensor) -> bool:
    """Return whether a decoded clip's CRC-32 is wrong."""
    codes = np.rint((clip.numpy() + 20) * 6.375).astype(np.uint8)
    return zlib.crc32(codes[:-4].data) != int.from_bytes(codes[-4:].tobytes(), "little")


def read(folder: Path, seed: int, stop: Any, answers: Any) -> None:
    """Draw, check and move on until told to stop; answer with draws, torn draws, moves and memory growth."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    bank = FlowBank.open(folder)
    draws = torn = moves = hits = 0
    early = 0.0
    while not stop.is_set():
        for _ in range(10):
            clips, hit = bank.sample(list(range(CLASSES)), generator=generator)
            for clip in clips[hit]:
                torn += is_torn(clip)
                hits += 1
            draws += 1
        moves += bank.refresh()
        if draws == 50:
            early = anonymous_megabytes()
    answers.put((hits, torn, moves, anonymous_megabytes() - early if early else 0.0))


def main() -> None:
    """Run, check, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    folder = Path(tempfile.mkdtemp()) / "bank"
    rng = np.random.default_rng(0)
    bank = FlowBank.create(folder, **SETTINGS)
    context = multiprocessing.get_context("spawn")
    stop, answers = context.Event(), context.Queue()
    readers = [context.Process(target=read, args=(folder, seed, stop, answers)) for seed in range(READERS)]
    for reader in readers:
        reader.start()
    pool = [signed(rng) for _ in range(64)]
    end = time.monotonic() + seconds + 10  # the readers take a few seconds to start
    commits = inserts = slots = most_slots = most_files = 0
    early = 0.0
    while time.monotonic() < end:
        if rng.random() < 0.2:
            bank.clear()
        for _ in range(8):
            label = int(rng.integers(CLASSES))
            inserts += int(bank.insert([label], [float(rng.random())], pool[int(rng.integers(64))]).sum())
        bank.commit()
        commits += 1
        slots = (folder / "entries.slab").stat().st_size // bank.config.record_bytes
        if commits == 100:
            early = anonymous_megabytes()
        if commits > 100:
            most_slots = max(most_slots, slots)
            most_files = max(most_files, len(list((folder / "generations").iterdir())))
    growth = anonymous_megabytes() - early
    stop.set()
    told = [answers.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    bank.commit()
    rest = len(list((folder / "generations").iterdir()))
    problems = verify(folder).problems
    bank.close()
    shutil.rmtree(folder.parent)
    reads, torn, moves = (sum(part) for part in list(zip(*told, strict=True))[:3])
    reader_growth = max(part[3] for part in told)
    generations_at_once = READERS + 3  # one per reader, the newest, the one before and the staged
    most = generations_at_once * CLASSES * CAPACITY
    rows = [
        row("time with all of them at work", f"≥ {seconds:.0f} s", target="≥ 60 s", met=seconds >= 60),
        row("commits, accepted inserts, moves of readers to a newer generation", f"{commits}, {inserts}, {moves}"),
        row("clips read and checked", str(reads)),
        row("torn clips", str(torn), target="0", met=torn == 0),
        row(
            "most slots in the entries' file (32 entries at most per generation)",
            str(most_slots),
            target=f"≤ {most}",
            met=most_slots <= most,
        ),
        row(
            "most index files at once, and at rest",
            f"{most_files}, {rest}",
            target=f"≤ {READERS + 2}, 1",
            met=most_files <= READERS + 2 and rest == 1,
        ),
        row(
            "growth of the writer's memory after its first 100 commits",
            f"{growth:.1f} MB",
            target="≤ 20 MB",
            met=growth <= 20,
        ),
        row(
            "largest growth of a reader's memory after its first 50 draws",
            f"{reader_growth:.1f} MB",
            target="≤ 20 MB",
            met=reader_growth <= 20,
        ),
        row("problems found by verify at the end", str(len(problems)), target="0", met=not problems),
    ]
    write_section("flowbank", "Concurrency: 4 readers, 1 writer", rows)


if __name__ == "__main__":
    main()
