"""Seeds derived from a base seed and an item's identity, so that no result depends on order, workers or resume."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def derive_seed(base: int, *identity: str | int) -> int:
    """Return a 63-bit seed that is a pure function of the base seed and the identity."""
    text = "\x1f".join([str(base), *map(str, identity)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def derive_rng(base: int, *identity: str | int) -> np.random.Generator:
    """Return a NumPy generator for one identity."""
    return np.random.default_rng(derive_seed(base, *identity))


def derive_generator(base: int, *identity: str | int) -> torch.Generator:
    """Return a CPU torch generator for one identity."""
    return torch.Generator().manual_seed(derive_seed(base, *identity))


@contextmanager
def seeded_torch(base: int, *identity: str | int) -> Iterator[None]:
    """Run a block with torch's default generators seeded for one identity, and put them back after it.

    Layers such as dropout draw from the default generators; seeding them per step leaves no state to checkpoint.
    """
    with torch.random.fork_rng(enabled=True):
        torch.manual_seed(derive_seed(base, *identity))
        yield
