"""Several banks become one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flowbank.bank import FlowBank
from flowbank.batch import check_compatible
from flowbank.config import make_config
from flowbank.creation import prepare_folder, publish_folder
from flowbank.errors import BankInputError
from flowbank.files import check_outside_banks
from flowbank.union import Candidates, choose, total_offered
from flowbank.writer import Writer


def merge(
    sources: Sequence[str | Path], folder: str | Path, *, capacity: int | Sequence[int] | None = None
) -> FlowBank:
    """Make a bank of the best entries of several banks, commit it, and return it open for writing.

    Ties go by insertion number, then by the order of `sources`. An entry that several banks share counts once.

    Args:
        sources: the banks' folders; they must have the same classes and arrays, and the first one's rules apply.
        folder: the new bank's folder; it becomes a bank when everything is in it.
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
        banks.extend(FlowBank.open(source, verify="on-read") for source in sources)
        first = banks[0].config
        for bank in banks[1:]:
            check_compatible(first, bank.config, name=str(bank.folder))
        if capacity is None:
            capacity = first.capacities
        config = make_config(
            num_classes=first.num_classes,
            capacity=capacity if isinstance(capacity, int) else tuple(capacity),
            arrays=first.arrays,
            admission=first.admission,
            keep_means=first.keep_means,
        )
        folder = Path(folder)
        check_outside_banks(folder)
        prepare_folder(folder, config)
        writer = Writer(folder.absolute(), config)
        try:
            _fill(writer, banks)
        finally:
            writer.close()
        publish_folder(folder, config)
    finally:
        for bank in banks:
            bank.close()
    return FlowBank.open(folder, mode="r+")


def _fill(writer: Writer, banks: list[FlowBank]) -> None:
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
        writer.store_record(record, leaving=[], **chosen.facts)
    writer.staging.offered = total_offered(sources)
    writer.commit()
    writer.sweep()
