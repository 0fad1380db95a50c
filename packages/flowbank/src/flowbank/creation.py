"""Making the folder of an empty bank."""

import os
from pathlib import Path

import numpy as np

from flowbank.config import BankConfig
from flowbank.errors import BankStorageError
from flowbank.files import replace_file, sync_folder
from flowbank.index import CLASS, ENTRY, Index
from flowbank.layout import CONFIG_FILE, ENTRIES_FILE, FOLDER, SUMS_FILE, index_path
from flowbank.locking import lock_folder
from flowbank.ownership import foreign_names
from flowbank.slab import Slab


def create_folder(folder: Path, config: BankConfig) -> None:
    """Write the files of an empty bank; `bank.json` comes last, so that an interrupted creation can be repeated.

    Raises:
        BankStorageError: the folder holds something else, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CONFIG_FILE).exists():
            raise BankStorageError(f"{folder} already holds a bank: open it with mode='r+', or choose another folder")
        if foreign := foreign_names(folder):
            raise BankStorageError(f"{folder} is not empty (it has {foreign[0]!r}): choose a new folder")
        lock = lock_folder(folder)
        try:
            (folder / FOLDER).mkdir(exist_ok=True)
            Slab(folder / ENTRIES_FILE, record_bytes=config.record_bytes, writable=True).close()
            Slab(folder / SUMS_FILE, record_bytes=config.sum_record_bytes, writable=True).close()
            replace_file(index_path(folder, 0), _empty_index(config).to_bytes())
            sync_folder(folder / FOLDER)
            replace_file(folder / CONFIG_FILE, config.to_bytes())
            sync_folder(folder)
        finally:
            os.close(lock)
    except OSError as error:
        raise BankStorageError(
            f"{folder} cannot hold a bank: {error.strerror}; choose a folder that you can write to"
        ) from error


def _empty_index(config: BankConfig) -> Index:
    classes = np.zeros(config.num_classes, dtype=CLASS)
    classes["sum_slot"] = -1
    return Index(generation=0, next_order=0, offered=0, entries=np.zeros(0, dtype=ENTRY), classes=classes, texts=b"")
