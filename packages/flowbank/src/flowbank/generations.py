"""The generations stored in a bank's folder: finding, holding, pinning and dropping them.

A reader holds a generation with a shared `flock` on its index file, so the kernel lets go when the reader dies, however
it dies. The writer drops a generation only while it has that lock for itself.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from flowbank.errors import BankFormatError, BankInputError, GenerationGoneError
from flowbank.files import read_regular, replace_file, sync_folder
from flowbank.index import Index
from flowbank.layout import FOLDER, INDEX_NAME, PINS, index_path, is_pin_name
from flowbank.pins import decode_pin, encode_pin


def stored_generations(folder: Path) -> list[int]:
    """Return the numbers of all stored generations, oldest first."""
    try:
        names = [path.name for path in (folder / FOLDER).iterdir()]
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
    """

    def __init__(self, folder: Path, *, generation: int | None = None) -> None:
        self._fd = -1
        while self._fd < 0:
            stored = stored_generations(folder)
            if not stored:
                raise BankFormatError(f"{folder} has no generation: restore it from a copy, or create the bank anew")
            wanted = stored[-1] if generation is None else generation
            path = index_path(folder, wanted)
            try:
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                if generation is None:
                    continue  # the writer was faster; there is a newer one now
                raise GenerationGoneError(
                    f"generation {generation} of {folder} is no longer stored (stored: {stored}): hold it with pin()"
                ) from error
            fcntl.flock(self._fd, fcntl.LOCK_SH)
            if os.fstat(self._fd).st_nlink == 0:
                self.release()
        try:
            with open(self._fd, "rb", closefd=False) as stream:
                self.index = Index.from_bytes(stream.read(), path=path)
            if self.index.generation != wanted:
                raise BankFormatError(f"{path} holds generation {self.index.generation}: restore it from a copy")
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
    """Remove a generation unless a reader or a pin holds it; return whether it is gone."""
    path = index_path(folder, generation)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if generation in pinned_generations(folder).values():
            return False
        path.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def pin_generation(folder: Path, *, name: str, generation: int) -> None:
    """Keep a generation stored under a name; the caller must hold it while this runs."""
    (folder / PINS).mkdir(exist_ok=True)
    replace_file(_pin_path(folder, name), encode_pin(generation))
    sync_folder(folder / PINS)


def unpin_generation(folder: Path, *, name: str) -> None:
    """Forget a pin; the next commit frees the generation.

    Raises:
        BankInputError: there is no such pin.
    """
    try:
        _pin_path(folder, name).unlink()
    except FileNotFoundError as error:
        known = ", ".join(pinned_generations(folder)) or "none"
        raise BankInputError(f"pin {name!r} does not exist in {folder}: choose one of {known}") from error


def pinned_generations(folder: Path) -> dict[str, int]:
    """Return the generation of each pin."""
    pins = {}
    with suppress(FileNotFoundError):
        for path in sorted((folder / PINS).iterdir()):
            if is_pin_name(path.name):
                pins[path.name] = decode_pin(read_regular(path), path=path)
    return pins


def _pin_path(folder: Path, name: str) -> Path:
    if not is_pin_name(name):
        raise BankInputError(f"pin name {name!r} is not allowed: use letters, digits and . _ - (not ending in .tmp)")
    return folder / PINS / name
