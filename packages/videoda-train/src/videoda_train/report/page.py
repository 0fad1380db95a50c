"""One self-contained HTML page from the files of one run or several."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from videoda_train.data.atomic_file import write_text
from videoda_train.errors import RunError
from videoda_train.recipes.config import TrainConfig, to_dict
from videoda_train.report.bank import bank_curves, last_bank_counts
from videoda_train.report.confusion import confusion_rows
from videoda_train.report.environment import page_environment
from videoda_train.report.figures import accuracy_curves, epoch_curves, loss_curves
from videoda_train.report.predictions import MOST_VIDEOS, class_rows, prediction_rows
from videoda_train.report.strips import items_of, shows_flow, source_strips, target_strips
from videoda_train.report.wording import describe_evaluation, describe_metrics
from videoda_train.run_folder import RunFolder

_SCALE_NOTES = {
    "mini": "This is a miniature result, on a small rendered world. It says nothing about the real benchmark.",
    "custom": "This is a result on your own lists. Read it with the number of videos in mind.",
    "full": "",
}


def write_report(run_dirs: Sequence[Path | str], report_file: Path | str, *, title: str | None = None) -> None:
    """Write the page of complete runs.

    Args:
        run_dirs: run folders, in the order of the table.
        report_file: where to write the page.
        title: heading; default: the task's name.

    Raises:
        RunError: a folder holds no complete run.
    """
    folders = [RunFolder(path) for path in run_dirs]
    if not folders:
        raise RunError("no run to report on; name at least one run folder")
    runs = [describe_run(folder) for folder in folders]
    names = Counter(run["name"] for run in runs)
    for run, folder in zip(runs, folders, strict=True):
        if names[run["name"]] > 1:
            run["name"] = str(folder.root)
    page = (
        page_environment()
        .get_template("page.html.jinja")
        .render(
            title=title or f"{runs[0]['results']['task']}: {', '.join(run['name'] for run in runs)}",
            runs=runs,
            scale_note=_SCALE_NOTES[runs[0]["results"]["scale"]],
            measured=any(run["measured"] for run in runs),
            reasons=list(dict.fromkeys(run["results"]["no_accuracy"] for run in runs if not run["measured"])),
            warnings=list(dict.fromkeys(text for run in runs for text in run["results"]["warnings"])),
            curves=_curves(runs),
            most_videos=MOST_VIDEOS,
            source_strips=source_strips([folder.root for folder in folders]),
            target_strips=target_strips(folders[0]),
            target_flow=shows_flow(folders[0].read_config()),
        )
    )
    write_text(Path(report_file), page)


def describe_run(folder: RunFolder) -> dict[str, Any]:
    """Return what the page shows of one run."""
    config = folder.read_config()
    results = {**_OF_LATER_VERSIONS, **folder.read_results()}
    metrics = folder.read_metrics()
    measured = results["acc_softmax"] is not None
    evaluated = items_of(config, config.data.evaluation_list or config.data.target_list)
    adapted = items_of(config, config.data.target_list)
    rows, count = prediction_rows(folder, evaluated)
    banked = last_bank_counts(metrics)
    return {
        "name": folder.root.name,
        "config": yaml.safe_dump(to_dict(config), sort_keys=False),
        "results": results,
        "measured": measured,
        "summary": describe_metrics(results, count=results["num_target_videos"]),
        "criteria": results["criteria"] or (metrics[-1]["criteria"] if metrics else {}),
        "metrics": metrics,
        "losses": loss_curves(metrics),
        "bank_from": config.cfb.bank_from_epoch if _uses_bank(config) else None,
        "bank": bank_curves(metrics, adapted, labelled=measured),
        "bank_warning": next(
            (record["bank_warning"] for record in reversed(metrics) if "bank_warning" in record), None
        ),
        "confusion": confusion_rows(results["classes"], results["confusion_matrix"], results["per_class_accuracy"])
        if measured
        else None,
        "classes": class_rows(folder, results, banked),
        "predictions": rows,
        "num_predictions": count,
        "evaluations": _evaluations(folder),
    }


_OF_LATER_VERSIONS: dict[str, Any] = {"no_accuracy": None, "criteria": None, "mean_confidence": None, "warnings": []}


def _curves(runs: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return titles and pictures: accuracies of the runs that have some, confidences of those that have none."""
    bank_from = {run["name"]: run["bank_from"] for run in runs if run["bank_from"] is not None}
    measured = {run["name"]: run["metrics"] for run in runs if run["measured"]}
    others = {run["name"]: run["metrics"] for run in runs if not run["measured"]}
    curves = []
    if measured:
        title = "Accuracy on the target, epoch by epoch"
        curves.append((title, accuracy_curves(measured, bank_from=bank_from)))
    if others:
        drawn = epoch_curves(others, "mean_confidence", ylabel="mean confidence", largest=1.0, bank_from=bank_from)
        curves.append(("Confidence on the target, epoch by epoch", drawn))
    return curves


def _evaluations(folder: RunFolder) -> list[dict[str, Any]]:
    """Return what `videoda eval` found of a run, list by list."""
    found = []
    for file in sorted((folder.root / "eval").glob("*/results.json")):
        try:
            results = RunFolder(file.parent).read_results()
            found.append({"name": file.parent.name, "lines": describe_evaluation(results)})
        except (ValueError, KeyError, TypeError, OSError):
            continue  # of another version, or not of ours
    return found


def _uses_bank(config: TrainConfig) -> bool:
    return config.uses_bank and config.cfb.bank_from_epoch + 1 < config.optim.epochs
