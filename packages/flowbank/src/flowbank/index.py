"""The index of one generation: which entries it has and where they are stored.

File: magic, length of the header, header (JSON), entry table, class table, texts, SHA-256 of all that. An entry's
text is the JSON of its key and metadata, or nothing.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from flowbank.config import BankConfig
from flowbank.errors import BankFormatError, BankInputError
from flowbank.layout import CONFIG_FILE, LAST_GENERATION

MAGIC = b"flowbank"
ENTRY = np.dtype(
    [
        ("label", "<i4"),
        ("crc", "<u4"),
        ("slot", "<i8"),
        ("confidence", "<f8"),
        ("score", "<f8"),
        ("order", "<i8"),
        ("born", "<i8"),
        ("uid", "<u8"),
        ("text_start", "<i8"),
        ("text_bytes", "<i8"),
    ]
)
CLASS = np.dtype([("count", "<i8"), ("sum_slot", "<i8"), ("sum_crc", "<u4")])
_MOST = 2**50  # entries, bytes or inserts: far beyond any disk, and sums of it stay below 2**63
_HEADER = {
    "generation": LAST_GENERATION,
    "next_order": _MOST,
    "offered": _MOST,
    "entries": _MOST,
    "classes": _MOST,
    "text_bytes": _MOST,
}
_DIGESTED = ("label", "crc", "confidence", "order", "born", "text_bytes")


@dataclass(frozen=True)
class Index:
    """The tables of a generation; entries are sorted by class, then best first, then earlier first.

    Args:
        generation: number of commits before this one, plus one; 0 is the empty bank.
        next_order: what the next insert will be numbered.
        offered: entries offered since the last clear.
        entries: one row of dtype `ENTRY` per entry.
        classes: one row of dtype `CLASS` per class.
        texts: the entries' keys and metadata.
    """

    generation: int
    next_order: int
    offered: int
    entries: Shaped[np.ndarray, " entries"]
    classes: Shaped[np.ndarray, " classes"]
    texts: bytes

    @cached_property
    def starts(self) -> Int[np.ndarray, " classes"]:
        """First row of each class."""
        return np.cumsum(self.classes["count"]) - self.classes["count"]

    @cached_property
    def digest(self) -> str:
        """A name for the contents, the same wherever the entries happen to be stored."""
        digest = hashlib.sha256()
        for field in _DIGESTED:
            digest.update(self.entries[field].tobytes())
        digest.update(self.texts)
        return digest.hexdigest()

    def text(self, row: int) -> dict[str, Any]:
        """Return the key and the metadata of an entry: `{"key": ..., "metadata": ...}`."""
        return decode_text(self.text_bytes(row), where=f"generation {self.generation}, entry {row}")

    def text_bytes(self, row: int) -> bytes:
        """Return an entry's text as stored."""
        start = int(self.entries["text_start"][row])
        return self.texts[start : start + int(self.entries["text_bytes"][row])]

    def to_bytes(self) -> bytes:
        """Return the file's contents."""
        header = json.dumps(
            {
                "generation": self.generation,
                "next_order": self.next_order,
                "offered": self.offered,
                "entries": int(self.entries.size),
                "classes": int(self.classes.size),
                "text_bytes": len(self.texts),
            }
        ).encode()
        body = b"".join(
            (
                MAGIC,
                struct.pack("<I", len(header)),
                header,
                self.entries.tobytes(),
                self.classes.tobytes(),
                self.texts,
            )
        )
        return body + hashlib.sha256(body).digest()

    @classmethod
    def from_bytes(cls, raw: bytes, *, path: Path) -> "Index":
        """Read a file's contents.

        Raises:
            BankFormatError: a byte is wrong or missing.
        """
        body, checksum = raw[:-32], raw[-32:]
        if body[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != checksum:
            raise BankFormatError(f"{path} is truncated or damaged: restore it from a copy, or create the bank anew")
        try:
            index = cls._parse(body)
            index._check_tables()
        except (ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
            raise BankFormatError(
                f"{path} contradicts itself ({error}): restore it from a copy, or create the bank anew"
            ) from error
        return index

    @classmethod
    def _parse(cls, body: bytes) -> "Index":
        (header_bytes,) = struct.unpack_from("<I", body, len(MAGIC))
        position = len(MAGIC) + 4
        header = json.loads(body[position : position + header_bytes])
        position += header_bytes
        if not isinstance(header, dict) or set(header) != set(_HEADER):
            raise ValueError("its header has other fields")
        for name, value in header.items():
            if type(value) is not int or not 0 <= value <= _HEADER[name]:
                raise ValueError(f"its {name} is {str(value)[:40]}")
        sizes = (header["entries"] * ENTRY.itemsize, header["classes"] * CLASS.itemsize, header["text_bytes"])
        if position + sum(sizes) != len(body):
            raise ValueError("its tables have another size than its header says")
        entries = np.frombuffer(body, dtype=ENTRY, count=header["entries"], offset=position)
        classes = np.frombuffer(body, dtype=CLASS, count=header["classes"], offset=position + sizes[0])
        return cls(
            generation=header["generation"],
            next_order=header["next_order"],
            offered=header["offered"],
            entries=entries,
            classes=classes,
            texts=body[position + sizes[0] + sizes[1] :],
        )

    def _check_tables(self) -> None:
        """Raise a ValueError where the tables cannot be those of a bank."""
        rows, classes = self.entries, self.classes
        labels, scores, lengths = rows["label"], rows["score"], rows["text_bytes"]
        counts = classes["count"]
        later = labels[1:] == labels[:-1]
        tied = later & (scores[1:] == scores[:-1])
        ordered = (scores[1:] <= scores[:-1]) & ~(tied & (rows["order"][1:] <= rows["order"][:-1]))
        for wrong, what in (
            ((labels < 0) | (labels >= classes.size), "labels"),
            ((rows["slot"] < 0) | (rows["slot"] > _MOST), "slots"),
            (~np.isfinite(rows["confidence"]), "confidences"),
            (np.isnan(scores) | (scores == np.inf), "scores"),
            ((rows["order"] < 0) | (rows["order"] >= self.next_order), "insertion numbers"),
            ((rows["born"] > self.generation) | (rows["born"] < -LAST_GENERATION), "generations of birth"),
            ((lengths < 0) | (lengths > len(self.texts)), "text lengths"),
            ((counts < 0) | (counts > rows.size), "counts"),
            ((classes["sum_slot"] < -1) | (classes["sum_slot"] > _MOST), "slots of sums"),
            (labels[1:] < labels[:-1], "order of classes"),
            (later & ~ordered, "order of entries"),
        ):
            if wrong.any():
                raise ValueError(f"its {what} cannot be")
        if int(lengths.sum()) != len(self.texts) or (rows["text_start"] != np.cumsum(lengths) - lengths).any():
            raise ValueError("its texts do not follow each other")
        if int(counts.sum()) != rows.size or (np.bincount(labels, minlength=classes.size) != counts).any():
            raise ValueError("its counts are not those of its entries")

    def check_fits(self, config: BankConfig, *, path: Path) -> None:
        """Refuse a generation that a bank of these settings cannot have.

        Raises:
            BankFormatError: it belongs to another bank.
        """
        counts = self.classes["count"]
        fits = (
            self.classes.size == config.num_classes
            and all(count <= most for count, most in zip(counts.tolist(), config.capacities, strict=True))
            and ((self.classes["sum_slot"] >= 0) == ((counts > 0) & config.keep_means)).all()
        )
        if not fits:
            raise BankFormatError(f"{path} belongs to another bank than its {CONFIG_FILE}: restore both from a copy")


def encode_text(key: str | None, metadata: dict[str, Any] | None) -> bytes:
    """Return an entry's text.

    Raises:
        BankInputError: JSON cannot hold the metadata.
    """
    if key is None and metadata is None:
        return b""
    try:
        return json.dumps({"key": key, "metadata": metadata}, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BankInputError(f"metadata cannot be stored ({error}): give what JSON can hold") from error


def decode_text(raw: bytes, *, where: str) -> dict[str, Any]:
    """Return the key and the metadata in an entry's text.

    Raises:
        BankFormatError: the text is not one that `encode_text` makes.
    """
    if not raw:
        return {"key": None, "metadata": None}
    try:
        text = json.loads(raw)
        if set(text) != {"key", "metadata"}:
            raise ValueError("other fields")
        if not isinstance(text["key"], str | None) or not isinstance(text["metadata"], dict | None):
            raise TypeError("other types")
    except (ValueError, TypeError, RecursionError) as error:
        raise BankFormatError(f"{where}: key and metadata cannot be read; restore the bank from a copy") from error
    return text
