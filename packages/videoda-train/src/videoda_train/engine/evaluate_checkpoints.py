"""Checkpoints evaluated again, on their own videos or on others, alone or fused."""

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Bool
from torch import Tensor

from videoda_train.data.list_file import ListItem, read_list
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.same_videos import in_list, list_digest
from videoda_train.engine.checkpoint import load_checkpoint, load_weights
from videoda_train.engine.device import resolve_device, resolve_precision
from videoda_train.engine.evaluate import evaluate
from videoda_train.engine.evaluation_folder import claim, evaluation_folder, require_replaceable, write_files
from videoda_train.engine.results import describe_results
from videoda_train.engine.run_data import (
    class_names,
    evaluated_list,
    prepare_videos,
    prepared_paths,
    read_evaluated,
    read_source,
)
from videoda_train.engine.runtime import Runtime
from videoda_train.errors import ConfigError, RunError, VideodaError
from videoda_train.evaluation import Scores, fuse_scores, labels_of, measure, top_k_accuracy
from videoda_train.methods.build import build_method
from videoda_train.recipes.config import TrainConfig
from videoda_train.report.figures import confusion_picture
from videoda_train.run_folder import RunFolder, predictions_csv

Weights = Literal["last", "average"]


@dataclasses.dataclass(frozen=True)
class SavedRun:
    """A checkpoint and the run that it belongs to."""

    folder: RunFolder
    checkpoint: Path
    config: TrainConfig
    classes: list[str]


def evaluate_checkpoints(
    sources: Sequence[Path | str],
    *,
    list_file: Path | str | None = None,
    root: Path | str | None = None,
    out_dir: Path | str | None = None,
    top_k: Sequence[int] = (1, 5),
    weights: Weights = "last",
    one_class: bool = False,
    overwrite: bool = False,
    device_name: str = "auto",
    progress: bool = True,
) -> tuple[Path, dict[str, Any]]:
    """Evaluate checkpoints of one set of classes; of several, the mean of their scores.

    The videos are compared with those that the runs adapted to: `num_adapted` counts them, `num_in_source` those that
    were learnt from with their labels, and where there are videos of both kinds, `adapted` and `held_out` have the
    numbers of each.

    Args:
        sources: run folders (their newest checkpoint) or checkpoint files in one.
        list_file: videos to classify: a list, a folder or a pattern; default: the first run's own target list.
        root: folder of relative paths in `list_file`; default: its own.
        out_dir: where to write `results.json`, `predictions.csv` and, where videos have labels,
            `confusion_matrix.png`; default: `RUN/eval/LIST_NAME` of the first run, `LIST_NAME-fused` of several; with a
            hash behind it where another list has that name.
        top_k: for which k to count videos whose class is among the k best.
        weights: those that trained, or their moving average.
        one_class: labels that are all the same are true.
        overwrite: replace an earlier evaluation in `out_dir`; in the run's own folder it is replaced anyway.
        device_name: as in a run's configuration.
        progress: show progress bars.

    Returns:
        The output folder and the results.

    Raises:
        RunError: no checkpoint, no moving average in it, runs of different classes, a class map that has changed,
            scores that are not finite, or files in `out_dir` that are not to be replaced.
        ListFileError: the list does not fit the runs' classes.
    """
    if any(k < 1 for k in top_k):
        raise ConfigError(f"top-k is {list(top_k)}; each must be at least 1")
    if not sources:
        raise RunError("no checkpoint to evaluate; name at least one run folder or file in RUN/checkpoints")
    runs = [open_run(Path(source)) for source in sources]
    first = runs[0]
    for run in runs[1:]:
        if run.classes != first.classes:
            raise RunError(
                f"{run.checkpoint} tells {len(run.classes)} classes apart ({', '.join(run.classes[:5])}, …), "
                f"{first.checkpoint} {len(first.classes)} ({', '.join(first.classes[:5])}, …); "
                "fuse runs of the same classes"
            )
    videos = Path(list_file) if list_file is not None else evaluated_list(first.config)
    root = first.config.data.root if list_file is None else root
    items = read_evaluated(first.config, videos, root=root)
    list_sha256 = list_digest(items)
    name = (videos.stem.strip("*?[]") or "videos") + ("-fused" if len(runs) > 1 else "")
    own = evaluation_folder(first.folder.root, name, list_sha256=list_sha256)
    out = RunFolder(out_dir or own)
    require_replaceable(out.root, overwrite=overwrite or out_dir is None)
    runtime = Runtime(resolve_device(device_name), progress=progress)
    saved, parts = zip(
        *(score_run(run, items, videos, runtime, name=name, weights=weights) for run in runs), strict=True
    )
    scores = fuse_scores(parts)
    config = first.config
    if one_class:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, one_class=True))
    results = describe_results(config, scores, items, classes=first.classes)
    measured = results["no_accuracy"] is None
    results |= {
        "top_k_accuracy": {str(k): top_k_accuracy(scores, labels_of(items), k) for k in top_k} if measured else None,
        "list": str(videos),
        "list_sha256": list_sha256,
        **compare_with_training(runs, items, scores, one_class=config.labels_are_true),
        "weights": weights,
        "checkpoints": [
            {"path": str(run.checkpoint), "method": run.config.method, "epoch": one["epoch"], "step": one["step"]}
            for run, one in zip(runs, saved, strict=True)
        ],
    }
    claim(out.root, videos, list_sha256=list_sha256)
    contents = {"predictions.csv": predictions_csv(items, first.classes, scores).encode()}
    if measured:
        contents["confusion_matrix.png"] = confusion_picture(results["confusion_matrix"], first.classes)
    contents["results.json"] = json.dumps(results, indent=1).encode()
    write_files(out.root, contents)
    return out.root, results


def compare_with_training(
    runs: Sequence[SavedRun], items: Sequence[ListItem], scores: Scores, *, one_class: bool
) -> dict[str, Any]:
    """Return how many of the videos the runs saw in training, and the numbers of those they did and did not.

    `None` where a run's own lists cannot be read any more.
    """
    try:
        adapted = _in_any(items, [read_list(run.config.data.target_list, root=run.config.data.root) for run in runs])
        in_source = _in_any(items, [read_source(run.config) for run in runs])
    except VideodaError as error:
        unknown = f"a training list cannot be read any more: {error}"
        return {"num_adapted": None, "num_in_source": None, "inductive": None, "unknown_split": unknown}
    labels = labels_of(items)
    held_out = ~(adapted | in_source)
    found: dict[str, Any] = {
        "num_adapted": int(adapted.sum()),
        "num_in_source": int(in_source.sum()),
        "inductive": bool(held_out.all()),
    }
    if held_out.any() and not held_out.all():
        for name, chosen in (("adapted", adapted), ("held_out", held_out)):
            if chosen.any():
                metrics = measure(scores.of(chosen), labels[chosen], one_class=one_class)
                found[name] = {"num_videos": int(chosen.sum()), **dataclasses.asdict(metrics)}
    return found


def _in_any(items: Sequence[ListItem], lists: Sequence[list[ListItem]]) -> Bool[Tensor, " N"]:
    return torch.tensor([in_list(items, listed) for listed in lists]).any(dim=0)


def open_run(source: Path) -> SavedRun:
    """Find the run of a folder or of one of its checkpoints.

    Raises:
        RunError: there is none, or its class map has changed since.
    """
    if source.is_file() and source.parent.name != "checkpoints":
        raise RunError(f"{source} is not in a run's checkpoints folder, so its configuration is unknown")
    folder = RunFolder(source.parents[1] if source.is_file() else source)
    config = folder.read_config()
    folder.require_same_classes(config)
    checkpoint = source if source.is_file() else folder.checkpoint_file
    return SavedRun(folder, checkpoint, config, class_names(config))


def score_run(
    run: SavedRun, items: Sequence[ListItem], list_file: Path, runtime: Runtime, *, name: str, weights: Weights
) -> tuple[dict[str, Any], Scores]:
    """Score a list's videos by one checkpoint; return the checkpoint's content and the scores."""
    saved = load_checkpoint(run.checkpoint)
    paths = prepared_paths(run.config, run.folder.root)
    if list_file.resolve() != evaluated_list(run.config).resolve():
        list_sha256 = list_digest(items)
        folder = evaluation_folder(run.folder.root, name, list_sha256=list_sha256)
        claim(folder, list_file, list_sha256=list_sha256)
        paths = PreparedPaths(folder / "prepared")
    videos = prepare_videos(run.config, items, paths, list_file=list_file, progress=runtime.progress)
    with tempfile.TemporaryDirectory() as bank_dir:
        method = build_method(
            run.config,
            num_classes=len(run.classes),
            target=videos,
            bank_dir=Path(bank_dir) / "bank",
            device=runtime.device,
        )
    load_weights(method.module, saved["module"], run.checkpoint)
    if weights == "average":
        if saved["average"] is None:
            raise RunError(f"{run.checkpoint} holds no moving average; it is kept with --optim.ema-decay")
        method.module.load_state_dict(saved["average"], strict=False)
    precision = resolve_precision(run.config.precision, runtime.device)
    return saved, evaluate(method, videos, dataclasses.replace(runtime, dtype=precision))
