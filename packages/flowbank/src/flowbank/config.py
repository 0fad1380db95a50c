"""What never changes in a bank: the contents of `bank.json`."""

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowbank.admission import Admission
from flowbank.codec import ArraySpec
from flowbank.errors import BankFormatError, BankInputError, BankSchemaError
from flowbank.files import read_regular
from flowbank.layout import CONFIG_FILE

SCHEMA = 2
MOST_BYTES = 2**26  # of bank.json: some millions of classes
MOST_CAPACITY = 2**40  # entries of a class
MOST_SUMMED = 2**24  # entries of a class with a mean: the sum of so many uint8 codes fits its 4 bytes
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
        schema: version of the format; 2 has checksums in pins.
    """

    bank_id: str
    capacities: tuple[int, ...]
    arrays: Mapping[str, ArraySpec]
    admission: Admission
    keep_means: bool
    schema: int = SCHEMA

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
            "schema": self.schema,
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
            BankStorageError: it cannot be read.
        """
        path = folder / CONFIG_FILE
        try:
            raw = read_regular(path, most_bytes=MOST_BYTES)
        except FileNotFoundError as error:
            raise BankFormatError(f"{folder} is not a bank: it has no {CONFIG_FILE}; make one with create()") from error
        return cls.from_bytes(raw, path=path)

    @classmethod
    def from_bytes(cls, raw: bytes, *, path: Path) -> "BankConfig":
        """Read the file's contents; errors as of `load`."""
        damaged = f"{path} is damaged: restore it from a copy, or create the bank anew"
        try:
            content: dict[str, Any] = json.loads(raw)
            if content["format"] != "flowbank":
                raise BankFormatError(f"{path.parent} is not a bank: its {CONFIG_FILE} belongs to another program")
            schema = content["schema"]
            if type(schema) is not int or schema < 1:
                raise BankFormatError(damaged)
            if schema > SCHEMA:
                raise BankSchemaError(
                    f"{path.parent} has schema {schema}, this flowbank reads up to {SCHEMA}: upgrade flowbank"
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
                schema=schema,
            )
            if not re.fullmatch("[0-9a-f]{32}", config.bank_id) or type(config.keep_means) is not bool:
                raise BankFormatError(damaged)
            _check_capacities(config.capacities)
            _check_arrays(config.arrays)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
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
    _check_capacities(capacities)
    _check_arrays(arrays)
    if keep_means and max(capacities) > MOST_SUMMED:
        raise BankInputError(f"capacity is {max(capacities)}: with keep_means at most {MOST_SUMMED}; keep_means=False")
    return BankConfig(
        bank_id=os.urandom(16).hex(),
        capacities=capacities,
        arrays=arrays,
        admission=admission,
        keep_means=keep_means,
    )


def _check_capacities(capacities: tuple[int, ...]) -> None:
    if any(type(n) is not int or not 0 <= n <= MOST_CAPACITY for n in capacities) or not any(capacities):
        shown = capacities[0] if len(set(capacities)) == 1 else f"{capacities[:8]}"
        raise BankInputError(
            f"capacity is {shown}: give integers from 1 to {MOST_CAPACITY} (0 shuts a single class out)"
        )


def _check_arrays(arrays: Mapping[str, ArraySpec]) -> None:
    if next(iter(arrays), None) != "clip":
        raise BankInputError("the first array must be 'clip'")
    for name in arrays:
        if not name.isidentifier():
            raise BankInputError(f"array name {name!r} is not an identifier: use letters, digits and _")


def _offsets(sizes: Mapping[str, int]) -> tuple[dict[str, int], int]:
    offsets = {}
    position = 0
    for name, size in sizes.items():
        offsets[name] = position
        position += math.ceil(size / RECORD_ALIGNMENT) * RECORD_ALIGNMENT
    return offsets, position
