"""A copy of a bank, also while someone writes to it."""

import os
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from flowbank.config import BankConfig
from flowbank.creation import prepare_folder, publish_folder
from flowbank.errors import BankInputError, BankStorageError, GenerationGoneError
from flowbank.files import check_outside_banks, make_folder, replace_file, sync_folder
from flowbank.generations import read_pins
from flowbank.layout import ENTRIES_FILE, FOLDER, PINS, SUMS_FILE, index_path
from flowbank.locking import lock_folder
from flowbank.pins import encode_pin
from flowbank.slab import Slab
from flowbank.snapshot import Snapshot


def copy(source: str | Path, folder: str | Path) -> int:
    """Copy a bank: its newest generation and the pinned ones, each byte checked; return the newest one's number.

    The bank may be in use: what is copied is held meanwhile. The copy is the same bank (states of `state_dict` fit it)
    and becomes one when everything is in it.

    Args:
        source: the bank's folder.
        folder: the copy's folder; it must be new or empty.

    Raises:
        BankFormatError: the bank is damaged.
        BankInputError: source and folder are the same.
        BankStorageError: the folder is not empty, or cannot be written.
    """
    source, folder = Path(source).absolute(), Path(folder).absolute()
    if source.resolve() == folder.resolve():
        raise BankInputError(f"{folder} is the bank itself: choose another folder for its copy")
    config = BankConfig.load(source)
    check_outside_banks(folder)
    with ExitStack() as held:
        newest = Snapshot(source, config, checked=True)
        held.callback(newest.release)
        pins, damaged = read_pins(source)
        for error in damaged.values():
            raise error
        snapshots = {newest.index.generation: newest}
        for name, generation in list(pins.items()):
            try:
                if generation not in snapshots:
                    snapshots[generation] = Snapshot(source, config, generation=generation, checked=True)
                    held.callback(snapshots[generation].release)
            except GenerationGoneError:
                del pins[name]  # unpinned meanwhile
        prepare_folder(folder, config)
        try:
            lock = lock_folder(folder)
            held.callback(os.close, lock)
            _copy_records(folder, config, list(snapshots.values()))
            for generation, snapshot in snapshots.items():
                replace_file(index_path(folder, generation), snapshot.index.to_bytes())
            if 0 not in snapshots:
                index_path(folder, 0).unlink()
            sync_folder(folder / FOLDER)
            if pins:
                make_folder(folder / PINS)
                for name, generation in pins.items():
                    replace_file(folder / PINS / name, encode_pin(generation))
                sync_folder(folder / PINS)
            publish_folder(folder, config)
        except OSError as error:
            raise BankStorageError(f"{folder} cannot be written: {error.strerror}; free some space") from error
    return newest.index.generation


def _copy_records(folder: Path, config: BankConfig, snapshots: list[Snapshot]) -> None:
    """Write every record that a snapshot uses, in the slot where it was; slots between them take no space."""
    entries = Slab(folder / ENTRIES_FILE, record_bytes=config.record_bytes, writable=True)
    sums = Slab(folder / SUMS_FILE, record_bytes=config.sum_record_bytes, writable=True)
    try:
        for snapshot in snapshots:
            for row, slot in enumerate(snapshot.index.entries["slot"].tolist()):
                entries.write(slot, np.asarray(snapshot.record(row)))
            for label, slot in enumerate(snapshot.index.classes["sum_slot"].tolist()):
                if slot >= 0:
                    sums.write(slot, np.asarray(snapshot.sum_record(label)))
        entries.sync()
        sums.sync()
    finally:
        entries.close()
        sums.close()
