"""The one who writes: the lock, the files, the working set and the commit."""

import fcntl
import itertools
import os
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from flowbank.batch import Values
from flowbank.class_sums import write_sums
from flowbank.codec import BLOCK, encode_into
from flowbank.config import BankConfig
from flowbank.errors import BankFormatError, BankInputError, BankModeError, BankStorageError, FlowBankError
from flowbank.files import kind_of, read_regular, refuse_all_but, replace_file, sync_folder
from flowbank.generations import drop_generation, seal_pins, stored_generations
from flowbank.index import Index
from flowbank.layout import ENTRIES_FILE, FOLDER, SUMS_FILE, index_path, partials
from flowbank.locking import lock_folder
from flowbank.slab import Slab, SlotAllocator
from flowbank.staging import Staging

_open_writers: "weakref.WeakSet[Writer]" = weakref.WeakSet()


class Writer:
    """Holds the bank's writer lock until `close` or the end of the process.

    Args:
        folder: the bank's folder.
        config: the bank's config.

    Raises:
        BankLockedError: someone else is writing.
        BankFormatError: the newest generation is damaged or missing.
    """

    def __init__(self, folder: Path, config: BankConfig) -> None:
        self.folder = folder
        self.config = config
        self.pid = os.getpid()
        self.changes = 0
        self._exact_sums: set[int] = set()
        self.mutex = threading.RLock()
        with ExitStack() as opened:
            self._lock_fd = lock_folder(folder)
            opened.callback(os.close, self._lock_fd)
            self._entries = Slab(folder / ENTRIES_FILE, record_bytes=config.record_bytes, writable=True)
            opened.callback(self._entries.close)
            self._sums = Slab(folder / SUMS_FILE, record_bytes=config.sum_record_bytes, writable=True)
            opened.callback(self._sums.close)
            self._recover()
            self.record = np.zeros(config.record_bytes, dtype=np.uint8)
            opened.pop_all()
        self.scratch = np.empty(BLOCK, dtype=np.float32)
        self._uids = itertools.count(int.from_bytes(os.urandom(8), "little"))
        _open_writers.add(self)

    @property
    def is_open(self) -> bool:
        """Whether `close` has not been called."""
        return self._lock_fd >= 0

    @property
    def index(self) -> Index:
        """The newest generation."""
        return self._stored[max(self._stored)]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep others out while the working set changes.

        What interrupts a change half-way (Ctrl-C, no memory) leaves the working set in no defined state, see
        `check_usable`. Errors of ours are raised where it is whole.
        """
        with self.mutex:
            self._interrupted = True
            self.changes += 1
            try:
                yield
            except FlowBankError:
                self._interrupted = False
                raise
            self._interrupted = False

    def check_usable(self) -> None:
        """Refuse to write from a forked child, which shares files but no working set, or after an interruption.

        Raises:
            BankModeError: this is a child; or a change was interrupted, and the working set was begun anew from the
                disk, as if the bank had been opened again.
        """
        if os.getpid() != self.pid:
            raise BankModeError(
                f"the bank in {self.folder} is written by process {self.pid}, this is its child {os.getpid()}:"
                " write from the parent, or open the bank here with mode='r'"
            )
        with self.mutex:
            if self._interrupted:
                self._recover()
                raise BankModeError(
                    f"a change of the bank in {self.folder} was interrupted: it is back at generation"
                    f" {self.index.generation}, and what was staged after it is lost: insert that again"
                )

    def encode(self, values: Mapping[str, Values], place: int) -> None:
        """Fill `record`, or the part of it that `values` has, from one entry of a batch of arrays.

        Raises:
            BankInputError: a value is not finite.
        """
        for name in values:
            spec = self.config.arrays[name]
            start = self.config.offsets[name]
            out = self.record[start : start + spec.nbytes].view(spec.dtype)
            try:
                encode_into(spec, values[name][place], out, scratch=self.scratch)
            except BankInputError as error:
                raise BankInputError(f"{'clips' if name == 'clip' else name}[{place}]: {error}") from error

    def store(
        self,
        *,
        label: int,
        confidence: float,
        score: float,
        key: str | None,
        text: bytes,
        leaving: list[tuple[float, int, int]],
    ) -> None:
        """Write `record` into a free slot and take it into the working set."""
        self.store_record(
            self.record,
            label=label,
            confidence=confidence,
            score=score,
            crc=zlib.crc32(self.record.data),
            uid=next(self._uids) % 2**64,
            key=key,
            text=text,
            leaving=leaving,
            born=self.staging.born,
        )

    def replace_entry(
        self,
        row: int,
        *,
        label: int,
        confidence: float | None,
        text: bytes | None,
        values: Mapping[str, Values],
        place: int,
    ) -> bool:
        """Give an entry of the working set new facts; return whether it still has its place, in its new class too.

        Args:
            row: which one.
            label: its class from now on.
            confidence: the new one; None keeps the old one and its age.
            text: key and metadata; None keeps them.
            values: the arrays to replace.
            place: where in `values`.

        Raises:
            BankInputError: a value is not finite; the entry is as before.
            BankStorageError: the disk is full; the entry is as before.
        """
        old = self.staging.table[row].copy()
        text = self.staging.text_of(row) if text is None else text
        key = self.staging.key_of(text)
        self._entries.read_into(int(old["slot"]), self.record)
        if values and zlib.crc32(self.record.data) != old["crc"]:
            raise BankFormatError(
                f"an entry of {self.folder} is damaged: run flowbank verify, and restore it from a copy"
            )
        self.encode(values, place)
        born, score = int(old["born"]), float(old["score"])
        if confidence is not None:
            born = self.staging.born
            if self.config.admission.keep == "confidence":
                score = self.config.admission.score(confidence, born=born)
        slot = self.write_record(self.record)
        self.staging.discard({row})
        leaving = self.staging.admits(label, score, key)
        if leaving is None:
            self.release_slots([slot])
            return False
        self.staging.add(
            label=label,
            confidence=float(old["confidence"]) if confidence is None else confidence,
            score=score,
            slot=slot,
            crc=zlib.crc32(self.record.data) if values else int(old["crc"]),
            uid=next(self._uids) % 2**64,  # banks that share the old entry do not share this one
            key=key,
            text=text,
            leaving=leaving,
            born=born,
            order=int(old["order"]),
        )
        return True

    def store_record(self, record: UInt8[np.ndarray, " bytes"], **facts: Any) -> None:
        """Write a record into a free slot and take it into the working set, facts as `Staging.add` wants them."""
        self.staging.add(slot=self.write_record(record), **facts)

    def write_record(self, record: UInt8[np.ndarray, " bytes"]) -> int:
        """Write a record into a free slot, and return the slot.

        Raises:
            BankStorageError: the disk is full.
        """
        slot = self._entry_slots.take()
        try:
            self._entries.write(slot, record)
        except OSError as error:
            self._entry_slots.release([slot])
            self._trim()
            raise BankStorageError(
                f"an entry could not be written to {self.folder}: {error.strerror}; free some space and insert again"
            ) from error
        return slot

    def release_slots(self, slots: list[int]) -> None:
        """Give unpublished slots back."""
        self._entry_slots.release(slots)

    def stage_empty(self, *, with_slots: bool = True) -> Staging:
        """Return a working set without entries that would follow the newest generation; it is not yet in use.

        Without slots, the slots it is told are any numbers, and nothing is freed.
        """
        index = self.index
        empty = replace(index, entries=index.entries[:0], texts=b"", next_order=0, offered=0)
        return self._stage(empty) if with_slots else Staging(self.config, empty, free_slot=lambda slot: None)

    def read_record(self, slot: int, record: UInt8[np.ndarray, " bytes"]) -> None:
        """Fill `record` from a slot of the working set."""
        self._entries.read_into(slot, record)

    def commit(self, *, apply_rules: bool = True) -> None:
        """Publish the working set as a new generation.

        Raises:
            BankStorageError: the disk refused; the last generation stays.
        """
        if apply_rules:
            self.staging.apply_commit_rules()
        new = self.staging.build()
        sum_slots, exact = np.zeros(0, dtype=np.int64), self._exact_sums
        path = index_path(self.folder, new.generation)
        try:
            refuse_all_but(self.folder / FOLDER, "a folder")
            if kind_of(path) is not None:
                raise BankStorageError(f"{path} is there already, and not from this bank: move it away, commit again")
            if self.config.keep_means:
                sum_slots, exact = write_sums(
                    self.config,
                    old=self.index,
                    new=new,
                    changed=self.staging.changed,
                    exact=self._exact_sums,
                    entries=self._entries,
                    sums=self._sums,
                    slots=self._sum_slots,
                )
            self._sync()
            replace_file(path, new.to_bytes())
        except FlowBankError:
            self._sum_slots.release(sum_slots)
            self._trim()
            raise
        except OSError as error:
            self._sum_slots.release(sum_slots)
            self._trim()
            raise BankStorageError(
                f"generation {new.generation} could not be written to {self.folder}: {error.strerror};"
                f" generation {self.index.generation} stays, free some space and commit again"
            ) from error
        unpublished = self.staging.unpublished_slots()
        self._hold(new)
        self._exact_sums = exact
        self._entry_slots.release(unpublished)
        self._sum_slots.release(sum_slots)
        self.staging.advance(born=new.generation + 1)
        try:
            sync_folder(self.folder / FOLDER)
        except OSError as error:
            raise BankStorageError(
                f"generation {new.generation} is published in {self.folder}, but may not survive a power cut:"
                f" {error.strerror}; check the disk and commit again"
            ) from error

    def republish(self, generation: int) -> None:
        """Make the entries of a stored generation the newest generation again."""
        self.rollback()
        newest = self.index
        self.staging = self._stage(self._stored[generation])
        self.staging.born = newest.generation + 1
        self.staging.next_order = newest.next_order
        self.staging.changed = set(range(self.config.num_classes))
        self.commit(apply_rules=False)

    def clear(self) -> None:
        """Empty the working set; what only it used is free at once, so that a full disk has room again."""
        self.staging.clear()
        self._trim()

    def rollback(self) -> None:
        """Start the working set anew from the newest generation."""
        self._entry_slots.release(self.staging.unpublished_slots())
        self.staging = self._stage(self.index)

    def sweep(self) -> None:
        """Drop the old generations nobody holds, with all that only they use."""
        for generation in sorted(self._stored)[:-1]:
            if drop_generation(self.folder, generation):
                dropped = self._stored.pop(generation)
                self._entry_slots.release(dropped.entries["slot"])
                self._sum_slots.release(_sum_slots_of(dropped))
        self._trim()

    def close(self) -> None:
        """Give the lock back; what was not committed is gone."""
        self._entries.close()
        self._sums.close()
        if self._lock_fd >= 0:
            # Unlocking, unlike closing, also counts where a child just forked still has the descriptor.
            fcntl.flock(self._lock_fd, fcntl.LOCK_UN)
        self.drop_lock()

    def drop_lock(self) -> None:
        """Close this process's descriptor of the lock."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def _trim(self) -> None:
        """Give the space after the last slot in use back to the file system."""
        with suppress(OSError):
            self._entries.truncate(self._entry_slots.shrink())
            self._sums.truncate(self._sum_slots.shrink())

    def _recover(self) -> None:
        """Learn which slots are in use, remove what an interrupted writer left, and start at the newest generation."""
        self._interrupted = True
        self._entry_slots = SlotAllocator()
        self._sum_slots = SlotAllocator()
        self._stored: dict[int, Index] = {}
        self._exact_sums = set()
        for partial in partials(self.folder):
            partial.unlink(missing_ok=True)
        generations = stored_generations(self.folder)
        for generation in generations:
            path = index_path(self.folder, generation)
            try:
                self._hold(self._read_index(path, generation))
            except BankFormatError:
                if generation == generations[-1] or not drop_generation(self.folder, generation):
                    raise
        if not self._stored:
            raise BankFormatError(f"{self.folder} has no generation: restore it from a copy, or create the bank anew")
        with suppress(OSError, FlowBankError):
            seal_pins(self.folder)
        self.staging = self._stage(self.index)
        self._interrupted = False

    def _read_index(self, path: Path, generation: int) -> Index:
        """Return a stored generation whose slots are safe to count on."""
        index = Index.from_bytes(read_regular(path), path=path)
        index.check_fits(self.config, path=path)
        for slots, slab in ((index.entries["slot"], self._entries), (_sum_slots_of(index), self._sums)):
            if slots.size and int(slots.max()) >= slab.slots:
                raise BankFormatError(f"{slab.path} is truncated: it ends before what {path.name} names; restore it")
            if np.unique(slots).size != slots.size:
                raise BankFormatError(f"{path} names a slot of {slab.path.name} twice: restore it from a copy")
        if index.generation != generation:
            raise BankFormatError(f"{path} holds generation {index.generation}: restore it from a copy")
        return index

    def _stage(self, index: Index) -> Staging:
        return Staging(self.config, index, free_slot=lambda slot: self._entry_slots.release([slot]))

    def _hold(self, index: Index) -> None:
        self._entry_slots.hold(index.entries["slot"])
        self._sum_slots.hold(_sum_slots_of(index))
        self._stored[index.generation] = index

    def _sync(self) -> None:
        """Make the records last; what a failed sync wrote cannot be trusted, so the working set goes."""
        try:
            self._entries.sync()
            self._sums.sync()
        except OSError as error:
            self.rollback()
            raise BankStorageError(
                f"the entries could not be written to {self.folder}: {error.strerror};"
                f" generation {self.index.generation} stays, what was inserted since is lost: insert it again"
            ) from error


def _sum_slots_of(index: Index) -> np.ndarray:
    return index.classes["sum_slot"][index.classes["sum_slot"] >= 0]


def _drop_inherited_locks() -> None:
    """Leave the writer lock to the parent alone, so that it ends with the parent."""
    for writer in list(_open_writers):
        writer.drop_lock()


os.register_at_fork(after_in_child=_drop_inherited_locks)
