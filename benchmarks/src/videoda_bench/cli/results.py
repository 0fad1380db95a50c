"""`videoda-bench compare`, `table` and `describe`: what finished runs came to, and what a task is."""

import re
from dataclasses import dataclass
from pathlib import Path

import tyro

from videoda_bench.errors import SummaryError
from videoda_bench.reproduction.compare import compare_summaries
from videoda_bench.reproduction.summary import collect_row, read_summary
from videoda_bench.reproduction.table import rows_table
from videoda_bench.task_page import task_page
from videoda_bench.tasks import load_task


@dataclass(frozen=True)
class Compare:
    """Set two summaries against each other: per row B - A with its interval, and which settings and versions differ."""

    a: tyro.conf.Positional[Path]
    """summary.json of the earlier one."""
    b: tyro.conf.Positional[Path]
    """summary.json of the later one."""

    def run(self) -> None:
        """Print the comparison."""
        print(compare_summaries(read_summary(self.a), read_summary(self.b)))


@dataclass(frozen=True)
class Table:
    """Print the table of finished runs; folders that differ only in '-seedN' are one row."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Run folders."""
    metric: str = "acc_softmax"
    """The accuracy that gains are of."""

    def run(self) -> None:
        """Print the table."""
        folders: dict[str, list[Path]] = {}
        for folder in self.runs:
            folders.setdefault(re.sub(r"-seed\d+$", "", folder.absolute().name), []).append(folder)
        rows = [collect_row(name, name, group) for name, group in folders.items()]
        empty = [row.name for row in rows if not row.runs]
        if empty:
            raise SummaryError(f"no complete run of {', '.join(empty)} among the folders given")
        print(rows_table(rows, metric=self.metric, baseline=rows[0]))


@dataclass(frozen=True)
class Describe:
    """Print a task's page: data, protocol, rows, commands, time, disk, published numbers."""

    task: tyro.conf.Positional[str]

    def run(self) -> None:
        """Print the page."""
        print(task_page(load_task(self.task)), end="")
