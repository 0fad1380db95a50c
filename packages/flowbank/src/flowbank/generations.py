"""The generations stored in a bank's folder: finding, holding, pinning and dropping them.

A reader holds a generation with a shared `flock` on its index file, so the kernel lets go when the reader dies, however
it dies. The writer drops a generation only while it has that lock for itself.
"""

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path

from flowbank.errors import BankFormatError, BankInputError, GenerationGoneError
from flowbank.index import Index, replace_file, sync_folder

ENTRIES_FILE = "entries.slab"
SUMS_FILE = "sums.slab"
LOCK_FILE = "writer.lock"
FOLDER = "generations"
PINS = "pins"
_NAME = re.compile(r"(\d{12})\.index")
_PIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def index_path(folder: Path, generation: int) -> Path:
    """Return where a generation's index is."""
    return folder / FOLDER / f"{generation:012d}.index"


def stored_generations(folder: Path) -> list[int]:
    """Return the numbers of all stored generations, oldest first."""
    try:
        names = [path.name for path in (folder / FOLDER).iterdir()]
    except FileNotFoundError as error:
        raise BankFormatError(f"{folder} is not a whole bank: its folder {FOLDER} is missing") from error
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))


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
    replace_file(_pin_path(folder, name), f"{generation}\n".encode())
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
            if _PIN_NAME.fullmatch(path.name) and not path.name.endswith(".tmp"):
                try:
                    pins[path.name] = int(path.read_text())
                except ValueError as error:
                    raise BankFormatError(f"{path} is damaged: it should hold a generation's number") from error
    return pins


def _pin_path(folder: Path, name: str) -> Path:
    if not _PIN_NAME.fullmatch(name) or name.endswith(".tmp"):
        raise BankInputError(f"pin name {name!r} is not allowed: use letters, digits and . _ - (not ending in .tmp)")
    return folder / PINS / name
