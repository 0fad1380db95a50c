"""The generations stored in a bank's folder: finding, holding, pinning and dropping them.

A reader holds a generation with a shared `flock` on its index file, so the kernel lets go when the reader dies, however
it dies. The writer drops a generation only while it has that lock for itself.
"""

import fcntl
import os
from pathlib import Path

from flowbank.errors import BankFormatError, BankInputError, FlowBankError, GenerationGoneError
from flowbank.files import (
    list_folder,
    make_folder,
    open_regular,
    read_regular,
    refuse_all_but,
    replace_file,
    sync_folder,
)
from flowbank.index import Index
from flowbank.layout import FOLDER, INDEX_NAME, PINS, index_path, is_pin_name
from flowbank.locking import check_locks_work, is_at, lock
from flowbank.pins import PIN_BYTES, decode_pin, encode_pin


def stored_generations(folder: Path) -> list[int]:
    """Return the numbers of all stored generations, oldest first."""
    try:
        names = list_folder(folder / FOLDER)
    except FileNotFoundError as error:
        raise BankFormatError(f"{folder} is not a whole bank: its folder {FOLDER} is missing") from error
    return sorted(int(match[1]) for name in names if (match := INDEX_NAME.fullmatch(name)))


class HeldGeneration:
    """A generation that stays stored until `release`.

    Args:
        folder: the bank's folder.
        generation: which one, the newest if None.

    Raises:
        GenerationGoneError: it is not stored.
        BankFormatError: its index is damaged, or there is none.
        BankStorageError: the file system has no working locks, or refuses to read.
    """

    def __init__(self, folder: Path, *, generation: int | None = None) -> None:
        self._fd = -1
        while self._fd < 0:
            stored = stored_generations(folder)
            if not stored:
                raise BankFormatError(f"{folder} has no generation: restore it from a copy, or create the bank anew")
            wanted = stored[-1] if generation is None else generation
            self.path = index_path(folder, wanted)
            try:
                self._fd = open_regular(self.path, os.O_RDONLY)
            except FileNotFoundError as error:
                if generation is None:
                    continue  # the writer was faster; there is a newer one now
                raise GenerationGoneError(
                    f"generation {generation} of {folder} is no longer stored (stored: {stored}): hold it with pin()"
                ) from error
            lock(self._fd, fcntl.LOCK_SH, path=self.path)
            if not is_at(self.path, self._fd):
                self.release()
        try:
            check_locks_work(self.path, os.O_RDONLY)
            with os.fdopen(self._fd, "rb", closefd=False) as stream:
                self.index = Index.from_bytes(stream.read(), path=self.path)
            if self.index.generation != wanted:
                raise BankFormatError(f"{self.path} holds generation {self.index.generation}: restore it from a copy")
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let the writer drop the generation."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.release()


def drop_generation(folder: Path, generation: int) -> bool:
    """Remove a generation unless a reader or a pin holds it; return whether it is gone.

    Where that cannot be told (a pin is damaged, the disk refuses) it stays, for a later commit to drop.
    """
    path = index_path(folder, generation)
    try:
        fd = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    except FlowBankError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        pins, damaged = read_pins(folder)
        if damaged or generation in pins.values():
            return False
        path.unlink()
    except (OSError, FlowBankError):
        return False
    finally:
        os.close(fd)
    return True


def pin_generation(folder: Path, *, name: str, generation: int) -> None:
    """Keep a generation stored under a name; the caller must hold it while this runs."""
    path = _pin_path(folder, name)
    make_folder(folder / PINS)
    replace_file(path, encode_pin(generation))
    sync_folder(folder / PINS)


def unpin_generation(folder: Path, *, name: str) -> None:
    """Forget a pin; the next commit frees the generation.

    Raises:
        BankInputError: there is no such pin.
    """
    path = _pin_path(folder, name)
    pins, damaged = read_pins(folder)
    if name not in pins and name not in damaged:
        known = ", ".join(pins) or "none"
        raise BankInputError(f"pin {name!r} does not exist in {folder}: choose one of {known}")
    refuse_all_but(path, "a file", missing_ok=True)
    path.unlink(missing_ok=True)


def read_pins(folder: Path) -> tuple[dict[str, int], dict[str, FlowBankError]]:
    """Return the generation of each pin, and what is wrong with each pin that cannot be read."""
    pins: dict[str, int] = {}
    damaged: dict[str, FlowBankError] = {}
    try:
        names = [name for name in list_folder(folder / PINS) if is_pin_name(name)]
    except FileNotFoundError:
        return {}, {}
    except FlowBankError as error:
        return {}, {PINS: error}
    for name in names:
        path = folder / PINS / name
        try:
            pins[name] = decode_pin(read_regular(path, most_bytes=PIN_BYTES), path=path)
        except FileNotFoundError:
            continue  # unpinned meanwhile
        except FlowBankError as error:
            damaged[name] = error
    return pins, damaged


def seal_pins(folder: Path) -> None:
    """Give the pins that version 0.1 wrote their checksum."""
    for name, generation in read_pins(folder)[0].items():
        path = folder / PINS / name
        if (
            read_regular(path, most_bytes=PIN_BYTES) != encode_pin(generation)
            and index_path(folder, generation).exists()
        ):
            replace_file(path, encode_pin(generation))


def _pin_path(folder: Path, name: str) -> Path:
    if not is_pin_name(name):
        raise BankInputError(f"pin name {name!r} is not allowed: use letters, digits and . _ - (not ending in .tmp)")
    return folder / PINS / name
