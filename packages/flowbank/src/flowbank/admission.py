"""Which entries a bank keeps."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from flowbank.errors import BankInputError


@dataclass(frozen=True)
class Admission:
    """Rules beside `capacity` per class; by default the most confident entries stay, and no rule is added.

    The first three of the others are checked at each insert, the last three at each commit.

    Args:
        min_confidence: refuse what is less confident; with `age_decay`, also drop what has decayed below it.
        max_per_key: keep at most this many entries of one key over all classes, the most confident.
        replace_key: an admitted entry removes the older entries of its key, however confident and whatever class.
        top_fraction: keep the most confident ⌈fraction · entries offered since the last clear⌉ over all classes.
        total_capacity: keep at most this many entries in the whole bank, shared evenly: no class loses an entry while
            another one holds more.
        age_decay: an entry's confidence counts times this factor for each commit since its own, in every comparison
            and in weighted sampling; confidences must then be ≥ 0.
        keep: which entries of a class stay when it is full, and which rank first in every rule above that says "most
            confident": `"confidence"`; `"latest"`, the last ones inserted (a queue); or `"reservoir"`, a uniform sample
            of all that were offered since the last clear.
        seed: makes a reservoir's choice repeatable; banks that are gathered or merged need one each.
    """

    min_confidence: float | None = None
    max_per_key: int | None = None
    replace_key: bool = False
    top_fraction: float | None = None
    total_capacity: int | None = None
    age_decay: float | None = None
    keep: Literal["confidence", "latest", "reservoir"] = "confidence"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, kind in (("max_per_key", int), ("total_capacity", int), ("replace_key", bool)):
            value = getattr(self, name)
            if value is not None and type(value) is not kind:
                raise BankInputError(f"{name} is {value!r}: give {'an integer' if kind is int else 'True or False'}")
        if self.min_confidence is not None and not math.isfinite(self.min_confidence):
            raise BankInputError(f"min_confidence is {self.min_confidence!r}: give a finite number or None")
        for name in ("max_per_key", "total_capacity"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BankInputError(f"{name} is {value!r}: give an integer of at least 1, or None")
        for name in ("top_fraction", "age_decay"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise BankInputError(f"{name} is {value!r}: give a number above 0 and at most 1, or None")
        if self.keep not in get_args(Admission.__annotations__["keep"]):
            raise BankInputError(f"keep is {self.keep!r}: choose 'confidence', 'latest' or 'reservoir'")
        if type(self.seed) is not int or not 0 <= self.seed < 2**63:
            raise BankInputError(f"seed is {self.seed!r}: give an integer from 0 to 2**63 - 1")
        if self.replace_key and self.max_per_key is not None:
            raise BankInputError("replace_key already keeps one entry per key: leave max_per_key at None")

    @property
    def uses_keys(self) -> bool:
        """Whether keys decide what is kept."""
        return self.replace_key or self.max_per_key is not None

    @property
    def acts_at_commit(self) -> bool:
        """Whether a commit may remove entries."""
        decays_away = self.age_decay is not None and self.min_confidence is not None
        return decays_away or self.top_fraction is not None or self.total_capacity is not None

    def score(self, confidence: float, *, born: int, order: int = 0, number: int = 0) -> float:
        """Return the number that ranks an entry, the same at any time: decay acts on all entries alike.

        Args:
            confidence: as inserted.
            born: the generation it belongs to.
            order: its insertion number.
            number: how many entries were offered before it since the last clear.
        """
        if self.keep == "latest":
            return float(order)
        if self.keep == "reservoir":  # those of the largest random numbers are a uniform sample, at any time
            return _mixed(self.seed + 0x9E3779B97F4A7C15 * (number + 1)) / 2**53
        if self.age_decay is None:
            return confidence
        return (math.log(confidence) if confidence > 0 else -math.inf) - born * math.log(self.age_decay)

    def effective_confidence(
        self, confidences: Float[np.ndarray, " n"], *, born: Int[np.ndarray, " n"], generation: int
    ) -> Float[np.ndarray, " n"]:
        """Return the confidences as they count in `generation`."""
        if self.age_decay is None:
            return confidences
        return confidences * self.age_decay ** (generation - born)

    def to_json(self) -> dict[str, Any]:
        """Return the plain form kept in `bank.json`, as before there were `keep` and `seed` where they do nothing."""
        plain = asdict(self)
        if self.keep != "reservoir":
            del plain["seed"]
        if self.keep == "confidence":
            del plain["keep"]
        return plain


def survivors(
    admission: Admission,
    *,
    labels: Int[np.ndarray, " n"],
    scores: Float[np.ndarray, " n"],
    order: Int[np.ndarray, " n"],
    effective: Float[np.ndarray, " n"],
    offered: int,
) -> Bool[np.ndarray, " n"]:
    """Apply the rules of a commit: which entries stay.

    Args:
        admission: the rules.
        labels: class of each entry.
        scores: rank of each entry, larger is better; a tie keeps the earlier.
        order: when each entry was inserted.
        effective: confidence of each entry after decay.
        offered: number of entries offered since the last clear.
    """
    keep = np.ones(labels.size, dtype=bool)
    if admission.min_confidence is not None and admission.age_decay is not None:
        keep &= effective >= admission.min_confidence
    best_first = np.lexsort((order, -scores))
    if admission.top_fraction is not None:
        allowed = math.ceil(admission.top_fraction * offered)
        kept_in_order = best_first[keep[best_first]]
        keep[kept_in_order[allowed:]] = False
    if admission.total_capacity is not None:
        best_kept = best_first[keep[best_first]]
        place = _place_in_class(labels[best_kept])
        # Fill class by class, place by place: everyone's best, then everyone's second, and so on.
        turn = np.lexsort((np.arange(best_kept.size), place))
        keep[best_kept[turn[admission.total_capacity :]]] = False
    return keep


def _mixed(value: int) -> int:
    """Return 53 bits that look random (the finalizer of SplitMix64; Steele, Lea, Flood 2014)."""
    value &= 2**64 - 1
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & (2**64 - 1)
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & (2**64 - 1)
    return (value ^ (value >> 31)) >> 11


def _place_in_class(labels: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Return how many earlier items have the same label, for each item."""
    by_label = np.argsort(labels, kind="stable")
    grouped = labels[by_label]
    starts = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]]) if labels.size else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.r_[starts, labels.size])
    place = np.empty(labels.size, dtype=np.int64)
    place[by_label] = np.arange(labels.size) - np.repeat(starts, lengths)
    return place
