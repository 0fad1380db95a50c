"""Checkpoints: complete, atomic, and loaded without running pickled code."""

import os
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from videoda_train.data.atomic_file import write_bytes
from videoda_train.errors import RunError, StorageError
from videoda_train.storage import storage_error


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint; an interrupted or failed write leaves the previous one.

    Raises:
        StorageError: the disk is full, read-only or not ours to write.
        RunError: it cannot be written for another reason.
    """
    try:
        write_bytes(path, lambda file: torch.save(content, file))
    except (StorageError, OSError, RuntimeError) as error:  # torch reports a file's error as its own
        kept = "the previous checkpoint is kept there" if path.exists() else "there is no checkpoint yet"
        told = [one for one in (error.__cause__, error.__context__, error) if isinstance(one, OSError)]
        if told:
            raise storage_error(path, told[0], kept=kept) from error
        raise RunError(f"cannot write the checkpoint {path}: {str(error).splitlines()[0]}; {kept}") from error


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Raises:
        RunError: the file is missing, damaged, or holds anything but tensors and plain values.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise RunError(f"no checkpoint at {path}") from None
    except pickle.UnpicklingError as error:
        found = re.search(r"safe_globals\(\[([^\]]+)\]", str(error))
        reason = f"it holds {found[1]}, which could run code" if found else "its pickle is damaged"
        raise RunError(f"cannot read the checkpoint {path}: {reason}; nothing of it was run") from error
    except Exception as error:  # what reads a damaged archive or pickle fails in many ways
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise RunError(f"cannot read the checkpoint {path}: {reason}; it is damaged") from error
    if not isinstance(content, dict) or "module" not in content:
        raise RunError(f"{path} is not a checkpoint of videoda")
    return content


def load_weights(module: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Load a checkpoint's weights into a module.

    Raises:
        RunError: it was made for another network or another number of classes.
    """
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        problems = str(error).splitlines()
        raise RunError(
            f"{path} does not fit this network ({len(problems) - 1} differences, the first: {problems[1].strip()}); "
            "a run's class map and its model settings must stay as they were"
        ) from error


def keep_as(newest: Path, kept: Path) -> None:
    """Keep the newest checkpoint under another name: a second link to the same bytes, or a copy where none can be."""
    temporary = kept.with_name(f".{kept.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        try:
            os.link(newest, temporary)
        except OSError:
            shutil.copyfile(newest, temporary)
        temporary.replace(kept)
    finally:
        temporary.unlink(missing_ok=True)


def retain(newest: Path, *, epoch: int, keep_last: int, is_best: bool) -> None:
    """Keep the newest checkpoint, which ends `epoch`, among the last `keep_last` ones, and as `best.pt` if it is.

    With `keep_last` 1 the newest needs no second name.
    """
    if is_best:
        keep_as(newest, newest.with_name("best.pt"))
    if keep_last > 1:
        keep_as(newest, newest.with_name(f"epoch-{epoch:04d}.pt"))
    numbered = [path for path in newest.parent.iterdir() if re.fullmatch(r"epoch-\d{4,}\.pt", path.name)]
    kept = sorted(numbered, key=lambda path: int(path.stem.removeprefix("epoch-")))  # a user's own copies stay
    for old in kept[: max(len(kept) - (keep_last if keep_last > 1 else 0), 0)]:
        old.unlink()
