"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_COUNTER = itertools.count()


@dataclass(frozen=True)
class Output:
    """A file or folder to come: its place, what writes it, and where it is while it is unfinished.

    `partials` is a folder on the same disk as `target`, the target's own by default. The unfinished one has the
    target's extension.
    """

    target: Path
    write: Callable[[Path], None]
    partials: Path | None = None


def replace_atomically(output: Output) -> None:
    """Write an output under another name, then rename it to its target; nothing is left of a failure."""
    place_together([output])


def place_together(outputs: list[Output], *, before: Callable[[list[Path]], None] | None = None) -> None:
    """Write several outputs, call `before` with the finished but hidden ones, then rename all of them."""
    written: list[Path] = []
    try:
        for output in outputs:
            output.target.parent.mkdir(parents=True, exist_ok=True)
            folder = output.partials or output.target.parent
            folder.mkdir(parents=True, exist_ok=True)
            written.append(folder / f".{_owner()}.{next(_COUNTER)}{output.target.suffix}")
            output.write(written[-1])
        if before is not None:
            before(written)
        for output, partial in zip(outputs, written, strict=True):
            if output.target.is_dir():
                shutil.rmtree(output.target)
            partial.replace(output.target)
    finally:
        for partial in written:
            _remove(partial)


def sweep_partials(partials: Path) -> None:
    """Remove what killed processes of this machine left unfinished in a folder, and the folder if nothing is left."""
    if not partials.is_dir():
        return
    mark = f".{socket.gethostname()}."
    for partial in list(partials.iterdir()):
        process = partial.name.removeprefix(mark).partition(".")[0]
        if partial.name.startswith(mark) and process.isdigit() and not _is_alive(int(process)):
            _remove(partial)
    if not any(partials.iterdir()):
        partials.rmdir()


def _owner() -> str:
    return f"{socket.gethostname()}.{os.getpid()}"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process != os.getpid()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
