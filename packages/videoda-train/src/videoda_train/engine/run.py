"""One run from a configuration to its results: check, prepare, train, evaluate, report."""

import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from videoda_train import __version__
from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_orders import order_names, with_random_orders
from videoda_train.data.list_file import ListItem, read_classes, read_list, require_files
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_clips import generate_source_clips
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.step_batches import StepDataset
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.data.training_data import TrainingData
from videoda_train.engine.device import resolve_device, resolve_precision
from videoda_train.engine.interrupt import stop_between_steps
from videoda_train.engine.training_loop import TrainingLoop
from videoda_train.engine.view_data import prepare_views
from videoda_train.evaluation import Metrics
from videoda_train.methods.build import build_method
from videoda_train.recipes.config import TrainConfig
from videoda_train.report import write_report
from videoda_train.run_folder import RunFolder


@dataclass(frozen=True)
class RunInputs:
    """The checked inputs of a run."""

    classes: list[str]
    source: list[ListItem]
    target: list[ListItem]
    evaluated: list[ListItem]
    """What is classified after every epoch; with TOL, each video is labelled by the order of its clips."""


@dataclass(frozen=True)
class RunResult:
    """Where a complete run is, and its `results.json`."""

    folder: Path
    results: dict[str, Any]


def read_inputs(config: TrainConfig) -> RunInputs:
    """Read and check the class map and both lists.

    Raises:
        ListFileError: naming the file, the line and what is wrong with it.
    """
    data = config.data
    classes = read_classes(data.classes)
    lists = []
    for list_file in (data.source_list, data.target_list, data.evaluation_list or data.target_list):
        items = read_list(list_file, root=data.root, num_classes=len(classes))
        require_files(items, list_file=list_file)
        lists.append(items)
    source, target, evaluated = lists
    if config.method == "tol":
        classes = order_names(config.tol.num_clips)
        evaluated = with_random_orders(evaluated, num_clips=config.tol.num_clips, seed=config.seed)
    return RunInputs(classes=classes, source=source, target=target, evaluated=evaluated)


def prepared_paths(config: TrainConfig, folder: RunFolder) -> PreparedPaths:
    """Return where a run keeps its generated clips and cached flow."""
    return PreparedPaths(config.loading.prepared_dir or folder.root / "prepared")


def prepare(config: TrainConfig, inputs: RunInputs, paths: PreparedPaths, *, progress: bool) -> TrainingData:
    """Generate the source clips, cache the target's flow, and return the training data. Finished work is kept."""
    if config.inputs == "views":
        return prepare_views(config, inputs.source, inputs.target, inputs.evaluated, paths, progress=progress)
    static = config.motion.source == "static"
    if not static:
        generate_source_clips(inputs.source, paths, config=config, progress=progress)
    facts = cache_target_flow(
        inputs.target, paths, list_file=config.data.target_list, clip=config.clip, progress=progress
    )
    cache = ArrayCache(max_bytes=int(config.loading.cache_gib * 2**30))
    source = SourceDataset(inputs.source, paths, clip=config.clip, static=static, cache=cache)
    target = TargetDataset(inputs.target, facts, paths, clip=config.clip, num_paces=config.cfb.num_paces, cache=cache)
    return StepDataset(source, target, batch_size=config.optim.batch_size, seed=config.seed)


def run_training(config: TrainConfig, run_dir: Path | str, *, resume: bool = False, progress: bool = True) -> RunResult:
    """Run everything; a run that was interrupted goes on where it stopped.

    Args:
        config: what to run.
        run_dir: the run folder; new, or one to continue.
        resume: continue an existing run folder (a complete one is returned as it is).
        progress: show progress bars and a line per epoch.

    Raises:
        VideodaError: bad input, a folder that cannot be written, a diverged loss.
        Interrupted: a stop was asked for; continue with `resume=True`.
    """
    folder = RunFolder(run_dir)
    device = resolve_device(config.device)
    inputs = read_inputs(config)
    folder.start(config, resume=resume)
    if folder.is_complete:
        return RunResult(folder=folder.root, results=folder.read_results())
    started = time.monotonic()
    steps = prepare(config, inputs, prepared_paths(config, folder), progress=progress)
    prepare_seconds = time.monotonic() - started
    method = build_method(
        config,
        num_classes=len(inputs.classes),
        target=steps.target,
        bank_dir=folder.root / "bank",
        device=device,
    )
    with stop_between_steps() as stop:
        loop = TrainingLoop(
            config,
            method,
            steps,
            folder,
            device=device,
            dtype=resolve_precision(config.precision, device),
            stop=stop,
            progress=progress,
        )
        scores, metrics = loop.run()
    folder.write_predictions(inputs.evaluated, inputs.classes, scores)
    results = {
        **describe_results(config, inputs, metrics),
        "prepare_seconds": prepare_seconds,
        "wall_seconds": loop.elapsed_seconds,
        "device": device_name(device),
        "precision": str(loop.dtype).removeprefix("torch."),
    }
    folder.write_results(results)
    write_report([folder.root], folder.report_file)
    return RunResult(folder=folder.root, results=results)


def describe_results(config: TrainConfig, inputs: RunInputs, metrics: Metrics) -> dict[str, Any]:
    """Return the contents of `results.json` that depend on the last epoch's metrics."""
    return {
        "task": config.task,
        "scale": config.scale,
        "method": config.method,
        "seed": config.seed,
        "epochs": config.optim.epochs,
        "num_source_images": len(inputs.source),
        "num_target_videos": len(inputs.evaluated),
        "classes": inputs.classes,
        "streams": config.model.streams,
        **asdict(metrics),
        "selection": "last",
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    import cv2
    import depthmotion
    import flowbank
    import numpy as np
    import videoda_models

    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "depthmotion": depthmotion.__version__,
        "flowbank": flowbank.__version__,
        "videoda-models": videoda_models.__version__,
        "videoda-train": __version__,
    }


def device_name(device: torch.device) -> str:
    """Return the hardware's name: the GPU's, or the processor's with its thread count."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {torch.get_num_threads()} threads"
