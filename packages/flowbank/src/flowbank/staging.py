"""The writer's working set: what the next commit will publish."""

import heapq
from bisect import insort
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Int, Shaped, UInt64

from flowbank.admission import survivors
from flowbank.config import BankConfig
from flowbank.index import CLASS, ENTRY, Index, decode_text

Place = tuple[float, int, int]  # score, −order, row: the smallest is the first to go


class Staging:
    """Entries by class in heaps, the worst on top; rows of a growing table hold their facts.

    Args:
        config: the bank's config.
        index: the generation to start from; its slots belong to that generation.
        free_slot: called with the slot of an entry that goes before it was ever published.
    """

    def __init__(self, config: BankConfig, index: Index, *, free_slot: Callable[[int], None]) -> None:
        self.config = config
        self.born = index.generation + 1
        self.next_order = index.next_order
        self.offered = index.offered
        self.shared_offered = index.offered
        self._free_slot = free_slot
        size = index.entries.size
        self.table = np.zeros(max(64, size), dtype=ENTRY)
        self.table[:size] = index.entries
        self._texts: list[bytes] = [b""] * self.table.size
        self._alive = np.zeros(self.table.size, dtype=bool)
        self._alive[:size] = True
        self._published = self._alive.copy()
        self._spare = list(range(self.table.size - 1, size - 1, -1))
        self._heaps: list[list[Place]] = [[] for _ in config.capacities]
        self._rows_of_key: defaultdict[str, list[Place]] = defaultdict(list)
        self.changed: set[int] = set()
        self._unsorted = set(range(config.num_classes))
        self._sorted: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * config.num_classes
        self._texts_of_class: list[bytes] = [b""] * config.num_classes
        labels = index.entries["label"].tolist()
        scores = index.entries["score"].tolist()
        orders = index.entries["order"].tolist()
        starts = index.entries["text_start"].tolist()
        lengths = index.entries["text_bytes"].tolist()
        for row in range(size):
            text = index.texts[starts[row] : starts[row] + lengths[row]]
            self._texts[row] = text
            place = (scores[row], -orders[row], row)
            self._heaps[labels[row]].append(place)
            key = self.key_of(text)
            if key is not None:
                insort(self._rows_of_key[key], place)
        for heap in self._heaps:
            heapq.heapify(heap)

    def counts(self) -> list[int]:
        """Return the number of entries of each class."""
        return [len(heap) for heap in self._heaps]

    def admits(self, label: int, score: float, key: str | None) -> list[Place] | None:
        """Decide on an entry that would be the latest: None refuses it, else the entries that give way to it."""
        heap = self._heaps[label]
        capacity = self.config.capacities[label]
        if key is None or not self.config.admission.uses_keys:
            if len(heap) < capacity:
                return []
            return [heap[0]] if capacity and score > heap[0][0] else None
        same_key = self._rows_of_key.get(key, [])
        if self.config.admission.replace_key:
            leaving = list(same_key)
        elif len(same_key) < (self.config.admission.max_per_key or 1):
            leaving = []
        elif score > same_key[0][0]:
            leaving = [same_key[0]]
        else:
            return None
        if len(heap) - sum(self.table["label"][place[2]] == label for place in leaving) < capacity:
            return leaving
        return [*leaving, heap[0]] if capacity and score > heap[0][0] else None

    def add(
        self,
        *,
        label: int,
        confidence: float,
        score: float,
        slot: int,
        crc: int,
        uid: int,
        key: str | None,
        text: bytes,
        leaving: list[Place],
        born: int,
        order: int | None = None,
        published: bool = False,
    ) -> None:
        """Take in an entry that `admits` let in, in place of `leaving`; None numbers it as the latest."""
        for place in leaving:
            self._remove(place)
        if not self._spare:
            self._grow()
        row = self._spare.pop()
        if order is None:
            order = self.next_order
            self.next_order += 1
        place = (score, -order, row)
        self.table[row] = (label, crc, slot, confidence, score, order, born, uid, 0, len(text))
        self._texts[row] = text
        self._alive[row] = True
        self._published[row] = published
        heapq.heappush(self._heaps[label], place)
        if key is not None and self.config.admission.uses_keys:
            insort(self._rows_of_key[key], place)
        self.changed.add(label)
        self._unsorted.add(label)

    def find(self, uids: UInt64[np.ndarray, " n"]) -> list[int]:
        """Return the row of each entry by its uid, −1 where it is not here."""
        rows = np.flatnonzero(self._alive)
        known = dict(zip(self.table["uid"][rows].tolist(), rows.tolist(), strict=True))
        return [known.get(uid, -1) for uid in uids.tolist()]

    def find_keys(self, keys: list[str]) -> list[list[int]]:
        """Return the rows of all entries with each key."""
        known: dict[str, list[int]] = {key: [] for key in keys}
        for row in np.flatnonzero(self._alive).tolist():
            key = decode_text(self._texts[row], where="an entry")["key"] if self._texts[row] else None
            if key in known:
                known[key].append(row)
        return [known[key] for key in keys]

    def has(self, row: int, *, uid: int) -> bool:
        """Return whether an entry is still in a row."""
        return bool(self._alive[row]) and int(self.table["uid"][row]) == uid

    def text_of(self, row: int) -> bytes:
        """Return an entry's text."""
        return self._texts[row]

    def discard(self, rows: set[int]) -> None:
        """Remove entries."""
        for label in set(self.table["label"][sorted(rows)].tolist()):
            self._heaps[label] = [place for place in self._heaps[label] if place[2] not in rows]
            heapq.heapify(self._heaps[label])
        for row in sorted(rows):
            place = (float(self.table["score"][row]), -int(self.table["order"][row]), row)
            self._remove(place, in_heap=False)

    def clear(self) -> None:
        """Remove every entry."""
        for heap in self._heaps:
            for place in list(heap):
                self._remove(place, in_heap=False)
            heap.clear()
        self.offered = self.shared_offered = 0

    def advance(self, *, born: int) -> None:
        """Note that everything is published now; what comes next belongs to generation `born`."""
        self._published[:] = self._alive
        self.born = born
        self.changed = set()

    def apply_commit_rules(self) -> None:
        """Remove what the rules of a commit do not keep."""
        admission = self.config.admission
        if not admission.acts_at_commit:
            return
        rows = np.flatnonzero(self._alive)
        live = self.table[rows]
        keep = survivors(
            admission,
            labels=live["label"],
            scores=live["score"],
            order=live["order"],
            effective=admission.effective_confidence(live["confidence"], born=live["born"], generation=self.born),
            offered=self.offered,
        )
        for row in rows[~keep].tolist():
            self._remove((float(self.table["score"][row]), -int(self.table["order"][row]), row))

    def sorted_rows(self) -> Int[np.ndarray, " entries"]:
        """Return the rows of all entries by class, then best first, then earlier first."""
        for label in self._unsorted:
            rows = [row for _, _, row in sorted(self._heaps[label], reverse=True)]
            self._sorted[label] = np.array(rows, dtype=np.int64)
            self._texts_of_class[label] = b"".join([self._texts[row] for row in rows])
        self._unsorted = set()
        return np.concatenate(self._sorted)

    def build(self) -> Index:
        """Return the index that a commit would publish, without sums."""
        rows = self.sorted_rows()
        entries = self.table[rows]
        entries["text_start"] = np.cumsum(entries["text_bytes"]) - entries["text_bytes"]
        classes = np.zeros(self.config.num_classes, dtype=CLASS)
        classes["count"] = np.bincount(entries["label"], minlength=self.config.num_classes)
        classes["sum_slot"] = -1
        return Index(
            generation=self.born,
            next_order=self.next_order,
            offered=self.offered,
            entries=entries,
            classes=classes,
            texts=b"".join(self._texts_of_class),
        )

    def unpublished_slots(self) -> Int[np.ndarray, " n"]:
        """Return the slots that only the working set uses."""
        return self.table["slot"][self._alive & ~self._published]

    def rows(self) -> tuple[Shaped[np.ndarray, " rows"], Bool[np.ndarray, " rows"], list[bytes]]:
        """Return facts, whether already published, and texts of all entries, sorted."""
        rows = self.sorted_rows()
        return self.table[rows], self._published[rows], [self._texts[row] for row in rows.tolist()]

    def key_of(self, text: bytes) -> str | None:
        """Return the key in an entry's text, None where keys decide nothing."""
        return decode_text(text, where="an entry")["key"] if text and self.config.admission.uses_keys else None

    def _remove(self, place: Place, *, in_heap: bool = True) -> None:
        row = place[2]
        label = int(self.table["label"][row])
        if in_heap:
            heap = self._heaps[label]
            if heap[0] == place:
                heapq.heappop(heap)
            else:
                heap.remove(place)
                heapq.heapify(heap)
        key = self.key_of(self._texts[row])
        if key is not None:
            self._rows_of_key[key].remove(place)
            if not self._rows_of_key[key]:
                del self._rows_of_key[key]
        if not self._published[row]:
            self._free_slot(int(self.table["slot"][row]))
        self._alive[row] = False
        self._texts[row] = b""
        self._spare.append(row)
        self.changed.add(label)
        self._unsorted.add(label)

    def _grow(self) -> None:
        size = self.table.size
        self.table = np.concatenate([self.table, np.zeros(size, dtype=ENTRY)])
        self._alive = np.concatenate([self._alive, np.zeros(size, dtype=bool)])
        self._published = np.concatenate([self._published, np.zeros(size, dtype=bool)])
        self._texts.extend([b""] * size)
        self._spare.extend(range(2 * size - 1, size - 1, -1))
