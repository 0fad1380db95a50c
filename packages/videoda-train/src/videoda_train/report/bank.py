"""What a run's flow bank held, epoch by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

from videoda_train.data.list_file import ListItem
from videoda_train.report.figures import COLOURS, add_legend, new_figure, to_svg


def last_bank_counts(metrics: Sequence[Mapping[str, Any]]) -> list[int] | None:
    """Return how many videos of each class were in the bank at the end; `None` without a bank."""
    filled = [record["bank_counts"] for record in metrics if sum(record.get("bank_counts") or [])]
    return filled[-1] if filled else None


def bank_curves(metrics: Sequence[Mapping[str, Any]], adapted: Sequence[ListItem], *, labelled: bool) -> str | None:
    """Return SVG curves of the largest class's share of the bank and, where videos have labels, of its purity.

    Purity: the share of the banked videos whose pseudo-label is their label, of those that have one; told afterwards.

    Args:
        metrics: the epochs' records.
        adapted: the videos that were adapted to, in list order; empty where they cannot be read any more.
        labelled: whether their labels are to be compared with.
    """
    filled = [record for record in metrics if sum(record.get("bank_counts") or [])]
    if not filled:
        return None
    epochs = [record["epoch"] + 1 for record in filled]
    figure, axes = new_figure("epoch", "share of the bank")
    largest = [max(record["bank_counts"]) / sum(record["bank_counts"]) for record in filled]
    axes.plot(epochs, largest, color=COLOURS[0], label="largest class", lw=1.8, marker="o", markersize=3)
    if labelled:
        purity = {record["epoch"] + 1: bank_purity(record.get("bank_videos") or [], adapted) for record in filled}
        known = {epoch: share for epoch, share in purity.items() if share is not None}
        if known:
            axes.plot(known.keys(), known.values(), color=COLOURS[2], label="right", lw=1.8, marker="s", markersize=3)
    axes.set_ylim(0, 1)
    add_legend(axes)
    return to_svg(figure)


def bank_purity(banked: Sequence[Sequence[int]], adapted: Sequence[ListItem]) -> float | None:
    """Return the share of banked videos, of those that have a label, whose pseudo-label is right; `None` for none."""
    pairs = [
        (label, adapted[index].label)
        for label, videos in enumerate(banked)
        for index in videos
        if index < len(adapted) and adapted[index].label is not None
    ]
    return sum(pseudo == true for pseudo, true in pairs) / len(pairs) if pairs else None
