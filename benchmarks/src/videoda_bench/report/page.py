"""Everything a reproduction found out, on one page."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from videoda_train.data.made_files import write_ours
from videoda_train.report.confusion import confusion_rows
from videoda_train.report.environment import page_environment
from videoda_train.report.figures import png_data_uri

from videoda_bench.report import figures
from videoda_bench.report.clips import example_clips
from videoda_bench.report.runs import FinishedRow, FinishedRun
from videoda_bench.reproduction.summary import Summary
from videoda_bench.reproduction.table import (
    COLUMNS,
    NOTES,
    difference_from_published,
    format_estimate,
    gain,
    used_columns,
)
from videoda_bench.tasks import METRICS, Published

MOST_CLASSES_IN_A_TABLE = 30
_EXAMPLES = 4


@dataclass(frozen=True)
class _Pair:
    """The two rows that are looked at closely."""

    baseline: FinishedRow
    full: FinishedRow


def write_page(summary: Summary, rows: Sequence[FinishedRow], published: Sequence[Published], page: Path) -> None:
    """Write the page of a summary.

    Args:
        summary: the numbers.
        rows: its complete runs; the tables of single runs and the pictures are made of them.
        published: numbers to stand beside.
        page: the HTML file to write.

    Raises:
        ListFileError, MediaError: a run's data is not there any more.
    """
    rows = [row for row in rows if row.runs]
    first = rows[0].runs[0]
    classes = first.results["classes"]
    pair = _pair(rows)
    template = page_environment("videoda_bench.report").get_template("reproduction.html.jinja")
    text = template.render(
        summary=summary,
        note=NOTES[summary.scale],
        metric=METRICS[summary.metric],
        seeds=sorted({run.seed for row in summary.rows for run in row.runs}),
        columns=[COLUMNS[name] for name in used_columns(summary.rows, metric=summary.metric)],
        rows=_table(summary),
        published=_published(summary, published),
        bars=figures.ablation_bars(summary.rows, metric=summary.metric),
        curves=figures.accuracy_curves(rows, metric=summary.metric),
        losses=[(row.title, figures.loss_curves(row)) for row in rows],
        confusions=[_confusion(row, classes) for row in (pair.baseline, pair.full)] if pair else [],
        gains=figures.class_gains(pair.baseline, pair.full, classes) if pair else None,
        purity=figures.purity_curves(rows),
        examples=example_clips(pair.full.runs[0], count=_EXAMPLES) if pair else [],
        features=_features(pair, classes) if pair else None,
        selections=_selections(rows, metric=summary.metric),
        chosen_rows=[row.title for row in rows],
        speed=[_speed(row) for row in rows],
        versions=first.results["versions"],
        devices=sorted({f"{run.results['device']}, {run.results['precision']}" for row in rows for run in row.runs}),
        settings=[(row.title, row.settings) for row in summary.rows if row.runs],
    )
    write_ours(page, text, overwrite=True)


def _pair(rows: Sequence[FinishedRow]) -> _Pair | None:
    by_role = {row.role: row for row in rows}
    return _Pair(by_role["baseline"], by_role["full"]) if {"baseline", "full"} <= by_role.keys() else None


def _table(summary: Summary) -> list[dict[str, Any]]:
    return [
        {
            "title": row.title,
            "cells": [
                format_estimate(row.estimate(name)) for name in used_columns(summary.rows, metric=summary.metric)
            ],
            "gain": format_estimate(gain(row, summary.baseline, metric=summary.metric), sign=True),
            "per_seed": ", ".join(f"{value:.1f}" for value in row.values(summary.metric)) or "not run",
            "full": row.role == "full",
        }
        for row in summary.rows
    ]


def _published(summary: Summary, published: Sequence[Published]) -> list[dict[str, Any]]:
    lines = []
    for number in published:
        row = summary.row(number.row) if number.row and summary.scale == "full" else None
        lines.append(
            {
                "title": number.title,
                "metric": METRICS[number.metric],
                "mean": f"{number.mean:.1f}" + ("" if number.std is None else f" ± {number.std:.1f}"),
                "ours": format_estimate(row.estimate(number.metric) if row else None),
                "difference": format_estimate(difference_from_published(number, row), sign=True),
                "source": number.origin,
            }
        )
    return lines


def _confusion(row: FinishedRow, classes: Sequence[str]) -> dict[str, Any]:
    """Return the counts of all seeds together, as a table, or as a picture where there are many classes."""
    counts = np.sum([run.results["confusion_matrix"] for run in row.runs], axis=0)
    if len(classes) > MOST_CLASSES_IN_A_TABLE:
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        codes = cv2.resize(np.rint(255 * shares).astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
        heat = cv2.cvtColor(cv2.applyColorMap(codes, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
        return {"title": row.title, "picture": png_data_uri(heat)}
    recalls = [float(line[k] / line.sum()) if line.sum() else None for k, line in enumerate(counts)]
    return {"title": row.title, "rows": confusion_rows(classes, counts.tolist(), recalls)}


def _features(pair: _Pair, classes: Sequence[str]) -> str | None:
    maps = {row.title: row.runs[0].features for row in (pair.baseline, pair.full)}
    known = {title: points for title, points in maps.items() if points is not None}
    return figures.feature_maps(known, classes) if known else None


def _selections(rows: Sequence[FinishedRow], *, metric: str) -> dict[str, list[str]] | None:
    """Return, by criterion, each row's mean over its runs of the metric at the epoch that the criterion chooses."""
    choices = {row.title: [_choices(run, metric) for run in row.runs] for row in rows}
    if any(not run for runs in choices.values() for run in runs):
        return None
    names = next(iter(choices.values()))[0]
    return {
        name: [f"{100 * statistics.mean(run[name] for run in runs):.1f}" for runs in choices.values()] for name in names
    }


def _choices(run: FinishedRun, metric: str) -> dict[str, float]:
    others = run.results.get("other_selections", {})
    chosen = {name: epoch[metric] for name, epoch in others.items() if metric in epoch}
    return {"last epoch (the result)": run.results[metric], **chosen} if chosen else {}


def _speed(row: FinishedRow) -> dict[str, str]:
    def mean(values: Sequence[float]) -> str:
        return f"{statistics.mean(values):.1f}"

    def per_epoch(run: FinishedRun, what: str) -> list[float]:
        return [record[f"{what}_seconds"] for record in run.epochs]

    return {
        "title": row.title,
        "train": mean([seconds for run in row.runs for seconds in per_epoch(run, "train")]),
        "evaluate": mean([seconds for run in row.runs for seconds in per_epoch(run, "evaluate")]),
        "prepare": mean([run.results["prepare_seconds"] for run in row.runs]),
        "total": mean([run.results["wall_seconds"] for run in row.runs]),
    }
