"""The content of folders, without what differs between two undisturbed runs: times, and what is named after them."""

import hashlib
import json
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import torch
from flowbank import FlowBank, FlowBankError

Digest = Callable[[Path], str]
TIMES = ("elapsed_seconds", "prepare_seconds", "wall_seconds", "train_seconds", "evaluate_seconds", "clips_per_second")
LEFT_OUT = {
    "events.out.tfevents.*": "TensorBoard's files, named after the moment they were begun",
    "*.lock": "empty files that processes lock",
    ".videoda-run.json": "with which settings a run's folder was begun, and begun again",
    "*.index, *.slab": "a bank's files: they tell how often it was filled; the bank is compared entry by entry",
}
COMPARED_WITHOUT = {
    "*.json, *.jsonl": f"the fields {', '.join(TIMES)}",
    "manifest*.jsonl": "the order of its lines, and lines that say the same",
    "bank.json": "the bank's own random name",
    "*.pt": "elapsed_seconds",
    "*.html": "figures in seconds, minutes or hours",
}


def tree(folder: Path) -> dict[str, str]:
    """Return a hash of every file below a folder, by relative path."""
    return {
        str(file.relative_to(folder)): digest(file)
        for file in sorted(folder.rglob("*"))
        if not file.is_dir() and not any(fnmatch(file.name, pattern) for key in LEFT_OUT for pattern in key.split(", "))
    }


def digest(file: Path) -> str:
    """Return a hash of what a file says besides times; of a file that cannot be read as what it is, of its bytes."""
    for pattern, own in _DIGESTS:
        if fnmatch(file.name, pattern):
            try:
                return own(file)
            except (ValueError, KeyError, RuntimeError, OSError, EOFError, FlowBankError) as error:
                return f"not readable: {type(error).__name__}: {hashlib.sha256(file.read_bytes()).hexdigest()}"
    if file.is_symlink() or not file.is_file():
        return f"not a regular file: {file.lstat().st_mode:o}"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    """Return in which files two trees differ, in words."""
    return [
        f"{name}: {'missing' if name not in found else 'left over' if name not in wanted else 'other content'}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def _lines(file: Path) -> str:
    rows = [_timeless(json.loads(line)) for line in file.read_text().splitlines()]
    return _hash(rows)


def _line_set(file: Path) -> str:
    return _hash(sorted({json.dumps(_timeless(json.loads(line)), sort_keys=True) for line in _text_lines(file)}))


def _text_lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.strip()]


def _json(file: Path) -> str:
    return _hash(_timeless(json.loads(file.read_text())))


def _page(file: Path) -> str:
    text = re.sub(r"[\d.]+ ?(s|min|h|seconds|minutes|hours)\b", "TIME", file.read_text())
    return _hash(text)


def _checkpoint(file: Path) -> str:
    sums = hashlib.sha256()
    _add(_timeless(torch.load(file, map_location="cpu", weights_only=True)), sums.update)
    return sums.hexdigest()


def _bank(file: Path) -> str:
    sums = hashlib.sha256()
    with FlowBank.open(file.parent) as bank:
        rows = bank.snapshot
        for label in range(bank.config.num_classes):
            own = rows.rows_of(label)
            _add([label, [rows.stored(row, array="clip").tobytes() for row in range(own.start, own.stop)]], sums.update)
    return sums.hexdigest()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(inner) for key, inner in value.items() if key not in TIMES}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _add(value: Any, update: Callable[[bytes], object]) -> None:
    """Feed the bytes of nested tensors and plain values to a hash."""
    if isinstance(value, dict):
        for key in value:
            update(repr(key).encode())
            _add(value[key], update)
    elif isinstance(value, list | tuple):
        for item in value:
            _add(item, update)
    elif isinstance(value, torch.Tensor):
        update(
            f"{value.dtype} {tuple(value.shape)}".encode()
            + value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        )
    else:
        update(repr(value).encode())


_DIGESTS: tuple[tuple[str, Digest], ...] = (
    ("*manifest*.jsonl", _line_set),
    ("*.jsonl", _lines),
    ("bank.json", _bank),
    ("*.json", _json),
    ("*.html", _page),
    ("*.pt", _checkpoint),
)
