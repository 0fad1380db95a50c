"""Speed, memory and exactness of flowbank: `python benchmarks/speed/flowbank_speed.py [--full] [--folder DIR]`.

Without `--full`: drawing, inserting and quantisation with clips of (2, 16, 224, 224), 60 per class. With it: the memory
and commit times of a bank of 101 × 60 such clips (needs 12 GB of disk).
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from flowbank import FlowBank
from measurements import anonymous_megabytes, milliseconds, row, write_section

SHAPE = (2, 16, 224, 224)
PER_CLASS = 60


def drawing(folder: Path) -> list[dict]:
    """Draw clips from a bank and, for comparison, from whole-class `.npy` files of float32."""
    rng = np.random.default_rng(0)
    classes = 3
    bank = FlowBank.create(folder / "bank", num_classes=classes, capacity=PER_CLASS, clip_shape=SHAPE)
    for label in range(classes):
        whole = np.empty((PER_CLASS, *SHAPE), dtype=np.float32)
        for k in range(PER_CLASS):
            whole[k] = np.float32(40 / 255) * rng.integers(0, 256, SHAPE, dtype=np.uint8) - np.float32(20)
            bank.insert([label], [rng.random()], whole[k : k + 1])
        np.save(folder / f"class{label}.npy", whole)
        del whole
    bank.commit()
    generator = torch.Generator().manual_seed(0)
    labels = iter(rng.integers(0, classes, 100_000).tolist())
    for label in range(classes):
        for _ in range(200):
            bank.sample([label], generator=generator)
    out = torch.empty(1, *SHAPE)
    batch = torch.empty(16, *SHAPE)
    one = milliseconds(lambda: bank.sample([next(labels)], generator=generator), times=300)
    one_out = milliseconds(lambda: bank.sample([next(labels)], generator=generator, out=out), times=300)

    def sixteen() -> list[int]:
        return [next(labels) for _ in range(16)]

    many_out = milliseconds(lambda: bank.sample(sixteen(), generator=generator, out=batch), times=60)
    many = milliseconds(lambda: bank.sample(sixteen(), generator=generator), times=40)
    mean = milliseconds(lambda: bank.sample([next(labels)], reduction="mean", out=out), times=60)

    def from_npy() -> torch.Tensor:
        loaded = np.load(folder / f"class{next(labels)}.npy")
        return torch.from_numpy(loaded)[int(rng.integers(PER_CLASS))].clone()

    npy = milliseconds(from_npy, times=15, warmup=3)
    ratio = npy["median_ms"] / one["median_ms"]
    bank.close()
    threads = torch.get_num_threads()
    return [
        row(
            "one clip, float32 tensor",
            f"{one['median_ms']:.2f} ms",
            target="≤ 1.5 ms",
            met=one["median_ms"] <= 1.5,
            **one,
        ),
        row("one clip into the caller's buffer", f"{one_out['median_ms']:.2f} ms", **one_out),
        row("the class's .npy, loaded and indexed", f"{npy['median_ms']:.1f} ms", **npy),
        row("bank against .npy, one clip", f"{ratio:.0f} ×", target="≥ 50 ×", met=ratio >= 50, ratio=ratio),
        row(
            f"batch of 16 into the caller's buffer ({threads} threads)",
            f"{many_out['median_ms']:.1f} ms",
            target="≤ 20 ms",
            met=many_out["median_ms"] <= 20,
            **many_out,
        ),
        row(
            f"batch of 16, new tensor of 103 MB each time ({threads} threads)",
            f"{many['median_ms']:.1f} ms",
            target="≤ 20 ms",
            met=many["median_ms"] <= 20,
            **many,
        ),
        row("mean of a class, one clip", f"{mean['median_ms']:.2f} ms", **mean),
    ]


def inserting(folder: Path) -> list[dict]:
    """Insert clips that are refused and clips that are taken; compare with a copy and the encoding alone."""
    rng = np.random.default_rng(0)
    bank = FlowBank.create(folder / "insert", num_classes=2, capacity=PER_CLASS, clip_shape=SHAPE)
    clips = torch.from_numpy(rng.uniform(-20, 20, (1, *SHAPE)).astype(np.float32))
    for k in range(PER_CLASS):
        bank.insert([0], [1.0 + k], clips)
    bank.commit()
    labels, confidences = torch.tensor([0]), torch.tensor([0.5])
    refused = milliseconds(lambda: bank.insert([0], [0.5], clips), times=20_000)
    refused_tensors = milliseconds(lambda: bank.insert(labels, confidences, clips), times=20_000)
    confidence = iter(range(1000, 1_000_000))
    for _ in range(PER_CLASS):
        bank.insert([0], [float(next(confidence))], clips)
    taken = milliseconds(lambda: bank.insert([0], [float(next(confidence))], clips), times=100)
    source, copy = clips.numpy()[0], np.empty(SHAPE, dtype=np.float32)

    def copy_and_encode() -> np.ndarray:
        np.copyto(copy, source)
        return np.rint(np.clip(copy, -20, 20) * np.float32(6.375) + np.float32(127.5)).astype(np.uint8)

    plain = milliseconds(copy_and_encode, times=100)
    bank.close()
    ratio = taken["median_ms"] / plain["median_ms"]
    micro = refused["median_ms"] * 1e3
    micro_tensors = refused_tensors["median_ms"] * 1e3
    return [
        row("a refused clip (lists)", f"{micro:.1f} µs", target="≤ 5 µs", met=micro <= 5, **refused),
        row(
            "a refused clip (tensors)",
            f"{micro_tensors:.1f} µs",
            target="≤ 5 µs",
            met=micro_tensors <= 5,
            **refused_tensors,
        ),
        row("a memory copy and the uint8 encoding, plain numpy", f"{plain['median_ms']:.2f} ms", **plain),
        row(
            "an accepted clip (checked, encoded, checksummed, written)",
            f"{taken['median_ms']:.2f} ms, {ratio:.2f} × that",
            target="≤ 2 ×",
            met=ratio <= 2,
            ratio=ratio,
            **taken,
        ),
    ]


def quantisation(folder: Path) -> list[dict]:
    """Compare flow before and after the bank in float64, and codes bit by bit."""
    rng = np.random.default_rng(0)
    flow = rng.uniform(-20, 20, (1, *SHAPE)).astype(np.float32)
    codes = rng.integers(0, 256, (1, *SHAPE), dtype=np.uint8)
    with FlowBank.create(folder / "exact", num_classes=2, capacity=1, clip_shape=SHAPE) as bank:
        bank.insert([0], [1.0], flow)
        bank.insert([1], [1.0], codes)
        bank.commit()
        worst = float(np.abs(bank.sample([0])[0].numpy().astype(np.float64) - flow).max())
        exact = bool((bank.snapshot.stored(1, array="clip") == codes[0]).all())
    limit = 20 / 255
    return [
        row(
            "largest error of 1.6 M uniform values in ±20 px",
            f"{worst:.7f} px",
            target=f"≤ 20/255 = {limit:.7f} px (+ float32 rounding)",
            met=worst <= limit + 4e-6,
        ),
        row("uint8 codes come back unchanged", str(exact), target="True", met=exact),
    ]


def full_size(folder: Path) -> list[dict]:
    """Fill a bank of 101 × 60 clips, then measure commits of a few changes, a reader, and a small bank's commit."""
    rng = np.random.default_rng(0)
    pool = rng.integers(0, 256, (8, *SHAPE), dtype=np.uint8)
    before = anonymous_megabytes()
    bank = FlowBank.create(folder / "full", num_classes=101, capacity=PER_CLASS, clip_shape=SHAPE)
    start = perf_counter()
    for k in range(101 * PER_CLASS):
        bank.insert([k % 101], [rng.random()], pool[k % 8 : k % 8 + 1])
    filled = perf_counter() - start
    start = perf_counter()
    bank.commit()
    first_commit = perf_counter() - start
    rows = [
        row(
            "entries, size of the entries' file",
            f"{len(bank)}, {(folder / 'full' / 'entries.slab').stat().st_size / 1e9:.2f} GB",
        ),
        row("filling it with 6060 clips of uint8 codes", f"{filled:.1f} s"),
        row("the first commit (all 101 classes, 9.7 GB to the disk)", f"{first_commit:.1f} s"),
    ]
    for changed in (1, 10, 100):
        rows.append(
            row(f"commit of {changed} changed of 6060 (each in another class)", _commit_text(bank, pool, changed))
        )
    growth = anonymous_megabytes() - before
    rows.append(row("writer's memory beyond pages of files", f"{growth:.0f} MB", target="≤ 300 MB", met=growth <= 300))
    reader = subprocess.run(
        [sys.executable, __file__, "--reader", str(folder / "full")], capture_output=True, text=True, check=True
    )
    own = float(reader.stdout)
    rows.append(
        row("reader's memory beyond pages of files, 2000 draws", f"{own:.0f} MB", target="≤ 100 MB", met=own <= 100)
    )
    bank.close()
    with FlowBank.create(folder / "small", num_classes=101, capacity=PER_CLASS, clip_shape=SHAPE) as small:
        for k in range(101):
            small.insert([k], [rng.random()], pool[:1])
        small.commit()
        rows.append(row("commit of 1 changed of 101", _commit_text(small, pool, 1)))
        rows.append(row("commit of 10 changed of 101", _commit_text(small, pool, 10)))
    with FlowBank.create(
        folder / "feature", num_classes=101, capacity=PER_CLASS, clip_shape=(512,), codec="float32"
    ) as features:
        for k in range(101 * PER_CLASS):
            features.insert([k % 101], [rng.random()], np.zeros((1, 512), np.float32))
        features.commit()
        rows.append(
            row(
                "feature bank (512 floats): commit of 1 changed of 6060",
                _commit_text(features, np.zeros((1, 512), np.float32), 1),
            )
        )
    return rows


def _commit_text(bank: FlowBank, pool: np.ndarray, changed: int) -> str:
    taken = []
    for turn in range(7):
        for label in range(changed):
            bank.insert([label % 101], [10.0 + turn + bank.generation], pool[:1])
        start = perf_counter()
        bank.commit()
        taken.append((perf_counter() - start) * 1e3)
    return f"{sorted(taken)[3]:.1f} ms"


def read(folder: Path) -> None:
    """Print the memory that opening a bank and drawing from it takes, in a process of its own [MB]."""
    before = anonymous_megabytes()
    bank = FlowBank.open(folder)
    out = torch.empty(1, *SHAPE)
    labels = np.random.default_rng(0).integers(0, 101, 2000).tolist()
    for label in labels:
        bank.sample([label], out=out)
    print(anonymous_megabytes() - before)


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the bank of 101 × 60 clips instead")
    parser.add_argument("--folder", type=Path, help="where to put the banks (a temporary folder if not given)")
    parser.add_argument("--reader", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader:
        read(arguments.reader)
        return
    folder = Path(tempfile.mkdtemp(dir=arguments.folder))
    try:
        if arguments.full:
            write_section("flowbank", "The full bank: 101 × 60 clips of (2, 16, 224, 224)", full_size(folder))
        else:
            write_section(
                "flowbank", "Drawing from 60 clips of (2, 16, 224, 224) per class, warm page cache", drawing(folder)
            )
            write_section("flowbank", "Inserting", inserting(folder))
            write_section("flowbank", "Quantisation", quantisation(folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
