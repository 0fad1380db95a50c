"""What a flow bank was filled with: said in the log before training learns from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def bank_warning(logged: Mapping[str, Any], *, num_videos: int, classes: Path | str) -> str | None:
    """Return what is wrong with a bank that was just filled: nothing in it, or mostly one class.

    Args:
        logged: what the method logs; without `bank_counts` nothing is wrong.
        num_videos: the videos that could have been kept.
        classes: where the class names are, to name one.
    """
    counts: Sequence[int] | None = logged.get("bank_counts")
    if counts is None:
        return None
    kept, largest = sum(counts), max(counts)
    if not kept:
        return (
            f"the flow bank is empty: none of {num_videos} videos may be kept, so clips keep their own flow; lower "
            "--cfb.bank-min-confidence"
        )
    if largest <= max(0.5, 1.5 / len(counts)) * kept:
        return None
    label = list(counts).index(largest)
    return (
        f"{largest} of the {kept} videos in the flow bank have pseudo-label {label} (line {label + 1} of {classes}): "
        "the networks may not tell classes apart yet; raise --cfb.bank-from-epoch, or --cfb.bank-min-confidence"
    )
