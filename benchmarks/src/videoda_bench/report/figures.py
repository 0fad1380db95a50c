"""The page's pictures, as inline SVG."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from videoda_train.report.figures import COLOURS, INK, add_legend, new_figure, plain_text, to_svg

from videoda_bench.report.runs import FinishedRow, bank_purity
from videoda_bench.reproduction.feature_map import FeatureMap
from videoda_bench.reproduction.summary import RowRecord
from videoda_bench.reproduction.table import COLUMNS

_MARKERS = "osD^v"


def ablation_bars(rows: Sequence[RowRecord], *, metric: str) -> str:
    """Return one bar per row: the mean with its 95 % interval, and a dot per seed."""
    rows = [row for row in rows if row.runs]
    figure, axes = new_figure(f"{COLUMNS[metric]} [%]", "", size=(6.4, 0.7 + 0.42 * len(rows)))
    for place, row in enumerate(reversed(rows)):
        estimate, values = row.estimate(metric), row.values(metric)
        assert estimate is not None
        axes.barh(place, estimate.mean, height=0.62, color=COLOURS[0], alpha=1.0 if row.role == "full" else 0.6)
        if estimate.half_width is not None:
            axes.errorbar(estimate.mean, place, xerr=estimate.half_width, color=INK, capsize=4, lw=1.6)
        axes.plot(values, [place + 0.18] * len(values), "o", ms=3.5, color=COLOURS[1], mec="none")
    axes.set_yticks(range(len(rows)), [plain_text(row.title) for row in reversed(rows)], color=INK)
    axes.set_xlim(0, 100)
    return to_svg(figure)


def accuracy_curves(rows: Sequence[FinishedRow], *, metric: str) -> str:
    """Return accuracy per epoch: a thin line per run, a thick one per row's mean; dotted: a bank comes into use."""
    figure, axes = new_figure("epoch", f"{COLUMNS[metric]} [%]", size=(6.4, 3.4))
    switched_on: set[int] = set()
    for row, colour in zip(rows, COLOURS * len(rows), strict=False):
        curves = [[100 * record[metric] for record in run.epochs] for run in row.runs]
        for curve in curves:
            axes.plot(range(1, len(curve) + 1), curve, color=colour, lw=0.7, alpha=0.6)
        mean = [statistics.mean(values) for values in zip(*curves, strict=False)]
        axes.plot(range(1, len(mean) + 1), mean, color=colour, lw=2.2, label=plain_text(row.title))
        switched_on |= {run.bank_in_use_from for run in row.runs if run.bank_in_use_from is not None}
    for epoch in sorted(switched_on):
        axes.axvline(epoch - 0.5, color=INK, ls=":", lw=1.4, label="bank in use from here")
    axes.set_ylim(0, 100)
    add_legend(axes)
    return to_svg(figure)


def loss_curves(row: FinishedRow) -> str:
    """Return a row's loss terms per epoch: a thin line per run, a thick one per term's mean."""
    figure, axes = new_figure("epoch", "loss", size=(4.6, 2.5))
    names = list(dict.fromkeys(name for run in row.runs for record in run.epochs for name in record["losses"]))
    for name, colour in zip(names, COLOURS * len(names), strict=False):
        curves = [[record["losses"].get(name, math.nan) for record in run.epochs] for run in row.runs]
        for curve in curves:
            axes.plot(range(1, len(curve) + 1), curve, color=colour, lw=0.7, alpha=0.5)
        mean = [statistics.mean(values) for values in zip(*curves, strict=False)]
        axes.plot(range(1, len(mean) + 1), mean, color=colour, lw=1.8, label=plain_text(name))
    for run in row.runs[:1]:
        if run.bank_in_use_from is not None:
            axes.axvline(run.bank_in_use_from - 0.5, color=INK, ls=":", lw=1.4, label="bank in use")
    axes.set_ylim(bottom=0)
    add_legend(axes)
    return to_svg(figure)


def class_gains(baseline: FinishedRow, full: FinishedRow, classes: Sequence[str]) -> str:
    """Return, per class, the recall of the baseline and of the full method [%], means over their seeds."""
    recalls = [_mean_recalls(row) for row in (baseline, full)]
    order = sorted(range(len(classes)), key=lambda k: recalls[1][k] - recalls[0][k])
    figure, axes = new_figure("recall [%]", "", size=(6.4, 0.8 + 0.28 * len(classes)))
    for place, k in enumerate(order):
        before, after = (100 * recall[k] for recall in recalls)
        colour = COLOURS[2] if after >= before else COLOURS[1]
        axes.plot([before, after], [place, place], color=colour, lw=2)
        axes.plot(
            before, place, "o", mfc="none", mec=INK, ms=6, label=plain_text(baseline.title) if place == 0 else None
        )
        axes.plot(
            after, place, "o", color=colour, ms=6, mec="none", label=plain_text(full.title) if place == 0 else None
        )
    axes.set_yticks(range(len(classes)), [plain_text(classes[k]) for k in order], color=INK)
    axes.set_xlim(-2, 102)
    add_legend(axes)
    return to_svg(figure)


def _mean_recalls(row: FinishedRow) -> list[float]:
    per_run = [[value or 0.0 for value in run.results["per_class_accuracy"]] for run in row.runs]
    return [statistics.mean(values) for values in zip(*per_run, strict=True)]


def purity_curves(rows: Sequence[FinishedRow]) -> str | None:
    """Return the bank's purity per epoch, a line per run; `None` if no run kept a bank."""
    figure, axes = new_figure("epoch", "right pseudo-labels in the bank [%]", size=(6.4, 3.0))
    drawn = False
    for row, colour in zip(rows, COLOURS * len(rows), strict=False):
        label: str | None = plain_text(row.title)
        for run in row.runs:
            if purity := bank_purity(run):
                axes.plot(purity.keys(), [100 * share for share in purity.values()], color=colour, lw=1.5, label=label)
                label, drawn = None, True
    if not drawn:
        return None
    axes.set_ylim(0, 100)
    add_legend(axes)
    return to_svg(figure)


def feature_maps(maps: Mapping[str, FeatureMap], classes: Sequence[str]) -> str:
    """Return the maps side by side: colours and markers are classes, open markers source clips, filled ones videos."""
    figure = Figure(figsize=(4.2 * len(maps), 4.2), layout="constrained")
    for axes, (title, points) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
        axes.set_title(plain_text(title), color=INK, fontsize=10)
        for k, name in enumerate(classes):
            style: dict[str, Any] = {"marker": _MARKERS[k // len(COLOURS) % len(_MARKERS)], "linewidths": 0.8}
            colour = COLOURS[k % len(COLOURS)]
            source = _points(points.source, points.source_labels, k)
            target = _points(points.target, points.target_labels, k)
            axes.scatter(*source, s=14, facecolors="none", edgecolors=colour, alpha=0.55, **style)
            axes.scatter(*target, s=14, color=colour, label=plain_text(name), **style)
        axes.set_xlabel(f"component 1 ({100 * points.explained[0]:.0f} %)", color=INK)
        axes.set_ylabel(f"component 2 ({100 * points.explained[1]:.0f} %)", color=INK)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color(INK)
    if len(classes) <= len(COLOURS) * len(_MARKERS):
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=8, labelcolor=INK)
    return to_svg(figure)


def _points(coordinates: Sequence[Sequence[float]], labels: Sequence[int], wanted: int) -> np.ndarray:
    chosen = [point for point, label in zip(coordinates, labels, strict=True) if label == wanted]
    return np.array(chosen, np.float64).reshape(-1, 2).T
