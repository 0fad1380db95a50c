"""One run from a configuration to its results: check, prepare, train, evaluate, report."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from flowbank import BankStorageError

from videoda_train.engine.before_run import check_before_run
from videoda_train.engine.callbacks import Callback, opened_callbacks
from videoda_train.engine.device import deterministic_kernels, resolve_device, resolve_precision
from videoda_train.engine.distributed import joined_ranks
from videoda_train.engine.evaluate import evaluate
from videoda_train.engine.interrupt import stop_between_steps
from videoda_train.engine.model_selection import other_selections
from videoda_train.engine.results import describe_results, device_name
from videoda_train.engine.run_data import RunInputs, prepare_test, prepare_training, prepared_paths, read_inputs
from videoda_train.engine.runtime import Runtime
from videoda_train.engine.training_loop import TrainingLoop
from videoda_train.errors import StorageError
from videoda_train.evaluation import labels_of, measure
from videoda_train.methods.build import build_method
from videoda_train.recipes.config import TrainConfig
from videoda_train.report import write_report
from videoda_train.run_folder import RunFolder
from videoda_train.storage import refusals_named


@dataclass(frozen=True)
class RunResult:
    """Where a complete run is, and its `results.json`."""

    folder: Path
    results: dict[str, Any]
    leads: bool = True
    """Whether this process is the one of its run that writes and speaks."""


def run_training(
    config: TrainConfig,
    run_dir: Path | str,
    *,
    resume: bool = False,
    progress: bool = True,
    callbacks: Sequence[Callback] = (),
) -> RunResult:
    """Run everything; a run that was interrupted goes on where it stopped.

    Under `torchrun` every process calls this; one of them writes and speaks.

    Args:
        config: what to run.
        run_dir: the run folder; new, or one to continue.
        resume: continue an existing run folder (a complete one is returned as it is).
        progress: show progress bars and a line per epoch.
        callbacks: functions of each epoch's record, called by the process that writes.

    Raises:
        VideodaError: bad input, a folder that cannot be written, a diverged loss.
        Interrupted: a stop was asked for; continue with `resume=True`.
    """
    folder = RunFolder(run_dir)
    device = resolve_device(config.device)
    with joined_ranks(device) as ranks, deterministic_kernels(config.deterministic), ExitStack() as held:
        runtime = Runtime(
            device, resolve_precision(config.precision, device), ranks=ranks, progress=progress and ranks.leads
        )
        with ranks.first(leader=ranks.leads):
            inputs = read_inputs(config)
            warnings = check_before_run(config, inputs)
            if ranks.leads:
                held.enter_context(folder.opened(config, resume=resume))
            else:
                folder.check(config, resume=True)
        if not folder.is_complete:
            with _disk_refusals_named(folder.root, prepared_paths(config, folder.root).root):
                _run(config, inputs, folder, runtime, callbacks, warnings)
        elif ranks.leads and not folder.report_file.exists():  # it was killed after its results
            write_report([folder.root], folder.report_file)
        with ranks.first(leader=ranks.leads):
            return RunResult(folder=folder.root, results=folder.read_results(), leads=ranks.leads)


@contextmanager
def _disk_refusals_named(*folders: Path) -> Iterator[None]:
    try:
        with refusals_named(*folders):
            yield
    except BankStorageError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise StorageError(
            f"{error}. What is finished is kept: make room there, or make it writable, and continue with --resume"
        ) from error


def _run(
    config: TrainConfig,
    inputs: RunInputs,
    folder: RunFolder,
    runtime: Runtime,
    callbacks: Sequence[Callback],
    warnings: Sequence[str],
) -> None:
    ranks, started = runtime.ranks, time.monotonic()
    if runtime.progress:
        print("".join(f"warning: {warning}\n" for warning in warnings), end="", file=sys.stderr, flush=True)
    paths = prepared_paths(config, folder.root)
    with ranks.first(leader=ranks.leads):
        data = prepare_training(config, inputs, paths, progress=runtime.progress)
        test = prepare_test(config, inputs, paths, progress=runtime.progress)
    prepare_seconds = time.monotonic() - started
    method = build_method(
        config,
        num_classes=len(inputs.classes),
        target=data.adapted,
        bank_dir=folder.bank_dir(ranks.node),
        fills_bank=ranks.leads_node,
        device=runtime.device,
    )
    with (
        closing(method),
        stop_between_steps() as stop,
        opened_callbacks(config, folder, runtime) as own_callbacks,
    ):
        runtime = replace(runtime, stop=stop)
        loop = TrainingLoop(config, method, data, folder, runtime, callbacks=[*own_callbacks, *callbacks])
        scores = loop.run()
        test_scores = None if test is None else evaluate(method, test, runtime)
    if not ranks.leads:
        return
    folder.write_predictions(inputs.evaluated, inputs.classes, scores)
    results = {
        **describe_results(config, scores, inputs.evaluated, classes=inputs.classes),
        "num_source_images": len(inputs.source),
        "warnings": list(warnings),
        "other_selections": other_selections(folder.read_metrics()),
        "prepare_seconds": prepare_seconds,
        "wall_seconds": loop.state.elapsed_seconds,
        "device": device_name(runtime.device),
        "threads": torch.get_num_threads(),
        "processes": ranks.count,
        "precision": str(runtime.dtype).removeprefix("torch."),
    }
    if test_scores is not None:
        folder.write_predictions(inputs.test, inputs.classes, test_scores, file=folder.test_predictions_file)
        metrics = measure(test_scores, labels_of(inputs.test), one_class=config.labels_are_true)
        results["test"] = {"num_videos": len(inputs.test), **asdict(metrics)}
    folder.write_results(results)
    write_report([folder.root], folder.report_file)
