"""Making the folder of an empty bank."""

import os
from pathlib import Path

import numpy as np

from flowbank.config import BankConfig
from flowbank.errors import BankStorageError
from flowbank.files import kind_of, make_folder, replace_file, sync_folder
from flowbank.index import CLASS, ENTRY, Index
from flowbank.layout import CONFIG_FILE, ENTRIES_FILE, FOLDER, SUMS_FILE, index_path
from flowbank.locking import lock_folder
from flowbank.ownership import foreign_names, own_files
from flowbank.slab import Slab


def create_folder(folder: Path, config: BankConfig) -> None:
    """Write the files of an empty bank.

    Raises:
        BankStorageError: the folder holds something else, or cannot be written.
    """
    prepare_folder(folder, config)
    publish_folder(folder, config)


def prepare_folder(folder: Path, config: BankConfig) -> None:
    """Write the files of an empty bank but `bank.json`, which makes it one: until then, this can be repeated.

    Raises:
        BankStorageError: the folder holds something else, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_free(folder)
        lock = lock_folder(folder)
        try:
            for remains in own_files(folder):  # of an interrupted creation
                remains.unlink()
            make_folder(folder / FOLDER)
            Slab(folder / ENTRIES_FILE, record_bytes=config.record_bytes, writable=True).close()
            Slab(folder / SUMS_FILE, record_bytes=config.sum_record_bytes, writable=True).close()
            replace_file(index_path(folder, 0), _empty_index(config).to_bytes())
            sync_folder(folder / FOLDER)
            sync_folder(folder)
        finally:
            os.close(lock)
    except OSError as error:
        raise _cannot_hold(folder, error) from error


def publish_folder(folder: Path, config: BankConfig) -> None:
    """Make a prepared folder a bank."""
    try:
        replace_file(folder / CONFIG_FILE, config.to_bytes())
        sync_folder(folder)
    except OSError as error:
        raise _cannot_hold(folder, error) from error


def check_free(folder: Path) -> None:
    """Refuse a folder that a new bank must not be made in; it may be missing.

    Raises:
        BankStorageError: it holds a bank or something else, or is no folder.
    """
    try:
        if kind_of(folder) is None or not any(folder.iterdir()):
            return
        if kind_of(folder / CONFIG_FILE) is not None:
            raise BankStorageError(f"{folder} already holds a bank: open it with mode='r+', or choose another folder")
        if foreign := foreign_names(folder):
            raise BankStorageError(f"{folder} is not empty (it has {foreign[0]!r}): choose a new folder")
    except OSError as error:
        raise _cannot_hold(folder, error) from error


def _cannot_hold(folder: Path, error: OSError) -> BankStorageError:
    return BankStorageError(f"{folder} cannot hold a bank: {error.strerror}; choose a folder that you can write to")


def _empty_index(config: BankConfig) -> Index:
    classes = np.zeros(config.num_classes, dtype=CLASS)
    classes["sum_slot"] = -1
    return Index(generation=0, next_order=0, offered=0, entries=np.zeros(0, dtype=ENTRY), classes=classes, texts=b"")
