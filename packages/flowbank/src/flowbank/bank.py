"""The bank: create or open it, insert and commit, sample."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import torch
import torch.distributed as dist
from jaxtyping import Bool, Float, Int

from flowbank.admission import Admission
from flowbank.batch import (
    Confidences,
    Labels,
    Values,
    check_arrays,
    check_per_entry,
    check_values,
    checked_confidences,
    checked_labels,
)
from flowbank.codec import ArraySpec, Codec
from flowbank.config import BankConfig, make_config
from flowbank.creation import create_folder
from flowbank.draw import Draw, read_means
from flowbank.errors import BankFormatError, BankInputError, BankModeError, BankStorageError, GenerationGoneError
from flowbank.files import check_outside_banks, kind_of
from flowbank.gathering import gather_entries
from flowbank.generations import pin_generation, unpin_generation
from flowbank.index import decode_text, encode_text
from flowbank.layout import CONFIG_FILE
from flowbank.nearest import nearest_places
from flowbank.sampling import distinct_places, uniform_places, weighted_places
from flowbank.snapshot import Snapshot
from flowbank.staged import StagedSnapshot
from flowbank.staging import Staging
from flowbank.writer import Writer

Reduction = Literal["random", "mean", "confidence", "nearest"]
Entries = Draw | Sequence[str]


class FlowBank:
    """The most confident entries of each class, in a folder shared by one writer and any number of readers.

    Make one with `create` or `open`. Inserts are staged: readers, this object's own `sample` included, see them after
    `commit`. Objects may be passed to DataLoader workers, forked or spawned; there they read.

    >>> import tempfile, torch
    >>> folder = tempfile.mkdtemp()
    >>> bank = FlowBank.create(folder, num_classes=3, capacity=2, clip_shape=(2, 4, 8, 8))
    >>> bank.insert([1, 1, 1], [0.5, 0.9, 0.7], torch.zeros(3, 2, 4, 8, 8)).tolist()
    [True, True, True]
    >>> bank.commit()
    1
    >>> bank.counts().tolist()
    [0, 2, 0]
    >>> clips, hit = bank.sample([0, 1], generator=torch.Generator().manual_seed(0))
    >>> clips.shape, hit.tolist()
    (torch.Size([2, 2, 4, 8, 8]), [False, True])
    >>> bank.close()
    """

    def __init__(
        self,
        folder: Path,
        config: BankConfig,
        *,
        writer: Writer | None,
        generation: int | None,
        verify: Literal["never", "on-read"] = "never",
    ) -> None:
        self._folder = folder
        self._config = config
        self._writer = writer
        self._verify: Literal["never", "on-read"] = verify
        self._snapshot: Snapshot | None = self._snapshot_of(generation)

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        num_classes: int,
        capacity: int | Sequence[int],
        clip_shape: tuple[int, ...],
        codec: Codec = "flow-uint8",
        bound: float = 20.0,
        arrays: Mapping[str, ArraySpec] | None = None,
        admission: Admission | None = None,
        keep_means: bool = True,
    ) -> "FlowBank":
        """Make an empty bank and open it for writing.

        Args:
            folder: where; it must be new or empty.
            num_classes: labels are `0 … num_classes - 1`.
            capacity: most entries of each class, one number for all or one per class.
            clip_shape: shape of an entry's main array, `"clip"`.
            codec: how clips are stored; `"flow-uint8"` is for flow in pixels.
            bound: largest displacement of `"flow-uint8"` [px].
            arrays: further arrays of every entry by name, e.g. `{"feature": ArraySpec((512,), "float32")}`.
            admission: further rules of what is kept.
            keep_means: keep each class's sums up to date at each commit, for `reduction="mean"`.

        Raises:
            BankInputError: an argument is out of range.
            BankStorageError: the folder is not empty, or cannot be written.
        """
        config = _new_config(
            num_classes=num_classes,
            capacity=capacity,
            clip_shape=clip_shape,
            codec=codec,
            bound=bound,
            arrays=arrays,
            admission=admission,
            keep_means=keep_means,
        )
        check_outside_banks(Path(folder))
        create_folder(Path(folder), config)
        return cls.open(folder, mode="r+")

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        mode: Literal["r", "r+"] = "r",
        generation: int | None = None,
        verify: Literal["never", "on-read"] = "never",
    ) -> "FlowBank":
        """Open a bank at its newest generation.

        Args:
            folder: the bank's folder.
            mode: `"r"` to sample, `"r+"` to insert as well (one at a time).
            generation: with `"r"`, the stored generation to read instead of the newest.
            verify: `"on-read"` compares what is read with its checksum each time, and raises BankFormatError where it
                is damaged; it reads whole entries, about one more pass over them.

        Raises:
            BankFormatError: the folder is not a bank, or it is damaged.
            BankLockedError: mode is `"r+"` and someone else is writing.
            BankStorageError: the disk refuses, or its file system has no working locks.
            GenerationGoneError: the generation is not stored.
        """
        if mode not in ("r", "r+"):
            raise BankInputError(f"mode is {mode!r}: choose 'r' or 'r+'")
        if verify not in ("never", "on-read"):
            raise BankInputError(f"verify is {verify!r}: choose 'never' or 'on-read'")
        if mode == "r+" and generation is not None:
            raise BankInputError("generation is for mode='r': to go back to one for writing, use load_state_dict")
        folder = Path(folder).absolute()
        config = BankConfig.load(folder)
        try:
            writer = Writer(folder, config) if mode == "r+" else None
            try:
                return cls(folder, config, writer=writer, generation=generation, verify=verify)
            except BaseException:
                if writer is not None:
                    writer.close()
                raise
        except OSError as error:
            raise BankStorageError(
                f"{folder} cannot be opened with mode={mode!r}: {error.strerror}; check its permissions"
            ) from error
        except MemoryError as error:
            raise BankStorageError(
                f"{folder} cannot be opened with mode={mode!r}: its entries of {config.record_bytes} bytes do not fit"
                " into memory; open it on a larger machine"
            ) from error

    @classmethod
    def open_or_create(cls, folder: str | Path, **settings: Any) -> "FlowBank":
        """Open a bank for writing, making it first if it is not there.

        Args:
            folder: the bank's folder.
            settings: as `create` takes them; a bank that is there must have been created with the same.

        Raises:
            BankInputError: the bank that is there has other settings, or a setting is out of range.
            BankFormatError: the bank that is there is damaged.
            BankLockedError: someone else is writing.
            BankStorageError: the folder holds something else, or cannot be written.
        """
        if kind_of(Path(folder) / CONFIG_FILE) is None:
            return cls.create(folder, **settings)
        bank = cls.open(folder, mode="r+")
        try:
            wanted = _new_config(**settings)
            for name in ("capacities", "arrays", "admission", "keep_means"):
                has, asked = getattr(bank.config, name), getattr(wanted, name)
                if has != asked:
                    raise BankInputError(
                        f"{folder} was created with {name} {has}, not {asked}: open it with the settings it has, or"
                        " choose another folder"
                    )
        except BaseException:
            bank.close()
            raise
        return bank

    def insert(
        self,
        labels: Labels,
        confidences: Confidences,
        clips: Values,
        *,
        keys: Sequence[str | None] | None = None,
        metadata: Sequence[dict[str, Any] | None] | None = None,
        arrays: Mapping[str, Values] | None = None,
    ) -> Bool[np.ndarray, " n"]:
        """Stage a batch of entries; what is refused is neither copied nor encoded.

        Args:
            labels: class of each entry, `(n,)`.
            confidences: rank of each entry within its class, larger is better; a tie keeps the earlier, `(n,)`.
            clips: `(n, *clip_shape)` floats (flow in px), or for `"flow-uint8"` `uint8` codes, kept exactly.
            keys: a name for each entry, e.g. the video's id.
            metadata: anything that JSON can hold, for each entry.
            arrays: the bank's further arrays, each `(n, *shape)`.

        Returns:
            Which entries were taken; a later one may still displace them.

        Raises:
            BankInputError: an argument has a wrong shape, dtype or range (nothing is staged), or an accepted entry has
                a value that is not finite (those before it in the batch stay staged).
            BankStorageError: the disk is full.
        """
        writer = self.writer
        config = self._config
        admission = config.admission
        label_list = checked_labels(labels, num_classes=config.num_classes)
        size = len(label_list)
        confidence_list = checked_confidences(confidences, size=size, decays=admission.age_decay is not None)
        check_values(clips, name="clips", spec=config.arrays["clip"], size=size)
        if arrays is not None or len(config.arrays) > 1:
            check_arrays(arrays, specs=config.arrays, size=size)
        check_per_entry(keys, name="keys", kind=str, size=size)
        check_per_entry(metadata, name="metadata", kind=dict, size=size)
        taken = np.zeros(size, dtype=bool)
        with writer.mutex:
            staging = writer.staging
            first = staging.offered
            staging.offered += size
            ranks_itself = admission.keep == "confidence" and admission.age_decay is None
            for place in range(size):
                label, confidence = label_list[place], confidence_list[place]
                if admission.min_confidence is not None and confidence < admission.min_confidence:
                    continue
                score = confidence
                if not ranks_itself:
                    score = admission.score(
                        confidence, born=staging.born, order=staging.next_order, number=first + place
                    )
                key = None if keys is None else keys[place]
                leaving = staging.admits(label, score, key)
                if leaving is None:
                    continue
                text = encode_text(key, None if metadata is None else metadata[place])
                writer.encode({"clip": clips, **(arrays or {})}, place)
                with writer.changing():
                    writer.store(label=label, confidence=confidence, score=score, key=key, text=text, leaving=leaving)
                taken[place] = True
        return taken

    def delete(self, entries: Entries) -> int:
        """Stage the removal of entries and return how many there were; like inserts, readers see it after `commit`.

        Args:
            entries: entries that were drawn, or keys: every entry with one of them. What is not there any more is
                passed over.
        """
        writer = self.writer
        with writer.changing():
            rows = {row for found in _rows_of(writer.staging, entries) for row in found}
            writer.staging.discard(rows)
            return len(rows)

    def update(
        self,
        entries: Entries,
        *,
        labels: Labels | None = None,
        confidences: Confidences | None = None,
        clips: Values | None = None,
        arrays: Mapping[str, Values] | None = None,
        metadata: Sequence[dict[str, Any] | None] | None = None,
    ) -> Bool[np.ndarray, " n"]:
        """Stage new facts of entries; what is not given stays. Readers see it after `commit`.

        An entry whose class is full then has to win its place as if it were inserted, and is gone if it does not. It
        keeps its insertion number; with a new confidence its age begins anew.

        Args:
            entries: entries that were drawn, or keys: what is given for a key goes to every entry with it.
            labels: as in `insert`, one of each for each of `entries`.
            confidences: as in `insert`.
            clips: as in `insert`.
            arrays: as in `insert`, but those that change only.
            metadata: as in `insert`; None removes it.

        Returns:
            Which of `entries` were there and still are.

        Raises:
            BankInputError: an argument has a wrong shape, dtype or range (nothing is staged), or a value is not finite
                (the entries before it are updated, it and those after it are not).
            BankStorageError: the disk is full; entries up to there are updated.
        """
        writer = self.writer
        config = self._config
        size = len(entries)
        label_list = None if labels is None else checked_labels(labels, num_classes=config.num_classes)
        if label_list is not None and len(label_list) != size:
            raise BankInputError(f"labels has {len(label_list)} items for {size} entries: give one per entry")
        decays = config.admission.age_decay is not None
        confidence_list = None if confidences is None else checked_confidences(confidences, size=size, decays=decays)
        values = {**({} if clips is None else {"clip": clips}), **(arrays or {})}
        if unknown := sorted(set(values) - set(config.arrays)):
            raise BankInputError(f"arrays names {unknown[0]!r}: choose from {', '.join(config.arrays)}")
        for name, value in values.items():
            check_values(value, name="clips" if name == "clip" else name, spec=config.arrays[name], size=size)
        check_per_entry(metadata, name="metadata", kind=dict, size=size)
        kept = np.zeros(size, dtype=bool)
        with writer.mutex:
            table = writer.staging.table
            found = [[(row, int(table["uid"][row])) for row in rows] for rows in _rows_of(writer.staging, entries)]
            for place, here in enumerate(found):
                for row, uid in here:
                    if not writer.staging.has(row, uid=uid):
                        continue  # an update before this one took its place
                    text = None
                    if metadata is not None:
                        key = decode_text(writer.staging.text_of(row), where="an entry")["key"]
                        text = encode_text(key, metadata[place])
                    with writer.changing():
                        kept[place] |= writer.replace_entry(
                            row,
                            label=int(writer.staging.table["label"][row]) if label_list is None else label_list[place],
                            confidence=None if confidence_list is None else confidence_list[place],
                            text=text,
                            values=values,
                            place=place,
                        )
        return kept

    def clear(self) -> None:
        """Stage the removal of every entry; like inserts, readers see it after `commit`."""
        writer = self.writer
        with writer.changing():
            writer.clear()

    def commit(self) -> int:
        """Publish what is staged, all or nothing, and read it from now on; return the new generation's number.

        Raises:
            BankStorageError: the disk refused; the last generation stays, and so does what is staged unless the
                message says otherwise.
        """
        writer = self.writer
        with writer.changing():
            writer.commit()
            self._snapshot = self._snapshot_of()
            writer.sweep()
            return self.generation

    def sample(
        self,
        labels: Labels,
        *,
        reduction: Reduction = "random",
        generator: torch.Generator | None = None,
        query: Values | None = None,
        feature: str = "feature",
        array: str = "clip",
        out: Values | None = None,
        pin_memory: bool = False,
    ) -> tuple[torch.Tensor, Bool[torch.Tensor, " n"]]:
        """Return one committed entry for each label.

        Args:
            labels: `(n,)`.
            reduction: as in `draw`, or `"mean"`: the class's mean.
            generator: as in `draw`.
            query: as in `draw`.
            feature: as in `draw`.
            array: which array to return.
            out: as in `Draw.read`.
            pin_memory: as in `Draw.read`.

        Returns:
            `(n, *shape)` float32 (flow in px), zero or `out`'s own values where the class is empty, and whether it is
            not, `(n,)`.

        Raises:
            BankInputError: an argument does not fit.
        """
        if reduction == "mean":
            snapshot = self.snapshot
            label_list = checked_labels(labels, num_classes=self._config.num_classes)
            return read_means(snapshot, label_list, array=array, out=out, pin_memory=pin_memory)
        drawn = self.draw(labels, reduction=reduction, generator=generator, query=query, feature=feature)
        return drawn.read(array=array, out=out, pin_memory=pin_memory), drawn.hit

    def draw(
        self,
        labels: Labels,
        *,
        reduction: Literal["random", "confidence", "nearest"] = "random",
        generator: torch.Generator | None = None,
        query: Values | None = None,
        feature: str = "feature",
        replace: bool = True,
    ) -> Draw:
        """Draw one committed entry for each label, to read several of its arrays, its key or its metadata.

        Args:
            labels: `(n,)`.
            reduction: `"random"` draws uniformly with replacement; `"confidence"` with probability proportional to
                confidence; `"nearest"` takes the entry whose `feature` is nearest to the label's `query` (Euclidean).
            generator: makes the draw repeatable; None draws from torch's own generator.
            query: for `"nearest"`, `(n, *shape of the feature)`.
            feature: for `"nearest"`, the array to compare with.
            replace: for the others, whether an entry may be drawn twice; if not, a label's draws are misses once its
                class has no further entry.

        Raises:
            BankInputError: an argument does not fit.
        """
        snapshot = self.snapshot
        label_list = checked_labels(labels, num_classes=self._config.num_classes)
        index = snapshot.index
        if not replace and reduction in ("random", "confidence"):
            places = distinct_places(
                label_list,
                {label: self._weights(label, reduction=reduction) for label in set(label_list)},
                generator=generator,
            )
        elif reduction == "random":
            places = uniform_places(snapshot.counts[label_list], generator=generator)
        elif reduction == "confidence":
            weights = {label: self._weights(label, reduction=reduction) for label in set(label_list)}
            places = weighted_places([weights[label] for label in label_list], generator=generator)
        elif reduction == "nearest":
            places = nearest_places(snapshot, label_list, query=query, feature=feature)
        else:
            raise BankInputError(f"reduction is {reduction!r}: choose 'random', 'mean', 'confidence' or 'nearest'")
        return Draw(snapshot, np.where(places >= 0, index.starts[label_list] + places, -1))

    def draw_any(
        self,
        size: int,
        *,
        reduction: Literal["random", "confidence"] = "random",
        generator: torch.Generator | None = None,
        replace: bool = True,
    ) -> Draw:
        """Draw committed entries from the whole bank, every entry alike whatever its class; arguments as in `draw`.

        Args:
            size: how many; all of them are misses in an empty bank.
            reduction: as in `draw`.
            generator: as in `draw`.
            replace: as in `draw`.

        Raises:
            BankInputError: an argument does not fit.
        """
        if size < 0:
            raise BankInputError(f"size is {size}: give 0 or more")
        snapshot = self.snapshot
        if replace and reduction == "random":
            rows = uniform_places(np.full(size, len(self)), generator=generator)
        else:
            own = [self._weights(label, reduction=reduction) for label in range(self.num_classes)]
            weights = np.concatenate(own)
            if replace:
                rows = weighted_places([weights] * size, generator=generator)
            else:
                rows = distinct_places([0] * size, {0: weights}, generator=generator)
        return Draw(snapshot, rows)

    def all(self, label: int | None = None) -> Draw:
        """Return every committed entry, or those of a class: by class, then best first. Read large ones by `split`."""
        snapshot = self.snapshot
        if label is None:
            return Draw(snapshot, np.arange(len(self)))
        (label,) = checked_labels([label], num_classes=self.num_classes)
        rows = snapshot.rows_of(label)
        return Draw(snapshot, np.arange(rows.start, rows.stop))

    def staged(self) -> Draw:
        """Return every entry that a commit would find now, in the order of `all`; readable until the bank changes."""
        writer = self.writer
        with writer.mutex:
            snapshot = StagedSnapshot(writer)
        return Draw(snapshot, np.arange(snapshot.index.entries.size))

    def gather(self, *, group: dist.ProcessGroup | None = None) -> None:
        """Stage on every rank the entries that all ranks have staged or committed; `commit` then publishes them.

        Every rank calls it, with a bank of its own of the same settings. Ties go by insertion number, then rank: where
        rank r of W was given items r, r + W, … the result is that of one process given all. Entries the ranks share
        already count once. Without `torch.distributed` there is one rank, and nothing to do.

        Args:
            group: the ranks, all of them if None.

        Raises:
            BankInputError: the ranks' banks differ in their settings.
            BankStorageError: a rank's disk refused; every rank's working set is back at its last commit.
        """
        writer = self.writer
        with writer.changing():
            gather_entries(writer, group=group)

    def counts(self, *, staged: bool = False) -> Int[torch.Tensor, " classes"]:
        """Return the number of entries of each class: committed, or as the next commit would find them."""
        if staged:
            return torch.tensor(self.writer.staging.counts())
        return torch.from_numpy(self.snapshot.counts.copy())

    def refresh(self) -> bool:
        """Move on to the newest generation; return whether there was a newer one."""
        before = self.generation
        if self._writer is None:
            self._snapshot = self._snapshot_of()
        return self.generation != before

    def pin(self, name: str) -> None:
        """Keep the generation read now stored, whatever is committed, until `unpin(name)`."""
        snapshot = self.snapshot
        try:
            pin_generation(self._folder, name=name, generation=snapshot.index.generation)
        except OSError as error:
            raise BankStorageError(f"pin {name!r} cannot be written to {self._folder}: {error.strerror}") from error

    def unpin(self, name: str) -> None:
        """Forget a pin; the next commit frees its generation unless someone reads it."""
        try:
            unpin_generation(self._folder, name=name)
        except OSError as error:
            raise BankStorageError(f"pin {name!r} cannot be removed: {error.strerror}") from error

    def state_dict(self) -> dict[str, Any]:
        """Name the generation read now, for a training checkpoint; `pin` it too if it must outlive later commits."""
        index = self.snapshot.index
        return {"bank_id": self._config.bank_id, "generation": index.generation, "digest": index.digest}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to the generation that `state_dict` named.

        A reader moves there. A writer forgets what is staged and, if that generation is not the newest, publishes its
        entries anew.

        Raises:
            BankInputError: the state belongs to another bank.
            GenerationGoneError: the generation is not stored.
        """
        _ = self.snapshot
        if state["bank_id"] != self._config.bank_id:
            raise BankInputError(
                f"the state names bank {state['bank_id']}, this is {self._config.bank_id}: open that one"
            )
        wanted = self._snapshot_of(state["generation"])
        if wanted.index.digest != state["digest"]:
            raise BankFormatError(f"generation {state['generation']} is not the one the state names: use its own bank")
        if self._writer is None:
            self._snapshot = wanted
            return
        writer = self.writer
        with writer.changing():
            if writer.index.generation == state["generation"]:
                writer.rollback()
                return
            writer.republish(state["generation"])
            self._snapshot = self._snapshot_of()
            del wanted
            writer.sweep()

    def close(self) -> None:
        """Let go of the generation and, if writing, of the bank; what was not committed is gone."""
        self._snapshot = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def folder(self) -> Path:
        """The bank's folder."""
        return self._folder

    @property
    def config(self) -> BankConfig:
        """Classes, capacities, arrays and rules."""
        return self._config

    @property
    def snapshot(self) -> Snapshot:
        """The generation read now.

        Raises:
            BankModeError: the bank is closed.
        """
        snapshot = self._snapshot
        if snapshot is None:
            raise BankModeError(f"the bank in {self._folder} is closed: open it again")
        return snapshot

    @property
    def writer(self) -> Writer:
        """The working set and all that publishes it.

        Raises:
            BankModeError: the bank is closed or open for reading, or this is a forked child.
        """
        if self._writer is None:
            _ = self.snapshot
            raise BankModeError(f"the bank in {self._folder} is open for reading: open it with mode='r+'")
        self._writer.check_usable()
        return self._writer

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self._config.num_classes

    @property
    def generation(self) -> int:
        """Number of the generation read now; 0 is the empty bank."""
        return self.snapshot.index.generation

    def __len__(self) -> int:
        return int(self.snapshot.index.entries.size)

    def __enter__(self) -> "FlowBank":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (type(self), self._folder, self.generation, self._config.bank_id, self._verify)

    def _weights(self, label: int, *, reduction: str) -> Float[np.ndarray, " k"]:
        """Return how likely each entry of a class is drawn."""
        if reduction == "random":
            return np.ones(int(self.snapshot.counts[label]))
        weights = self.snapshot.weights(label)
        if (weights < 0).any():
            raise BankInputError("reduction is 'confidence', but a confidence is negative: choose 'random'")
        return weights

    def _snapshot_of(self, generation: int | None = None) -> Snapshot:
        """Return the newest generation, or another, to read as this bank reads."""
        return Snapshot(self._folder, self._config, generation=generation, checked=self._verify == "on-read")

    def __repr__(self) -> str:
        if self._snapshot is None:
            return f"FlowBank({str(self._folder)!r}, closed)"
        shape = self._config.arrays["clip"].shape
        return (
            f"FlowBank({str(self._folder)!r}, generation={self.generation}, entries={len(self)},"
            f" num_classes={self.num_classes}, clip_shape={shape})"
        )


def _rows_of(staging: Staging, entries: Entries) -> list[list[int]]:
    """Return the rows of the working set that each of `entries` stands for."""
    if isinstance(entries, Draw):
        return [[row] if row >= 0 else [] for row in staging.find(entries.uids)]
    if isinstance(entries, str):
        raise BankInputError(f"entries is {entries!r}: give entries that were drawn, or a list of keys")
    return staging.find_keys(list(entries))


def _new_config(
    *,
    num_classes: int,
    capacity: int | Sequence[int],
    clip_shape: tuple[int, ...],
    codec: Codec = "flow-uint8",
    bound: float = 20.0,
    arrays: Mapping[str, ArraySpec] | None = None,
    admission: Admission | None = None,
    keep_means: bool = True,
) -> BankConfig:
    if arrays and "clip" in arrays:
        raise BankInputError("arrays names 'clip', which clip_shape and codec describe: choose another name")
    return make_config(
        num_classes=num_classes,
        capacity=capacity if isinstance(capacity, int) else tuple(capacity),
        arrays={"clip": ArraySpec(tuple(clip_shape), codec, bound), **(arrays or {})},
        admission=admission or Admission(),
        keep_means=keep_means,
    )


def _reopen(
    kind: type[FlowBank], folder: Path, generation: int, bank_id: str, verify: Literal["never", "on-read"]
) -> FlowBank:
    """Open what was pickled: its generation, or the newest where a commit has dropped that since."""
    try:
        bank = kind.open(folder, generation=generation, verify=verify)
    except GenerationGoneError:
        bank = kind.open(folder, verify=verify)
    if bank.config.bank_id != bank_id:
        bank.close()
        raise BankFormatError(f"{folder} holds bank {bank.config.bank_id} now, not the {bank_id} that was pickled")
    return bank
