"""One generation, ready to be read."""

import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from flowbank.codec import decode_into
from flowbank.config import BankConfig
from flowbank.errors import BankFormatError
from flowbank.generations import HeldGeneration
from flowbank.layout import ENTRIES_FILE, SUMS_FILE
from flowbank.slab import Slab


class Snapshot:
    """A held generation with its records mapped; it never changes.

    Args:
        folder: the bank's folder.
        config: the bank's config.
        generation: which one, the newest if None.
        checked: compare the bytes with their checksum each time they are read.
    """

    def __init__(
        self, folder: Path, config: BankConfig, *, generation: int | None = None, checked: bool = False
    ) -> None:
        self.config = config
        self.checked = checked
        self._folder = folder
        self._held = HeldGeneration(folder, generation=generation)
        self.index = self._held.index
        try:
            self.index.check_fits(config, path=self._held.path)
            self._records = _map(folder / ENTRIES_FILE, config.record_bytes, self.index.entries["slot"])
            sums = self.index.classes["sum_slot"]
            self._sums = _map(folder / SUMS_FILE, config.sum_record_bytes, sums)
        except BaseException:
            self._held.release()
            raise

    @property
    def counts(self) -> Int[np.ndarray, " classes"]:
        """Number of entries of each class."""
        return self.index.classes["count"]

    def rows_of(self, label: int) -> slice:
        """Return the rows of a class, best first."""
        start = int(self.index.starts[label])
        return slice(start, start + int(self.counts[label]))

    def weights(self, label: int) -> Float[np.ndarray, " k"]:
        """Return the confidences of a class as they count in this generation."""
        rows = self.index.entries[self.rows_of(label)]
        return self.config.admission.effective_confidence(
            rows["confidence"], born=rows["born"], generation=self.index.generation
        )

    def record(self, row: int) -> UInt8[np.ndarray, " bytes"]:
        """Return an entry's stored bytes, mapped.

        Raises:
            BankFormatError: reads are checked, and a byte is wrong.
        """
        record = self._record(row)
        if self.checked:
            check_record(record, crc=int(self.index.entries["crc"][row]), where=self.name_of(row))
        return record

    def name_of(self, row: int) -> str:
        """Return what to call an entry in a message."""
        label = int(self.index.entries["label"][row])
        place = row - int(self.index.starts[label])
        return f"{self._folder / ENTRIES_FILE}: generation {self.index.generation}: entry {place} of class {label}"

    def stored(self, row: int, *, array: str) -> np.ndarray:
        """Return one array of an entry as stored, mapped."""
        spec = self.config.arrays[array]
        start = self.config.offsets[array]
        return self.record(row)[start : start + spec.nbytes].view(spec.dtype).reshape(spec.shape)

    def read_into(self, row: int, out: np.ndarray, *, array: str) -> None:
        """Fill `out` (float32, the array's shape) with one array of an entry."""
        decode_into(self.config.arrays[array], self.stored(row, array=array), out)

    def mean_into(self, label: int, out: np.ndarray, *, array: str) -> None:
        """Fill `out` (float32, the array's shape) with the mean over a class that is not empty."""
        spec = self.config.arrays[array]
        start = self.config.sum_offsets[array]
        record = self.sum_record(label)
        summed = record[start : start + spec.elements * spec.sum_dtype.itemsize].view(spec.sum_dtype)
        np.divide(summed.reshape(spec.shape), float(self.counts[label]), out=out, casting="same_kind")
        decode_into(spec, out, out)

    def sum_record(self, label: int) -> UInt8[np.ndarray, " bytes"]:
        """Return the stored bytes of a class's sums, mapped; errors as of `record`."""
        record = self._sums[self.index.classes["sum_slot"][label]]
        if self.checked:
            where = f"{self._folder / SUMS_FILE}: generation {self.index.generation}: the sums of class {label}"
            check_record(record, crc=int(self.index.classes["sum_crc"][label]), where=where)
        return record

    def entries_valid(self) -> Bool[np.ndarray, " entries"]:
        """Return for every entry whether its bytes are those that were stored."""
        rows = range(self.index.entries.size)
        return np.array(
            [zlib.crc32(self._record(row).data) == self.index.entries["crc"][row] for row in rows], dtype=bool
        )

    def sums_valid(self) -> Bool[np.ndarray, " classes"]:
        """Return for every class whether the bytes of its sums are those that were stored."""
        slots = self.index.classes["sum_slot"]
        crcs = self.index.classes["sum_crc"]
        return np.array(
            [slot < 0 or zlib.crc32(self._sums[slot].data) == crc for slot, crc in zip(slots, crcs, strict=True)],
            dtype=bool,
        )

    def release(self) -> None:
        """Let the writer drop this generation; nothing may be read afterwards."""
        self._held.release()

    def _record(self, row: int) -> UInt8[np.ndarray, " bytes"]:
        return self._records[self.index.entries["slot"][row]]


def check_record(record: UInt8[np.ndarray, " bytes"], *, crc: int, where: str) -> None:
    """Compare a record with its checksum.

    Raises:
        BankFormatError: a byte is wrong.
    """
    if zlib.crc32(record.data) != crc:
        raise BankFormatError(f"{where} is damaged: restore the bank from a copy; flowbank verify names all damage")


def _map(path: Path, record_bytes: int, slots: Int[np.ndarray, " n"]) -> UInt8[np.ndarray, "slots bytes"]:
    try:
        slab = Slab(path, record_bytes=record_bytes, writable=False)
    except FileNotFoundError as error:
        raise BankFormatError(f"{path} is missing: restore it from a copy, or create the bank anew") from error
    try:
        return slab.map(int(slots.max(initial=-1)) + 1)
    finally:
        slab.close()
