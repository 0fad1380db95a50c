"""Checkpoints: complete, atomic, and loaded without running pickled code."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from videoda_train.data.atomic_file import write_bytes
from videoda_train.errors import RunError


@dataclass(frozen=True)
class Position:
    """Where training stands: `step` steps of `epoch` are done (all of them: its evaluation is next)."""

    epoch: int
    step: int


def save_checkpoint(
    path: Path,
    *,
    position: Position,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    method_state: dict[str, Any],
    elapsed_seconds: float,
) -> None:
    """Write a checkpoint; an interrupted write leaves the previous one."""
    content = {
        "epoch": position.epoch,
        "step": position.step,
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "method": method_state,
        "elapsed_seconds": elapsed_seconds,
    }
    write_bytes(path, lambda file: torch.save(content, file))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Raises:
        RunError: the file is missing, damaged, or holds anything but tensors and plain values.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise RunError(f"no checkpoint at {path}") from None
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise RunError(f"cannot read the checkpoint {path}: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict) or "module" not in content:
        raise RunError(f"{path} is not a checkpoint of videoda")
    return content
