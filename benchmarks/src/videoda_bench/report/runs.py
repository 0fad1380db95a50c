"""The run folders behind a summary, read once for the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videoda_train.data.list_file import read_list
from videoda_train.recipes.config import TrainConfig
from videoda_train.run_folder import RunFolder

from videoda_bench.reproduction.feature_map import FeatureMap, read_feature_map


@dataclass(frozen=True)
class FinishedRun:
    """One complete run: its configuration, results, epochs' records and, where it made one, its feature map."""

    folder: Path
    config: TrainConfig
    results: Mapping[str, Any]
    epochs: Sequence[Mapping[str, Any]]
    features: FeatureMap | None

    @property
    def bank_in_use_from(self) -> int | None:
        """The first epoch that trains with the bank, counted from 1; `None` without a bank."""
        filled = [record["epoch"] for record in self.epochs if "bank_counts" in record]
        return min(filled) + 2 if filled else None


@dataclass(frozen=True)
class FinishedRow:
    """The complete runs of one row."""

    name: str
    title: str
    role: str | None
    runs: Sequence[FinishedRun]


def read_run(folder: Path) -> FinishedRun:
    """Read a complete run.

    Raises:
        RunError: it is not complete.
    """
    files = RunFolder(folder)
    return FinishedRun(
        folder, files.read_config(), files.read_results(), files.read_metrics(), read_feature_map(folder)
    )


def bank_purity(run: FinishedRun) -> dict[int, float]:
    """Return, for every epoch that filled the bank, the share of its videos whose pseudo-label is right.

    Told afterwards from the target list's labels, which no training has seen; epochs are counted from 1.
    """
    data = run.config.data
    labels = [item.label for item in read_list(data.target_list, root=data.root)]
    purity = {}
    for record in run.epochs:
        banked = [(label, index) for label, videos in enumerate(record.get("bank_videos", [])) for index in videos]
        if banked:
            purity[record["epoch"] + 1] = sum(labels[index] == label for label, index in banked) / len(banked)
    return purity
