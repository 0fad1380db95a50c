"""Which files a bank consists of."""

import re
from pathlib import Path

from flowbank.errors import BankFormatError, GenerationGoneError
from flowbank.files import PARTIAL, kind_of, list_folder

CONFIG_FILE = "bank.json"
ENTRIES_FILE = "entries.slab"
SUMS_FILE = "sums.slab"
LOCK_FILE = "writer.lock"
FOLDER = "generations"
PINS = "pins"
LAST_GENERATION = 10**12 - 1  # 12 digits in an index's name
INDEX_NAME = re.compile(r"(\d{12})\.index")
PIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_INDEX_PARTIAL_0_1 = re.compile(r"\d{12}\.index\.tmp")  # as version 0.1 named them


def index_path(folder: Path, generation: int) -> Path:
    """Return where a generation's index is."""
    if not 0 <= generation <= LAST_GENERATION:
        raise GenerationGoneError(f"generation {generation} is not one of {folder}: they are 0 to {LAST_GENERATION}")
    return folder / FOLDER / f"{generation:012d}.index"


def is_pin_name(name: str) -> bool:
    """Whether a pin may have that name."""
    return PIN_NAME.fullmatch(name) is not None and not name.endswith(".tmp")


def partials(folder: Path) -> list[Path]:
    """Return the unfinished files that writers left in a bank's folder, as their names say beyond doubt."""
    found = [path for path in folder.iterdir() if _target(path.name) == CONFIG_FILE]
    for name in names_in(folder / FOLDER):
        if INDEX_NAME.fullmatch(_target(name)) or _INDEX_PARTIAL_0_1.fullmatch(name):
            found.append(folder / FOLDER / name)
    found += [folder / PINS / name for name in names_in(folder / PINS) if is_pin_name(_target(name))]
    return [path for path in found if kind_of(path) == "a file"]


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder inside the bank, none if it is no folder."""
    try:
        return list_folder(folder)
    except (FileNotFoundError, BankFormatError):
        return []


def _target(name: str) -> str:
    """Return what an unfinished file was going to be, or nothing."""
    match = PARTIAL.fullmatch(name)
    return match["target"] if match else ""
