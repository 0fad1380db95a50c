"""Writes to a bank until it is killed; tells its parent what it has committed. Not a test by itself."""

import sys

import numpy as np
from flowbank import FlowBank

CLASSES, CAPACITY, VALUES = 3, 4, 3000


def clip_of(number: int) -> np.ndarray:
    """Return the clip that belongs to a number."""
    return np.random.default_rng(number).integers(0, 256, (1, VALUES), dtype=np.uint8)


def plan(step: int) -> list[tuple[int, float, int]]:
    """Return label, confidence and number of the inserts of a step."""
    rng = np.random.default_rng([step, 1])
    return [(int(rng.integers(CLASSES)), float(rng.random()), step * 10 + i) for i in range(4)]


def main(folder: str) -> None:
    """Insert and commit step by step from wherever the bank stands, for ever."""
    bank = FlowBank.open(folder, mode="r+")
    print("opened", bank.generation, flush=True)
    while True:
        step = bank.generation
        if step % 7 == 6:
            bank.clear()
        for label, confidence, number in plan(step):
            bank.insert([label], [confidence], clip_of(number), keys=[str(number)])
        bank.commit()
        print("committed", bank.generation, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
