"""One run of a plan, in this process."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from videoda_train.data.atomic_file import open_to_append
from videoda_train.engine.run import RunResult, run_training
from videoda_train.engine.run_data import prepare_training, prepared_paths, read_inputs
from videoda_train.evaluation import labels_of, why_no_accuracy
from videoda_train.run_folder import RunFolder

from videoda_bench.errors import PlanError
from videoda_bench.reproduction.feature_map import save_feature_map
from videoda_bench.reproduction.gradient_pulls import save_gradient_pulls
from videoda_bench.reproduction.plan import PlannedRun


def run_planned(runs: Sequence[PlannedRun], index: int) -> RunResult:
    """Run entry `index`, or continue it, or return its results where it is complete; what it starts from first.

    A run that another process has begun is waited for; so are prepared files that runs share.

    Raises:
        PlanError: no such entry, or videos without labels.
    """
    if not 0 <= index < len(runs):
        raise PlanError(f"the plan has no run {index}; there are 0 to {len(runs) - 1}")
    run = runs[index]
    names = [each.name for each in runs]
    for name in run.needs:
        run_planned(runs, names.index(name))
    with _alone_in(run.folder.parent / "locks", run.name):
        return _run(run)


def _run(run: PlannedRun) -> RunResult:
    folder = RunFolder(run.folder)
    if folder.is_complete:
        return run_training(run.config, run.folder, resume=True)
    paths = prepared_paths(run.config, folder.root)
    inputs = read_inputs(run.config)
    reason = why_no_accuracy(
        labels_of(inputs.evaluated), num_classes=len(inputs.classes), one_class=run.config.labels_are_true
    )
    if reason or any(item.label is None for item in inputs.evaluated):
        raise PlanError(
            f"{run.name}: a reproduction is a table of accuracies, and {reason or 'some videos have no label'}; "
            "give the target's labels, or use 'videoda train'"
        )
    with _alone_in(run.folder.parent / "locks", paths.root.name):
        data = prepare_training(run.config, inputs, paths, progress=True)
    result = run_training(run.config, run.folder, resume=True)
    save_feature_map(run.config, run.folder, data, num_classes=len(inputs.classes))
    save_gradient_pulls(run.config, run.folder, data, num_classes=len(inputs.classes))
    return result


@contextmanager
def _alone_in(folder: Path, name: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with open_to_append(folder / name) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
