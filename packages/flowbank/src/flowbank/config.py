"""What never changes in a bank: the contents of `bank.json`."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowbank.admission import Admission
from flowbank.codec import ArraySpec
from flowbank.errors import BankFormatError, BankInputError, BankSchemaError
from flowbank.layout import CONFIG_FILE

SCHEMA = 1
RECORD_ALIGNMENT = 64  # bytes: a cache line, and enough for any stored dtype


@dataclass(frozen=True)
class BankConfig:
    """Classes, capacities, arrays and rules of a bank.

    Args:
        bank_id: a name no other bank has.
        capacities: most entries of each class, one per class.
        arrays: the arrays of every entry by name, `"clip"` first.
        admission: which entries are kept.
        keep_means: whether the mean of each class is stored.
    """

    bank_id: str
    capacities: tuple[int, ...]
    arrays: Mapping[str, ArraySpec]
    admission: Admission
    keep_means: bool

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.capacities)

    @property
    def offsets(self) -> dict[str, int]:
        """First byte of each array in a record."""
        return _offsets({name: spec.nbytes for name, spec in self.arrays.items()})[0]

    @property
    def record_bytes(self) -> int:
        """Size of one entry on disk [bytes]."""
        return _offsets({name: spec.nbytes for name, spec in self.arrays.items()})[1]

    @property
    def sum_offsets(self) -> dict[str, int]:
        """First byte of each array's sum in a record of sums."""
        return _offsets({name: spec.elements * spec.sum_dtype.itemsize for name, spec in self.arrays.items()})[0]

    @property
    def sum_record_bytes(self) -> int:
        """Size of one class's sums on disk [bytes]."""
        return _offsets({name: spec.elements * spec.sum_dtype.itemsize for name, spec in self.arrays.items()})[1]

    def to_bytes(self) -> bytes:
        """Return the file's contents; the same config always gives the same bytes."""
        content = {
            "format": "flowbank",
            "schema": SCHEMA,
            "bank_id": self.bank_id,
            "capacities": list(self.capacities),
            "arrays": {name: spec.to_json() for name, spec in self.arrays.items()},
            "admission": self.admission.to_json(),
            "keep_means": self.keep_means,
        }
        content["checksum"] = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        return (json.dumps(content, indent=1) + "\n").encode()

    @classmethod
    def load(cls, folder: Path) -> "BankConfig":
        """Read `bank.json`.

        Raises:
            BankFormatError: the folder is not a bank, or the file is damaged.
            BankSchemaError: a newer flowbank wrote it.
        """
        try:
            raw = (folder / CONFIG_FILE).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BankFormatError(f"{folder} is not a bank: it has no {CONFIG_FILE}; make one with create()") from error
        damaged = f"{folder / CONFIG_FILE} is damaged: restore it from a copy, or create the bank anew"
        try:
            content: dict[str, Any] = json.loads(raw)
            if content["format"] != "flowbank":
                raise BankFormatError(f"{folder} is not a bank: its {CONFIG_FILE} belongs to {content['format']!r}")
            if isinstance(content["schema"], int) and content["schema"] > SCHEMA:
                raise BankSchemaError(
                    f"{folder} has schema {content['schema']}, this flowbank reads up to {SCHEMA}: upgrade flowbank"
                )
            config = cls(
                bank_id=content["bank_id"],
                capacities=tuple(content["capacities"]),
                arrays={
                    name: ArraySpec(**{**spec, "shape": tuple(spec["shape"])})
                    for name, spec in content["arrays"].items()
                },
                admission=Admission(**content["admission"]),
                keep_means=content["keep_means"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BankFormatError(damaged) from error
        if config.to_bytes() != raw:
            raise BankFormatError(damaged)
        return config


def make_config(
    *,
    num_classes: int,
    capacity: int | list[int] | tuple[int, ...],
    arrays: Mapping[str, ArraySpec],
    admission: Admission,
    keep_means: bool,
) -> BankConfig:
    """Check the arguments of a new bank and name it."""
    if isinstance(num_classes, bool) or num_classes < 1:
        raise BankInputError(f"num_classes is {num_classes!r}: give an integer of at least 1")
    capacities = (capacity,) * num_classes if isinstance(capacity, int) else tuple(capacity)
    if len(capacities) != num_classes:
        raise BankInputError(f"capacity has {len(capacities)} numbers for {num_classes} classes: give one, or one each")
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in capacities) or not any(capacities):
        raise BankInputError(f"capacity is {capacity!r}: give integers of at least 1 (0 shuts a single class out)")
    for name in arrays:
        if not name.isidentifier():
            raise BankInputError(f"array name {name!r} is not an identifier: use letters, digits and _")
    return BankConfig(
        bank_id=os.urandom(16).hex(),
        capacities=capacities,
        arrays=arrays,
        admission=admission,
        keep_means=keep_means,
    )


def _offsets(sizes: Mapping[str, int]) -> tuple[dict[str, int], int]:
    offsets = {}
    position = 0
    for name, size in sizes.items():
        offsets[name] = position
        position += math.ceil(size / RECORD_ALIGNMENT) * RECORD_ALIGNMENT
    return offsets, position
