"""Looking for damage in a bank's files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flowbank.config import BankConfig
from flowbank.errors import FlowBankError, GenerationGoneError
from flowbank.generations import read_pins, stored_generations
from flowbank.snapshot import Snapshot


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Args:
        generations: the stored generations.
        entries: number of entries whose bytes were read, those in several generations once for each.
        problems: a line for each damaged or missing thing; none means that every stored byte is as it was written.
    """

    generations: tuple[int, ...]
    entries: int
    problems: tuple[str, ...]


def verify(folder: str | Path) -> Verification:
    """Read every byte of every stored generation and compare it with its checksum.

    Raises:
        BankFormatError: the folder is not a bank.
        BankSchemaError: a newer flowbank wrote it.
    """
    folder = Path(folder)
    config = BankConfig.load(folder)
    problems: list[str] = []
    entries = 0
    generations = stored_generations(folder)
    if not generations:
        problems.append("no generation is stored")
    for generation in generations:
        try:
            snapshot = Snapshot(folder, config, generation=generation)
        except GenerationGoneError:
            continue  # superseded while we were reading
        except FlowBankError as error:
            problems.append(str(error))
            continue
        entries += snapshot.index.entries.size
        for row in range(snapshot.index.entries.size):
            try:
                snapshot.index.text(row)
            except FlowBankError as error:
                problems.append(str(error))
        for row in np.flatnonzero(~snapshot.entries_valid()).tolist():
            label = int(snapshot.index.entries["label"][row])
            place = row - int(snapshot.index.starts[label])
            problems.append(f"generation {generation}: entry {place} of class {label} is damaged")
        for label in np.flatnonzero(~snapshot.sums_valid()).tolist():
            problems.append(f"generation {generation}: the sums of class {label} are damaged")
    pins, damaged = read_pins(folder)
    problems += [
        f"pin {name!r} names generation {generation}, which is not stored"
        for name, generation in pins.items()
        if generation not in generations
    ]
    problems += [str(error) for error in damaged.values()]
    return Verification(generations=tuple(generations), entries=entries, problems=tuple(problems))
