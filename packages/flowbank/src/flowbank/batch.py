"""Checking the batches that users hand in."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from flowbank.codec import ArraySpec
from flowbank.config import BankConfig
from flowbank.errors import BankInputError

Values = torch.Tensor | np.ndarray
Labels = torch.Tensor | np.ndarray | Sequence[int | np.integer]
Confidences = torch.Tensor | np.ndarray | Sequence[float | int | np.floating | np.integer]
_FLOATS = frozenset(
    ["float16", "float32", "float64", torch.float16, torch.float32, torch.float64, torch.bfloat16]
    + [np.dtype(name) for name in ("float16", "float32", "float64")]
)
_CODES = frozenset([torch.uint8, np.dtype("uint8")])


def checked_labels(labels: Labels, *, num_classes: int) -> list[int]:
    """Return labels as a list of ints in `0 … num_classes - 1`."""
    values: Any = labels.tolist() if isinstance(labels, torch.Tensor | np.ndarray) else list(labels)
    if not isinstance(values, list):
        raise BankInputError(f"labels is a single number ({values!r}): give a sequence, one label per entry")
    for place, label in enumerate(values):
        if type(label) is not int:
            if isinstance(label, np.integer):
                values[place] = int(label)
                continue
            raise BankInputError(f"labels[{place}] is {label!r}: give a flat sequence of integers")
        if not 0 <= label < num_classes:
            raise BankInputError(f"labels[{place}] is {label}: the bank's classes are 0 to {num_classes - 1}")
    return values


def checked_confidences(confidences: Confidences, *, size: int, decays: bool) -> list[float]:
    """Return confidences as a list of finite floats, one per label; with decay none may be negative."""
    given = confidences
    values: Any = given.tolist() if isinstance(given, torch.Tensor | np.ndarray) else list(given)
    if not isinstance(values, list) or len(values) != size:
        count = len(values) if isinstance(values, list) else "a single number"
        raise BankInputError(f"confidences has {count} for {size} labels: give one confidence per label")
    for place, confidence in enumerate(values):
        if type(confidence) is not float:
            if isinstance(confidence, bool) or not isinstance(confidence, float | int | np.floating | np.integer):
                raise BankInputError(f"confidences[{place}] is {confidence!r}: give a flat sequence of numbers")
            confidence = values[place] = float(confidence)
        if not math.isfinite(confidence):
            raise BankInputError(f"confidences[{place}] is {confidence!r}: give a finite number")
        if decays and confidence < 0:
            raise BankInputError(f"confidences[{place}] is {confidence!r}: with age_decay none may be negative")
    return values


def check_values(values: Values, *, name: str, spec: ArraySpec, size: int) -> None:
    """Refuse a batch of arrays with a wrong shape or dtype."""
    if tuple(values.shape) != (size, *spec.shape):
        raise BankInputError(
            f"{name} has shape {tuple(values.shape)}: this bank takes {(size, *spec.shape)}, one array per label"
        )
    if values.dtype not in _FLOATS and not (spec.codec == "flow-uint8" and values.dtype in _CODES):
        codes = ", or uint8 codes" if spec.codec == "flow-uint8" else ""
        raise BankInputError(f"{name} has dtype {values.dtype}: give floats{codes}")


def check_arrays(arrays: Mapping[str, Values] | None, *, specs: Mapping[str, ArraySpec], size: int) -> None:
    """Refuse extra arrays other than those the bank was created with."""
    given = set(arrays or ())
    wanted = set(specs) - {"clip"}
    if given != wanted:
        raise BankInputError(
            f"arrays names {sorted(given) or 'nothing'}: this bank's entries also have {sorted(wanted) or 'no others'}"
        )
    for name, values in (arrays or {}).items():
        check_values(values, name=name, spec=specs[name], size=size)


def check_per_entry(values: Sequence[Any] | None, *, name: str, kind: type, size: int) -> None:
    """Refuse keys or metadata of a wrong number or type; None stands for an entry without."""
    if values is None:
        return
    if len(values) != size:
        raise BankInputError(
            f"{name} has {len(values)} items for {size} labels: give one per label, None where unknown"
        )
    for place, value in enumerate(values):
        if value is not None and not isinstance(value, kind):
            raise BankInputError(f"{name}[{place}] is {value!r}: give a {kind.__name__} or None")


def check_compatible(first: BankConfig, other: BankConfig, *, name: str) -> None:
    """Refuse a bank whose entries do not fit into another's."""
    if other.num_classes != first.num_classes:
        raise BankInputError(
            f"{name} has {other.num_classes} classes, the first bank {first.num_classes}: they must agree"
        )
    if dict(other.arrays) != dict(first.arrays):
        raise BankInputError(
            f"{name} has arrays {dict(other.arrays)}, the first bank {dict(first.arrays)}: they must agree"
        )
