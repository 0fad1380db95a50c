"""Which of the files in a folder are a bank's, and which are someone else's."""

from collections.abc import Callable
from pathlib import Path

from flowbank.errors import FlowBankError
from flowbank.files import kind_of, list_folder, read_regular
from flowbank.index import Index
from flowbank.layout import (
    CONFIG_FILE,
    ENTRIES_FILE,
    FOLDER,
    INDEX_NAME,
    LOCK_FILE,
    PINS,
    SUMS_FILE,
    is_pin_name,
    names_in,
    partials,
)
from flowbank.pins import decode_pin


def own_files(folder: Path) -> list[Path]:
    """Return the files of a bank that stand in a folder, but its lock, in an order to delete them in.

    In a folder without `bank.json`, left by an interrupted creation or removal, a file needs more than its name: an
    index must be readable, and a slab with anything in it needs an index beside it.
    """
    indices = [folder / FOLDER / name for name in names_in(folder / FOLDER) if INDEX_NAME.fullmatch(name)]
    slabs = [folder / ENTRIES_FILE, folder / SUMS_FILE]
    if kind_of(folder / CONFIG_FILE) != "a file":
        indices = [path for path in indices if _reads(Index.from_bytes, path)]
        slabs = [path for path in slabs if indices or (kind_of(path) == "a file" and path.lstat().st_size == 0)]
    pins = [folder / PINS / name for name in names_in(folder / PINS)]
    pins = [path for path in pins if is_pin_name(path.name) and _reads(decode_pin, path)]
    own = [folder / CONFIG_FILE, *slabs, *pins, *indices]  # the config first: half a bank must not look like one
    return [path for path in own if kind_of(path) == "a file"] + partials(folder)


def foreign_names(folder: Path) -> list[str]:
    """Return the names below a folder that are no bank's: other files, and links or devices in a file's place."""
    own = {str(path.relative_to(folder)) for path in own_files(folder)}
    if kind_of(folder / LOCK_FILE) == "a file" and (folder / LOCK_FILE).lstat().st_size == 0:
        own.add(LOCK_FILE)
    foreign = []
    for name in sorted(path.name for path in folder.iterdir()):
        if name in (FOLDER, PINS) and kind_of(folder / name) == "a folder":
            inside = [f"{name}/{inner}" for inner in list_folder(folder / name)]
            foreign += [path for path in inside if path not in own]
        elif name not in own:
            foreign.append(name)
    return foreign


def _reads(parse: Callable[..., object], path: Path) -> bool:
    try:
        parse(read_regular(path), path=path)
    except (FlowBankError, FileNotFoundError):
        return False
    return True
