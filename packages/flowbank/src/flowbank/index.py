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

from flowbank.errors import BankFormatError

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
        raw = self.text_bytes(row)
        return json.loads(raw) if raw else {"key": None, "metadata": None}

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
        (header_bytes,) = struct.unpack_from("<I", body, len(MAGIC))
        position = len(MAGIC) + 4
        header = json.loads(body[position : position + header_bytes])
        position += header_bytes
        entries = np.frombuffer(body, dtype=ENTRY, count=header["entries"], offset=position)
        position += entries.nbytes
        classes = np.frombuffer(body, dtype=CLASS, count=header["classes"], offset=position)
        position += classes.nbytes
        return cls(
            generation=header["generation"],
            next_order=header["next_order"],
            offered=header["offered"],
            entries=entries,
            classes=classes,
            texts=body[position:],
        )


def encode_text(key: str | None, metadata: dict[str, Any] | None) -> bytes:
    """Return an entry's text."""
    if key is None and metadata is None:
        return b""
    return json.dumps({"key": key, "metadata": metadata}, separators=(",", ":")).encode()
