"""A reproduction from its request to its tables."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videoda_train.data.made_files import require_replaceable, write_ours
from videoda_train.run_folder import RunFolder

from videoda_bench.errors import PlanError
from videoda_bench.report import write_page
from videoda_bench.report.runs import FinishedRow, read_run
from videoda_bench.reproduction.inputs import (
    full_recipe,
    lists_in,
    miniature_of,
    require_lists,
    require_weights,
    write_classes,
)
from videoda_bench.reproduction.plan import PlannedRun, Scale, plan_runs, read_plan, select_rows, write_plan
from videoda_bench.reproduction.summary import Summary, collect_row, describe_machine, write_summary
from videoda_bench.reproduction.table import summary_markdown
from videoda_bench.tasks import Row, Task


@dataclass(frozen=True)
class Request:
    """What to reproduce, at which scale, and where."""

    task: Task
    out_dir: Path
    scale: Scale
    rows: Sequence[str] | None = None
    """Names of rows; None: all."""
    seeds: Sequence[int] | None = None
    """None: the task's own."""
    lists_dir: Path | None = None
    """Folder of `source.txt` and `target.txt` at full scale; None: `lists/TASK`."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ from recipe and row, by dotted names."""

    @property
    def plan_file(self) -> Path:
        """Where the plan is written."""
        return self.out_dir / "plan.json"

    @property
    def summary_files(self) -> tuple[Path, Path]:
        """Where the numbers are written, and where their tables are."""
        return self.out_dir / "summary.json", self.out_dir / "summary.md"

    @property
    def report_file(self) -> Path:
        """Where the page is written."""
        return self.out_dir / "report" / "index.html"

    @property
    def selected_rows(self) -> tuple[Row, ...]:
        """The rows to run."""
        return select_rows(self.task, self.rows)

    @property
    def selected_seeds(self) -> tuple[int, ...]:
        """The seeds to run."""
        return tuple(self.task.seeds if self.seeds is None else self.seeds)

    @property
    def command(self) -> str:
        """The command that does it all again, less the folders of this machine."""
        parts = [f"videoda-bench reproduce {shlex.quote(self.task.argument)} --scale {self.scale}"]
        if self.rows is not None:
            parts.append(f"--methods {' '.join(row.name for row in self.selected_rows)}")
        parts.append(f"--seeds {' '.join(map(str, self.selected_seeds))}")
        if self.changes:
            # JSON is YAML, which is how the values are read.
            changes = (f"{name}={json.dumps(value)}" for name, value in self.changes.items())
            parts.append(f"--set {' '.join(map(shlex.quote, changes))}")
        return " ".join(parts)


def plan(request: Request) -> list[PlannedRun]:
    """Return the runs, having checked everything that can be checked before the first one.

    Raises:
        PlanError: rows, seeds or settings that there are not; lists or weights that are missing.
    """
    out, task = request.out_dir.absolute(), request.task
    if request.scale == "full":
        lists = request.lists_dir or Path("lists") / task.name
        recipe = full_recipe(task)
        require_lists(task, lists)
        data = lists_in(lists, task, classes=out / "classes.txt")
    else:
        recipe = miniature_of(task, request.scale).recipe_in(out / "world")
        data = lists_in(out / "world", task, classes=out / "world" / "classes.txt")
    runs = plan_runs(
        task,
        request.selected_rows,
        recipe,
        data,
        seeds=request.selected_seeds,
        out_dir=out,
        scale="full" if request.scale == "full" else "mini",
        changes=request.changes,
    )
    for run in runs if request.scale == "full" else ():
        require_weights(run.config)
    return runs


def prepare(request: Request, runs: Sequence[PlannedRun], *, resume: bool) -> None:
    """Write the plan, and make the world or the class map; what is there already is kept.

    Raises:
        PlanError: the folder holds runs and `resume` is off, or a plan.json that is none.
        ConfigError: a result would take the place of a file that is not ours, or has changed since.
    """
    for file in (*request.summary_files, request.report_file):
        require_replaceable(file, None, overwrite=True)
    if resume and request.plan_file.exists():
        read_plan(request.plan_file)
    write_plan(runs, request.plan_file, resume=resume)
    if request.scale == "full":
        write_classes(request.task, request.out_dir / "classes.txt")
    else:
        miniature_of(request.task, request.scale).make(request.out_dir / "world")


def collect(request: Request, runs: Sequence[PlannedRun]) -> Summary:
    """Return what the complete runs came to.

    Raises:
        PlanError: no run is complete.
    """
    stages = [row.name for row in request.selected_rows if row.stage]
    complete = [run for run in runs if run.row not in stages and RunFolder(run.folder).is_complete]
    if not complete:
        raise PlanError(f"no run in {request.out_dir} is complete; see {request.out_dir / 'logs'}")
    rows = [
        collect_row(row.name, row.title, [run.folder for run in complete if run.row == row.name], role=row.role)
        for row in request.selected_rows
        if not row.stage
    ]
    return Summary(
        task=request.task.name,
        title=request.task.title if request.scale == "full" else f"Miniature {request.task.title}",
        scale="full" if request.scale == "full" else "mini",
        evaluation=request.task.evaluation,
        metric=request.task.metric,
        command=request.command,
        machine=describe_machine(),
        num_target_videos=RunFolder(complete[0].folder).read_results()["num_target_videos"],
        rows=tuple(rows),
    )


def write_results(request: Request, runs: Sequence[PlannedRun], summary: Summary) -> str:
    """Write `summary.json`, `summary.md` and `report/index.html`; return the Markdown."""
    markdown = summary_markdown(summary, request.task.published)
    write_summary(summary, request.out_dir / "summary.json")
    write_ours(request.out_dir / "summary.md", markdown, overwrite=True)
    rows = [
        FinishedRow(
            row.name,
            row.title,
            row.role,
            [read_run(run.folder) for run in runs if run.row == row.name and RunFolder(run.folder).is_complete],
        )
        for row in request.selected_rows
        if not row.stage
    ]
    write_page(summary, rows, request.task.published, request.report_file)
    return markdown
