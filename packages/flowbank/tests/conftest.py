from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flowbank import FlowBank

SHAPE = (2, 3, 4, 5)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def make_bank(tmp_path: Path) -> Any:
    """Create small banks and close them at the end."""
    banks: list[FlowBank] = []

    def make(name: str = "bank", **changes: Any) -> FlowBank:
        settings = {"num_classes": 3, "capacity": 4, "clip_shape": SHAPE} | changes
        banks.append(FlowBank.create(tmp_path / name, **settings))
        return banks[-1]

    yield make
    for bank in banks:
        bank.close()


@pytest.fixture
def flows(rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    return lambda n: rng.uniform(-20, 20, (n, *SHAPE)).astype(np.float32)


@pytest.fixture
def marked() -> Callable[[Any], np.ndarray]:
    """Make clips that hold one number each."""
    return lambda values: np.stack([np.full(SHAPE, value, np.float32) for value in values])


@pytest.fixture
def contents() -> Callable[[FlowBank], list[list[float]]]:
    """Read the mark of every committed entry by class, best first."""

    def read(bank: FlowBank) -> list[list[float]]:
        snapshot = bank.snapshot
        assert snapshot is not None
        rows = [range(*snapshot.rows_of(label).indices(10**9)) for label in range(bank.num_classes)]
        return [[float(snapshot.stored(row, array="clip").flat[0]) for row in own] for own in rows]

    return read
