"""Which entries of several banks belong into one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from flowbank.staging import Staging


@dataclass(frozen=True)
class Candidates:
    """What one bank brings along.

    Args:
        entries: one row of dtype `ENTRY` per entry.
        texts: text of each entry.
        generation: the bank's next generation, from which ages count.
        offered: entries offered to it since its last clear.
        shared_offered: how many of those the other banks have counted too.
    """

    entries: Shaped[np.ndarray, " entries"]
    texts: list[bytes]
    generation: int
    offered: int
    shared_offered: int = 0


@dataclass(frozen=True)
class Chosen:
    """An entry of the union.

    Args:
        source: which of the banks.
        place: which of its entries.
        facts: what `Staging.add` wants to know, without the slot.
    """

    source: int
    place: int
    facts: dict[str, Any]


def choose(staging: Staging, sources: list[Candidates]) -> list[Chosen]:
    """Offer the entries of all banks to an empty working set, and return those it keeps in the order of insertion.

    They come by insertion number, then by bank. An entry that several banks share counts once. `staging` is used up.
    """
    offered: list[Chosen] = []
    seen: set[int] = set()
    numbers = np.concatenate([source.entries["order"] for source in sources])
    source_of = np.repeat(np.arange(len(sources)), [source.entries.size for source in sources])
    place_of = np.concatenate([np.arange(source.entries.size) for source in sources])
    for turn in np.lexsort((source_of, numbers)).tolist():
        source, place = int(source_of[turn]), int(place_of[turn])
        row, text = sources[source].entries[place], sources[source].texts[place]
        if int(row["uid"]) in seen:
            continue
        seen.add(int(row["uid"]))
        born = staging.born - (sources[source].generation - int(row["born"]))
        confidence, label = float(row["confidence"]), int(row["label"])
        admission = staging.config.admission
        score = admission.score(confidence, born=born, order=staging.next_order)
        if admission.keep == "reservoir":
            score = float(row["score"])  # drawn when it was offered
        key = staging.key_of(text)
        leaving = staging.admits(label, score, key)
        if leaving is None:
            continue
        facts: dict[str, Any] = {
            "label": label,
            "confidence": confidence,
            "score": score,
            "crc": int(row["crc"]),
            "uid": int(row["uid"]),
            "key": key,
            "text": text,
            "born": born,
        }
        staging.add(slot=len(offered), leaving=leaving, **facts)
        offered.append(Chosen(source=source, place=place, facts=facts))
    return [offered[number] for number in _kept(staging).tolist()]


def total_offered(sources: list[Candidates]) -> int:
    """Return how many entries all banks were offered together since their last clear."""
    shared = max(source.shared_offered for source in sources)
    return shared + sum(source.offered - source.shared_offered for source in sources)


def _kept(staging: Staging) -> Int[np.ndarray, " kept"]:
    """Return the numbers of the kept entries, which stand where slots usually do."""
    return np.sort(staging.rows()[0]["slot"])
