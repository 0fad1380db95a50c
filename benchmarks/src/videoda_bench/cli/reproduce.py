"""`videoda-bench reproduce`, and `mini` and `ablation`, which are two common uses of it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from videoda_train.cli.entry import SOME_FAILED

from videoda_bench.reproduction.devices import find_slots
from videoda_bench.reproduction.launch import FailedRun, launch
from videoda_bench.reproduction.plan import PlannedRun, Scale, read_plan
from videoda_bench.reproduction.reproduce import Request, collect, plan, prepare, write_results
from videoda_bench.reproduction.run_planned import run_planned
from videoda_bench.reproduction.slurm import array_script
from videoda_bench.settings import parse_settings
from videoda_bench.tasks import load_task

PresetName = Literal["standard", "smoke"]
_SCALES: dict[PresetName, Scale] = {"standard": "mini", "smoke": "smoke"}


@dataclass(frozen=True, kw_only=True)
class Reproduce:
    """Run a task's rows with several seeds and set the results against the published numbers.

    One process per run, on free GPUs or on the processor. Writes summary.json, summary.md and report/index.html. If a
    run fails, the others are finished, the failures listed, and the exit code is 3.
    """

    task: tyro.conf.Positional[str]
    """e2h, b2u, s2u, k2b, u2h, h2u, or a .yaml file of your own."""
    methods: tuple[str, ...] | None = None
    """Rows to run, by name; default: all."""
    seeds: tuple[int, ...] | None = None
    """Default: the task's own."""
    scale: Scale = "mini"
    """`mini`: a small rendered world, made first; `smoke`: a tiny one, to see that it runs; `full`: real datasets."""
    lists: Path | None = None
    """Full scale: folder of source.txt and target.txt, as 'videoda data prepare' writes it; default: lists/TASK."""
    out: Path | None = None
    """Folder of everything; default: runs/TASK-SCALE."""
    set: tuple[str, ...] = ()
    """Settings that differ from the recipe, as optim.epochs=2."""
    jobs: int | None = None
    """Runs at a time; default: one per free GPU, without a GPU one."""
    resume: bool = False
    """Keep complete runs and continue interrupted ones."""
    dry_run: bool = False
    """Say what would be run; run nothing."""
    slurm: bool = False
    """Print a Slurm array job in place of running; afterwards the same command with --resume collects."""

    def run(self) -> None:
        """Plan, run, collect, print."""
        task = load_task(self.task)
        out = self.out or Path("runs") / f"{task.name}-{self.scale}"
        changes = parse_settings(self.set)
        request = Request(task, out, self.scale, self.methods, self.seeds, self.lists, changes)
        reproduce(request, jobs=self.jobs, resume=self.resume, dry_run=self.dry_run, slurm=self.slurm)


@dataclass(frozen=True, kw_only=True)
class Mini:
    """Make a miniature world, train the baseline and the full method on it, print both, write one report."""

    task: tyro.conf.Positional[str]
    out: Path | None = None
    """Folder of the world, the runs and the report; default: runs/TASK-mini."""
    preset: PresetName = "standard"
    """`smoke`: a few minutes less, only to see that the road runs."""
    seed: int = 0
    jobs: int | None = None
    """Runs at a time; default: one."""
    resume: bool = False
    """Continue an interrupted call."""

    def run(self) -> None:
        """Make, train, print, report."""
        task = load_task(self.task)
        rows = [row.name for row in (task.row_of("baseline"), task.row_of("full")) if row is not None]
        out = self.out or Path("runs") / f"{task.name}-mini"
        request = Request(task, out, _SCALES[self.preset], rows=rows or None, seeds=(self.seed,))
        reproduce(request, jobs=self.jobs, resume=self.resume)


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """Run all rows of a task on its miniature world with several seeds."""

    task: tyro.conf.Positional[str]
    out: Path | None = None
    """Folder of the world, the runs and the report; default: runs/TASK-mini-ablation."""
    seeds: tuple[int, ...] = (0, 1, 2)
    preset: PresetName = "standard"
    jobs: int | None = None
    """Runs at a time; default: one."""
    resume: bool = False
    """Keep complete runs and continue interrupted ones."""

    def run(self) -> None:
        """Run and print the table."""
        task = load_task(self.task)
        out = self.out or Path("runs") / f"{task.name}-mini-ablation"
        reproduce(Request(task, out, _SCALES[self.preset], seeds=self.seeds), jobs=self.jobs, resume=self.resume)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Run one entry of a plan, or continue it; what 'reproduce' and its Slurm job call."""

    plan: tyro.conf.Positional[Path]
    index: tyro.conf.Positional[int]

    def run(self) -> None:
        """Run it."""
        result = run_planned(read_plan(self.plan), self.index)
        print(f"{result.folder.name}: AccSf {100 * result.results['acc_softmax']:.1f} %")


def reproduce(
    request: Request, *, jobs: int | None = None, resume: bool = False, dry_run: bool = False, slurm: bool = False
) -> None:
    """Do what a request asks and print the table; exit with 3 if a run failed."""
    runs = plan(request)
    if dry_run:
        print(_describe(request, runs))
        return
    slots = find_slots(jobs=jobs, device=runs[0].config.device)
    prepare(request, runs, resume=resume)
    if slurm:
        print(array_script(request.plan_file, num_runs=len(runs), job_name=f"videoda-{request.task.name}"), end="")
        return
    failed = launch(runs, request.plan_file.absolute(), slots)
    if len(failed) < len(runs):
        summary = collect(request, runs)
        print(f"\n{write_results(request, runs, summary)}\nreport: {request.report_file}")
    if failed:
        print(_describe_failures(failed), file=sys.stderr)
        raise SystemExit(SOME_FAILED)


def _describe(request: Request, runs: Sequence[PlannedRun]) -> str:
    lines = [f"{request.task.title}, {request.scale}: {len(runs)} runs in {request.out_dir}. Nothing was run.", ""]
    for row in request.selected_rows:
        settings = {**row.settings, **request.changes}
        lines.append(f"{row.name}: {row.title}; {', '.join(f'{name}={value}' for name, value in settings.items())}")
    optim = runs[0].config.optim
    data = runs[0].config.data
    lines += [
        "",
        f"seeds {' '.join(map(str, request.selected_seeds))}; {optim.epochs} epochs, batches of {optim.batch_size}",
        f"lists {data.source_list}, {data.target_list}",
        f"again: {request.command}",
    ]
    return "\n".join(lines)


def _describe_failures(failed: Sequence[FailedRun]) -> str:
    lines = [f"{len(failed)} runs failed; the same command with --resume tries them again:"]
    lines += [f"  {each.run.name}: exit code {each.exit_code}: {each.last_line}\n    {each.log}" for each in failed]
    return "\n".join(lines)
