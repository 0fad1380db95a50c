"""What a run predicted, video by video and class by class, as a page shows it."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from videoda_train.csv_cells import name_cell, path_cell
from videoda_train.data.list_file import ListItem
from videoda_train.report.clip_strip import thumbnail
from videoda_train.report.figures import jpeg_data_uri
from videoda_train.run_folder import RunFolder

MOST_VIDEOS = 200


def prediction_rows(folder: RunFolder, items: Sequence[ListItem]) -> tuple[list[dict[str, Any]], int]:
    """Return the first videos' predictions with pictures, at most `MOST_VIDEOS`, and how many videos there are.

    Args:
        folder: a complete run.
        items: its videos, as far as they can still be read; those that changed place have no picture.
    """
    try:
        with folder.predictions_file.open(encoding="utf-8", newline="") as file:
            table = list(csv.DictReader(file))
    except OSError:
        return [], 0
    videos = {path_cell(item.name): item for item in items}
    rows = []
    for values in table[:MOST_VIDEOS]:
        item = videos.get(values["path"])
        picture = thumbnail(item) if item is not None else None
        label, predicted = values["label"], values["predicted_softmax"]
        rows.append(
            {
                "name": values["path"],
                "picture": None if picture is None else jpeg_data_uri(picture),
                "predicted": predicted,
                "confidence": float(values["confidence"]),
                "label": label,
                "right": None if not label else label == predicted,
            }
        )
    return rows, len(table)


def class_rows(folder: RunFolder, results: Mapping[str, Any], bank: Sequence[int] | None) -> list[dict[str, Any]]:
    """Return, for every class, how many videos were predicted to be of it, are of it, and are in the bank.

    `true` is `None` where no accuracy is told, `banked` where there is no bank.
    """
    predicted = results.get("predicted_counts") or _count_predictions(folder, results["classes"])
    matrix = results["confusion_matrix"]
    largest = max(*predicted, 1)
    return [
        {
            "name": name,
            "predicted": predicted[k],
            "share": predicted[k] / largest,
            "true": None if matrix is None else sum(matrix[k]),
            "banked": None if bank is None else bank[k],
        }
        for k, name in enumerate(results["classes"])
    ]


def _count_predictions(folder: RunFolder, classes: Sequence[str]) -> list[int]:
    """Return the counts of a run whose results do not have them: one of an earlier version."""
    with folder.predictions_file.open(encoding="utf-8", newline="") as file:
        counts = Counter(row["predicted_softmax"] for row in csv.DictReader(file))
    return [counts[name_cell(name)] for name in classes]
