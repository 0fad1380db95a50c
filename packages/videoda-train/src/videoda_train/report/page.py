"""One self-contained HTML page from the files of one run or several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from videoda_train.data.atomic_file import write_text
from videoda_train.data.list_file import read_list
from videoda_train.data.prepared import PreparedPaths
from videoda_train.errors import RunError
from videoda_train.recipes.config import TrainConfig, to_dict
from videoda_train.report.clip_strip import frames_strip, source_strip, target_strip
from videoda_train.report.confusion import confusion_rows
from videoda_train.report.environment import page_environment
from videoda_train.report.figures import accuracy_curves, loss_curves, png_data_uri
from videoda_train.run_folder import RunFolder

_SCALE_NOTES = {
    "mini": "This is a miniature result, on a small rendered world. It says nothing about the real benchmark.",
    "custom": "This is a result on the user's own lists. Read it with the number of videos in mind.",
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
    page = (
        page_environment()
        .get_template("page.html.jinja")
        .render(
            title=title or f"{runs[0]['results']['task']}: {', '.join(run['name'] for run in runs)}",
            runs=runs,
            scale_note=_SCALE_NOTES[runs[0]["results"]["scale"]],
            curves=accuracy_curves(
                {run["name"]: run["metrics"] for run in runs},
                bank_from={run["name"]: run["bank_from"] for run in runs if run["bank_from"] is not None},
            ),
            source_strips=_source_strips([folder.root for folder in folders]),
            target_strips=_target_strips(folders[0]),
            target_flow=_shows_flow(folders[0].read_config()),
        )
    )
    write_text(Path(report_file), page)


def describe_run(folder: RunFolder) -> dict[str, Any]:
    """Return what the page shows of one run."""
    config = folder.read_config()
    results = folder.read_results()
    metrics = folder.read_metrics()
    return {
        "name": folder.root.name,
        "config": yaml.safe_dump(to_dict(config), sort_keys=False),
        "results": results,
        "metrics": metrics,
        "losses": loss_curves(metrics),
        "bank_from": config.cfb.bank_from_epoch if _uses_bank(config) else None,
        "confusion": confusion_rows(results["classes"], results["confusion_matrix"], results["per_class_accuracy"]),
    }


def _uses_bank(config: TrainConfig) -> bool:
    return config.uses_bank and config.cfb.bank_from_epoch + 1 < config.optim.epochs


def _source_strips(run_dirs: Sequence[Path]) -> list[dict[str, str]]:
    """Return strips of the first photo of up to four classes, from the first run that generated clips."""
    for path in run_dirs:
        folder = RunFolder(path)
        config = folder.read_config()
        paths = PreparedPaths(config.loading.prepared_dir or folder.root / "prepared")
        if config.motion.source == "static" or not paths.source_frames.is_dir():
            continue
        items = read_list(config.data.source_list, root=config.data.root)
        bound = config.clip.flow_bound * config.motion.size / config.clip.resize
        strips = []
        for item in _one_per_class(items, 4):
            image = source_strip(item, paths, flow_bound=bound)
            if image is not None:
                strips.append({"name": item.name, "image": png_data_uri(image)})
        return strips
    return []


def _target_strips(folder: RunFolder) -> list[dict[str, str]]:
    config = folder.read_config()
    paths = PreparedPaths(config.loading.prepared_dir or folder.root / "prepared")
    items = _one_per_class(read_list(config.data.target_list, root=config.data.root), 4)
    if _shows_flow(config):
        images = [target_strip(item, paths, flow_bound=config.clip.flow_bound) for item in items]
    else:
        images = [frames_strip(item) for item in items]
    return [{"name": item.name, "image": png_data_uri(image)} for item, image in zip(items, images, strict=True)]


def _shows_flow(config: TrainConfig) -> bool:
    return config.inputs == "streams" and config.uses_flow


def _one_per_class(items: Sequence[Any], count: int) -> list[Any]:
    first: dict[int, Any] = {}
    for item in items:
        first.setdefault(item.label, item)
    return [first[label] for label in sorted(first)][:count]
