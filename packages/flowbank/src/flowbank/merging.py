"""Several banks become one."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowbank.bank import FlowBank
from flowbank.batch import check_compatible
from flowbank.errors import BankFormatError, BankInputError
from flowbank.union import Candidates, choose, total_offered


def merge(
    sources: Sequence[str | Path], folder: str | Path, *, capacity: int | Sequence[int] | None = None
) -> FlowBank:
    """Make a bank of the best entries of several banks, commit it, and return it open for writing.

    Ties go by insertion number, then by the order of `sources`. An entry that several banks share counts once.

    Args:
        sources: the banks' folders; they must have the same classes and arrays, and the first one's rules apply.
        folder: the new bank's folder.
        capacity: most entries of each class, the first source's if None.

    Raises:
        BankInputError: there is no source, or their settings differ.
        BankFormatError: a source is damaged.
        BankStorageError: the new bank cannot be written.
    """
    if not sources:
        raise BankInputError("sources is empty: give the folders of one or more banks")
    banks: list[FlowBank] = []
    try:
        banks.extend(FlowBank.open(source) for source in sources)
        first = banks[0].config
        for bank in banks[1:]:
            check_compatible(first, bank.config, name=str(bank.folder))
        merged = FlowBank.create(
            folder,
            num_classes=first.num_classes,
            capacity=first.capacities if capacity is None else capacity,
            clip_shape=first.arrays["clip"].shape,
            codec=first.arrays["clip"].codec,
            bound=first.arrays["clip"].bound,
            arrays={name: spec for name, spec in first.arrays.items() if name != "clip"},
            admission=first.admission,
            keep_means=first.keep_means,
        )
        try:
            _copy(banks, merged)
        except BaseException:
            merged.close()
            raise
        return merged
    finally:
        for bank in banks:
            bank.close()


def _copy(banks: list[FlowBank], merged: FlowBank) -> None:
    writer = merged.writer
    snapshots = [bank.snapshot for bank in banks]
    sources = [
        Candidates(
            entries=snapshot.index.entries,
            texts=[snapshot.index.text_bytes(row) for row in range(snapshot.index.entries.size)],
            generation=snapshot.index.generation,
            offered=snapshot.index.offered,
        )
        for snapshot in snapshots
    ]
    for chosen in choose(writer.stage_empty(with_slots=False), sources):
        record = np.asarray(snapshots[chosen.source].record(chosen.place))
        if zlib.crc32(record.data) != chosen.facts["crc"]:
            raise BankFormatError(
                f"an entry of {banks[chosen.source].folder} is damaged: run flowbank verify on it, and restore it"
            )
        writer.store_record(record, leaving=[], **chosen.facts)
    writer.staging.offered = total_offered(sources)
    merged.commit()
