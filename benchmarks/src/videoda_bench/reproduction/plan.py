"""Which runs a reproduction consists of, and the file that says so to the processes that run them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from videoda_train.data.atomic_file import write_text
from videoda_train.recipes.config import DataConfig, TrainConfig, from_dict, to_dict, with_data
from videoda_train.run_folder import RunFolder

from videoda_bench.errors import PlanError
from videoda_bench.recipes import Recipe
from videoda_bench.settings import change_settings, with_variables
from videoda_bench.tasks import RUN_PREFIX, Row, Task

Scale = Literal["mini", "smoke", "full"]


@dataclass(frozen=True)
class PlannedRun:
    """One row with one seed: its configuration, and the folder it is written to."""

    row: str
    seed: int
    folder: Path
    config: TrainConfig
    needs: tuple[str, ...] = ()
    """Names of the runs that it starts from."""

    @property
    def name(self) -> str:
        """Its folder's name: `ROW-seedN`."""
        return self.folder.name


def select_rows(task: Task, names: Sequence[str] | None) -> tuple[Row, ...]:
    """Return the rows of these names and the stages they need, in the table's order; all of them for `None`.

    Raises:
        PlanError: a name that the task does not have, or a task without rows.
    """
    known = [row.name for row in task.rows]
    if not known:
        raise PlanError(f"{task.name} has no rows: no method here runs on it yet")
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise PlanError(f"{task.name} has no row {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [row for row in task.rows if names is None or row.name in names]
    needed = {name for row in chosen for name in row.needs}
    return tuple(row for row in task.rows if row in chosen or row.name in needed)


def plan_runs(
    task: Task,
    rows: Sequence[Row],
    recipe: Recipe,
    data: DataConfig,
    *,
    seeds: Sequence[int],
    out_dir: Path,
    scale: Literal["mini", "full"],
    changes: Mapping[str, Any] | None = None,
) -> list[PlannedRun]:
    """Return the runs, seed by seed; the runs of one seed share their generated clips and cached flow.

    Args:
        task: names the runs.
        rows: what to run.
        recipe: the options of each method.
        data: the lists.
        seeds: one run per row and seed.
        out_dir: parent of the run folders.
        scale: what the results say of themselves.
        changes: settings that differ from recipe and row.

    Raises:
        PlanError: a seed that stands twice or is negative, a setting that does not exist, or a variable that is not
            set.
    """
    if not seeds or len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise PlanError(f"seeds {' '.join(map(str, seeds))}; give different integers of at least 0")
    runs = []
    for seed in seeds:
        for row in rows:
            folders = {name: out_dir / f"{name}-seed{seed}" for name in row.needs}
            settings = _started_from(with_variables(row.settings), folders)
            chosen = change_settings(recipe(row.method), {**settings, **(changes or {})})
            needs = tuple(folder.name for folder in folders.values())
            loading = replace(chosen.loading, prepared_dir=out_dir / f"prepared-seed{seed}")
            config = with_data(replace(chosen, seed=seed, loading=loading), data, task=task.name, scale=scale)
            runs.append(PlannedRun(row.name, seed, out_dir / f"{row.name}-seed{seed}", config, needs))
    return runs


def _started_from(settings: Mapping[str, Any], folders: Mapping[str, Path]) -> dict[str, Any]:
    texts = {f"{RUN_PREFIX}{name}": str(folder) for name, folder in folders.items()}
    return {name: texts.get(value, value) if isinstance(value, str) else value for name, value in settings.items()}


def write_plan(runs: Sequence[PlannedRun], path: Path, *, resume: bool) -> None:
    """Write the plan.

    Raises:
        PlanError: one of the folders holds a run, or the file another plan, and `resume` is off.
    """
    if not resume and (path.exists() or any(RunFolder(run.folder).config_file.exists() for run in runs)):
        raise PlanError(f"{path.parent} holds runs; add --resume to keep or continue them, or give another --out")
    content = [
        {
            "row": run.row,
            "seed": run.seed,
            "folder": str(run.folder),
            "needs": list(run.needs),
            "config": to_dict(run.config),
        }
        for run in runs
    ]
    write_text(path, json.dumps(content, indent=1) + "\n")


def read_plan(path: Path) -> list[PlannedRun]:
    """Read a plan.

    Raises:
        PlanError: no such file, or not a plan of this version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            PlannedRun(run["row"], run["seed"], Path(run["folder"]), from_dict(run["config"]), tuple(run["needs"]))
            for run in content
        ]
    except OSError as error:
        raise PlanError(f"no plan at {path} ({error.strerror}); 'videoda-bench reproduce' writes one") from error
    except Exception as error:  # a damaged file fails in many ways
        raise PlanError(f"{path} is not a plan of this version: {error!r}; write it anew") from error
