"""Pictures of a report, as inline SVG and PNG."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import cv2
import matplotlib
import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#777777")
INK = "#808890"
_LONGEST_NAME = 40


def jpeg_data_uri(image: UInt8[np.ndarray, "H W 3"]) -> str:
    """Return an RGB image as a small `data:` URI."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert ok
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def png_data_uri(image: UInt8[np.ndarray, "H W 3"]) -> str:
    """Return an RGB image as a `data:` URI."""
    ok, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert ok
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()


def accuracy_curves(runs: dict[str, list[dict[str, Any]]], *, bank_from: dict[str, int]) -> str:
    """Return SVG curves of AccSf per epoch, one per run; a dotted line marks the first epoch trained with the bank."""
    percent = {
        name: [{"epoch": record["epoch"], "AccSf": 100 * record["acc_softmax"]} for record in records]
        for name, records in runs.items()
    }
    return epoch_curves(percent, "AccSf", ylabel="AccSf [%]", largest=100.0, bank_from=bank_from)


def epoch_curves(
    runs: dict[str, list[dict[str, Any]]],
    value: str,
    *,
    ylabel: str,
    largest: float | None = None,
    bank_from: dict[str, int] | None = None,
) -> str:
    """Return SVG curves of one of the epochs' numbers, from 0 to `largest`, one per run."""
    figure, axes = new_figure("epoch", ylabel)
    first_with_bank = bank_from or {}
    for (name, records), colour in zip(runs.items(), COLOURS * len(runs), strict=False):
        epochs = [record["epoch"] + 1 for record in records]
        values = [record[value] for record in records]
        axes.plot(epochs, values, color=colour, label=plain_text(name), lw=1.8, marker="o", markersize=3)
        if name in first_with_bank:
            start, label = first_with_bank[name] + 1.5, plain_text(f"{name}: bank in use")
            axes.axvline(start, color=colour, ls=":", lw=1.2, label=label)
    axes.set_ylim(0.0, largest)
    add_legend(axes)
    return to_svg(figure)


def loss_curves(records: list[dict[str, Any]]) -> str:
    """Return SVG curves of one run's loss terms per epoch."""
    figure, axes = new_figure("epoch", "loss")
    for name, colour in zip(records[0]["losses"], COLOURS, strict=False):
        axes.plot(
            [record["epoch"] + 1 for record in records],
            [record["losses"].get(name, np.nan) for record in records],
            color=colour,
            label=plain_text(name),
            lw=1.6,
            marker="o",  # one epoch is no line
            markersize=3,
        )
    axes.set_ylim(bottom=0)
    add_legend(axes)
    return to_svg(figure)


def confusion_picture(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> bytes:
    """Return a PNG of a confusion matrix: rows the true class, columns the predicted; shaded by share of the row."""
    counts = np.asarray(matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [plain_text(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…") for name in classes]
    side = 1.2 + 0.42 * len(classes) + 0.09 * (max(map(len, names)) + 6)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(classes)), names, rotation=90)
    totals = zip(names, counts.sum(axis=1), strict=True)
    axes.set_yticks(range(len(classes)), [f"{name} ({total})" for name, total in totals])
    axes.set_xlabel("predicted")
    axes.set_ylabel("true (videos)")
    for row, column in zip(*np.nonzero(counts), strict=True):
        ink = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=8, color=ink)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120, metadata={"Software": None})
    return buffer.getvalue()


def plain_text(name: str) -> str:
    """Return a name as a picture shows it, letter by letter: `$` starts no formula, a leading `_` hides nothing."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return ("\N{WORD JOINER}" if shown.startswith("_") else "") + shown.replace("$", r"\$")


def new_figure(xlabel: str, ylabel: str, *, size: tuple[float, float] = (4.8, 3.2)) -> tuple[Figure, Any]:
    """Return a figure with one pair of axes [inches], drawn in colours that are read on light and dark paper."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(xlabel, color=INK)
    if xlabel == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylabel(ylabel, color=INK)
    axes.tick_params(colors=INK)
    axes.grid(color=INK, alpha=0.25, lw=0.6)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    return figure, axes


def add_legend(axes: Any) -> None:
    """Put the legend below the axes, if they show anything that has a name: beside them it would shrink them."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        columns = 1 if max(map(len, labels)) > 28 else 2 if max(map(len, labels)) > 14 else 3
        axes.figure.legend(
            handles, labels, loc="outside lower left", ncols=columns, frameon=False, fontsize=9, labelcolor=INK
        )


def to_svg(figure: Figure) -> str:
    """Return a figure as inline SVG; the same figure gives the same text."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "videoda"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue().partition("<svg")[1] + buffer.getvalue().partition("<svg")[2]
