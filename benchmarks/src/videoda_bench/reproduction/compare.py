"""Two summaries set against each other."""

from collections.abc import Mapping
from typing import Any

from videoda_bench.errors import SummaryError
from videoda_bench.reproduction.summary import RowRecord, Summary
from videoda_bench.reproduction.table import COLUMNS, format_estimate
from videoda_bench.statistics import difference_estimate


def compare_summaries(a: Summary, b: Summary) -> str:
    """Return Markdown: per row B minus A with Welch's 95 % interval, then what differs in settings and versions.

    Raises:
        SummaryError: they are of different tasks, scales or metrics, or share no row.
    """
    for what in ("task", "scale", "metric"):
        if getattr(a, what) != getattr(b, what):
            raise SummaryError(
                f"{what} is {getattr(a, what)} in one summary, {getattr(b, what)} in the other; give two of the same"
            )
    shared = [(row, other) for row in a.rows if (other := b.row(row.name)) is not None]
    if not shared:
        raise SummaryError("the two summaries share no row")
    lines = [f"| row | A: {COLUMNS[a.metric]} [%] | B [%] | B - A | clear |", "|---" * 5 + "|"]
    lines += [_row_line(row, other, metric=a.metric) for row, other in shared]
    lines += ["", *_only("A", a, b), *_only("B", b, a), *_settings(shared), *_versions(a, b)]
    return "\n".join(lines).rstrip()


def _row_line(row: RowRecord, other: RowRecord, *, metric: str) -> str:
    old, new = row.values(metric), other.values(metric)
    difference = difference_estimate(new, old) if old and new else None
    if difference is None or difference.half_width is None:
        clear = "–"
    else:
        clear = "no" if difference.low <= 0 <= difference.high else "yes"
    cells = [row.title, *(format_estimate(each.estimate(metric)) for each in (row, other))]
    return f"| {' | '.join([*cells, format_estimate(difference, sign=True), clear])} |"


def _only(name: str, summary: Summary, other: Summary) -> list[str]:
    titles = [row.title for row in summary.rows if other.row(row.name) is None]
    return [f"Only in {name}: {', '.join(titles)}."] if titles else []


def _settings(shared: list[tuple[RowRecord, RowRecord]]) -> list[str]:
    lines: dict[str, list[str]] = {}
    for row, other in shared:
        for change in _changes(row.settings, other.settings):
            lines.setdefault(change, []).append(row.name)
    if not lines:
        return ["Settings: the same."]
    every = len(shared)
    return [
        "Settings that differ (A → B):",
        *(f"- {change}" + ("" if len(rows) == every else f" ({', '.join(rows)})") for change, rows in lines.items()),
    ]


def _versions(a: Summary, b: Summary) -> list[str]:
    where = [{"machine": each.machine, **_ran_with(each)} for each in (a, b)]
    changes = _changes(*where)
    return (
        ["Versions and machine: the same."]
        if not changes
        else ["Versions and machine (A → B):"] + [f"- {change}" for change in changes]
    )


def _ran_with(summary: Summary) -> dict[str, Any]:
    runs = [run for row in summary.rows for run in row.runs]
    return {"device": runs[0].device, "precision": runs[0].precision, **runs[0].versions} if runs else {}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {old.get(name, 'not there')} → {new.get(name, 'not there')}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
