"""A summary as Markdown."""

import statistics
from collections.abc import Sequence

from videoda_bench.reproduction.summary import RowRecord, Summary
from videoda_bench.statistics import Estimate, difference_estimate
from videoda_bench.tasks import METRICS, Published

COLUMNS = {
    "acc_softmax": "AccSf",
    "acc_logits": "Acc",
    "acc_rgb": "RGB alone",
    "acc_flow": "flow alone",
    "mean_class_accuracy": "mean class acc.",
}
NOTES = {
    "mini": "A miniature result, on a small rendered world: it says nothing about the real benchmark.",
    "full": "",
    "custom": "A result on your own lists.",
}


def format_estimate(estimate: Estimate | None, *, sign: bool = False) -> str:
    """Return `mean ± half width`, the mean alone where there is no interval, a dash where there is no mean."""
    if estimate is None:
        return "–"
    mean = f"{estimate.mean:+.1f}" if sign else f"{estimate.mean:.1f}"
    return mean if estimate.half_width is None else f"{mean} ± {estimate.half_width:.1f}"


def used_columns(rows: Sequence[RowRecord], *, metric: str) -> list[str]:
    """Return the metric and the other accuracies that some row has, without those that say the same in every row.

    One network's fusions are its own accuracy, and where classes are of one size, so is the mean over them.
    """
    columns: dict[str, list[list[float]]] = {}
    for name in (metric, *COLUMNS):
        values = [[round(value, 3) for value in row.values(name)] for row in rows]
        if any(values) and values not in columns.values():
            columns[name] = values
    return list(columns)


def rows_table(rows: Sequence[RowRecord], *, metric: str, baseline: RowRecord) -> str:
    """Return one line per row: accuracies with 95 % intervals, the gain over the baseline, per seed, seconds."""
    columns = used_columns(rows, metric=metric)
    head = ["row", *(f"{COLUMNS[name]} [%]" for name in columns), "gain", f"{COLUMNS[metric]} per seed", "time [s]"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [row.title, *(format_estimate(row.estimate(name)) for name in columns)]
        cells += [format_estimate(gain(row, baseline, metric=metric), sign=True)]
        cells += [", ".join(f"{value:.1f}" for value in row.values(metric)) or "not run"]
        cells += [f"{statistics.mean(run.seconds for run in row.runs):.0f}" if row.runs else "–"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def gain(row: RowRecord, base: RowRecord, *, metric: str) -> Estimate | None:
    """Return how much a row's accuracy is above another's [points]; `None` for the row itself or one without runs."""
    a, b = row.values(metric), base.values(metric)
    return difference_estimate(a, b) if a and b and row is not base else None


def difference_from_published(number: Published, row: RowRecord | None) -> Estimate | None:
    """Return a row's mean minus the published one [points]; `None` where there is nothing to subtract.

    The interval is Welch's where single published runs are known; else the published mean counts as exact.
    """
    values = row.values(number.metric) if row else []
    return difference_estimate(values, number.runs or [number.mean]) if values else None


def published_table(summary: Summary, published: Sequence[Published]) -> str:
    """Return published numbers beside ours; a miniature is set beside them, not subtracted from them."""
    lines = ["| published | metric | published [%] | here [%] | difference | source |", "|---" * 6 + "|"]
    for number in published:
        row = summary.row(number.row) if number.row else None
        ours = row.estimate(number.metric) if row and summary.scale == "full" else None
        difference = difference_from_published(number, row) if summary.scale == "full" else None
        spread = "" if number.std is None else f" ± {number.std:.1f} (std)"
        cells = [number.title, METRICS[number.metric], f"{number.mean:.1f}{spread}", format_estimate(ours)]
        cells += [format_estimate(difference, sign=True), number.origin]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary_markdown(summary: Summary, published: Sequence[Published]) -> str:
    """Return a whole page: what was run, the rows, the published numbers, where and with what it ran."""
    seeds = sorted({run.seed for row in summary.rows for run in row.runs})
    devices = sorted({run.device for row in summary.rows for run in row.runs})
    versions = next((run.versions for row in summary.rows for run in row.runs), {})
    note = f"**{NOTES[summary.scale]}**\n\n" if NOTES[summary.scale] else ""
    videos = f"{summary.num_target_videos} videos (one is {100 / summary.num_target_videos:.2g} points of accuracy)"
    parts = [
        f"# {summary.title}\n",
        f"{note}```bash\n{summary.command}\n```\n",
        f"{METRICS[summary.metric]}, {summary.evaluation}, {videos}, last epoch: mean and 95 % interval "
        f"(Student's t) over the seeds {', '.join(map(str, seeds))}. "
        f"Gain: over the row “{summary.baseline.title}” (Welch's interval).\n",
        rows_table(summary.rows, metric=summary.metric, baseline=summary.baseline) + "\n",
    ]
    if published:
        parts.append(f"## Published, on the real datasets\n\n{published_table(summary, published)}\n")
    ran_on = "; ".join([*devices, summary.machine, ", ".join(f"{key} {value}" for key, value in versions.items())])
    parts.append(f"Ran on: {ran_on}.\n")
    return "\n".join(parts)
