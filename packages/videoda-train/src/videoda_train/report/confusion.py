"""A confusion matrix as a page shows it."""

from collections.abc import Sequence
from typing import Any


def confusion_rows(
    classes: Sequence[str], counts: Sequence[Sequence[int]], recalls: Sequence[float | None]
) -> list[dict[str, Any]]:
    """Return rows of `{name, cells: [{count, share of the row}], recall}` for the template."""
    rows = []
    for name, row, recall in zip(classes, counts, recalls, strict=True):
        total = max(sum(row), 1)
        rows.append({"name": name, "cells": [{"count": n, "share": n / total} for n in row], "recall": recall})
    return rows
