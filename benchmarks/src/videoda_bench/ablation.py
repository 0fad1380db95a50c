"""The ablation of a miniature: rows × seeds, with mean and spread."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoda_bench.miniature_runs import BASELINES, ROWS, Preset, Row, make_world, run_row


@dataclass(frozen=True)
class RowSummary:
    """One row over its seeds; accuracies in percent, `std` with n - 1."""

    title: str
    acc_softmax: list[float]
    acc_logits: list[float]
    acc_rgb: list[float | None]
    acc_flow: list[float | None]
    seconds: list[float]

    def cell(self, values: Sequence[float | None]) -> str:
        """Return `mean ± std`, or the one value there is, or a dash for a stream that is not used."""
        known = [value for value in values if value is not None]
        if not known:
            return "–"
        if len(known) == 1:
            return f"{known[0]:.1f}"
        return f"{statistics.mean(known):.1f} ± {statistics.stdev(known):.1f}"


def run_ablation(
    out_dir: Path, preset: Preset, *, seeds: tuple[int, ...], resume: bool, rows: tuple[Row, ...] = (*ROWS, *BASELINES)
) -> list[RowSummary]:
    """Run every row with every seed below `out_dir`; complete runs are kept with `resume`."""
    data = make_world(out_dir / "world", preset)
    results: dict[str, list[dict[str, Any]]] = {row.title: [] for row in rows}
    for seed in seeds:
        for row in rows:
            print(f"── {row.title}, seed {seed}", flush=True)
            results[row.title].append(run_row(row, data, preset, seed=seed, out_dir=out_dir, resume=resume).results)
    return [summarise(title, runs) for title, runs in results.items()]


def summarise(title: str, results: list[dict[str, Any]]) -> RowSummary:
    """Collect the runs of one row."""
    return RowSummary(
        title=title,
        acc_softmax=[100 * r["acc_softmax"] for r in results],
        acc_logits=[100 * r["acc_logits"] for r in results],
        acc_rgb=[_percent(r["acc_rgb"]) for r in results],
        acc_flow=[_percent(r["acc_flow"]) for r in results],
        seconds=[r["wall_seconds"] for r in results],
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def markdown_table(rows: list[RowSummary]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| row | AccSf [%] | Acc [%] | RGB alone [%] | flow alone [%] | AccSf per seed | training time [s] |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        per_seed = ", ".join(f"{value:.1f}" for value in row.acc_softmax)
        lines.append(
            f"| {row.title} | {row.cell(row.acc_softmax)} | {row.cell(row.acc_logits)} "
            f"| {row.cell(row.acc_rgb)} | {row.cell(row.acc_flow)} | {per_seed} "
            f"| {statistics.mean(row.seconds):.0f} |"
        )
    return "\n".join(lines)


def write_summary(rows: list[RowSummary], out_file: Path, *, command: str, facts: dict[str, Any]) -> None:
    """Write the rows and what they depend on as JSON."""
    content = {"command": command, **facts, "rows": [vars(row) for row in rows]}
    out_file.parent.mkdir(parents=True, exist_ok=True)
    out_file.write_text(json.dumps(content, indent=1) + "\n")
