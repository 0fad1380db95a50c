"""Removing a bank, and nothing but the bank."""

import os
from contextlib import suppress
from pathlib import Path

from flowbank.config import BankConfig
from flowbank.errors import BankFormatError, BankStorageError
from flowbank.files import kind_of, sync_folder
from flowbank.layout import CONFIG_FILE, FOLDER, LOCK_FILE, PINS
from flowbank.locking import lock_folder
from flowbank.ownership import foreign_names, own_files


def remove(folder: str | Path, *, missing_ok: bool = False) -> None:
    """Delete a bank's files; the folder stays, empty, and can hold a new bank.

    Only files that flowbank writes are deleted, and links are not followed. A folder that holds anything else stays
    whole. Also removes what an interrupted creation or removal left. Readers keep what they have mapped.

    Args:
        folder: the bank's folder.
        missing_ok: accept a folder that is missing or empty.

    Raises:
        BankFormatError: the folder is not a bank, or holds other things too; nothing was deleted.
        BankLockedError: someone is writing to the bank.
        BankStorageError: the disk refused; call it again once it does not.
    """
    folder = Path(folder)
    try:
        if missing_ok and (not folder.exists() or not any(folder.iterdir())):
            return
        # A creation or removal that was interrupted leaves the lock, but no config.
        if kind_of(folder / CONFIG_FILE) is not None or kind_of(folder / LOCK_FILE) is None:
            BankConfig.load(folder)
        lock = lock_folder(folder)
        try:
            if foreign := foreign_names(folder):
                raise BankFormatError(
                    f"{folder} also holds {foreign[0]!r}, which is not flowbank's"
                    + (f" (nor are {len(foreign) - 1} others)" if len(foreign) > 1 else "")
                    + ": nothing was removed; move it away and try again"
                )
            for path in own_files(folder):
                path.unlink()
            for name in (FOLDER, PINS):
                with suppress(FileNotFoundError):
                    (folder / name).rmdir()
            sync_folder(folder)
            (folder / LOCK_FILE).unlink()
        finally:
            os.close(lock)
    except OSError as error:
        raise BankStorageError(
            f"{folder} cannot be removed: {error.strerror}; check its permissions and try again"
        ) from error
