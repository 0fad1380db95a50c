"""The files of a run: `config.yaml`, `metrics.jsonl`, `checkpoints/`, `predictions.csv`, `results.json`, `report/`."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from videoda_train.data.atomic_file import write_text
from videoda_train.data.list_file import ListItem
from videoda_train.errors import RunError
from videoda_train.evaluation import Scores
from videoda_train.recipes.config import TrainConfig, from_dict, to_dict


class RunFolder:
    """Names and writes the files of one run."""

    def __init__(self, root: Path | str):
        self.root = Path(root)

    @property
    def config_file(self) -> Path:
        """The resolved configuration."""
        return self.root / "config.yaml"

    @property
    def metrics_file(self) -> Path:
        """One JSON line per epoch."""
        return self.root / "metrics.jsonl"

    @property
    def results_file(self) -> Path:
        """The last epoch's result; its presence means that the run is complete."""
        return self.root / "results.json"

    @property
    def predictions_file(self) -> Path:
        """The last epoch's scores per video."""
        return self.root / "predictions.csv"

    @property
    def test_predictions_file(self) -> Path:
        """The scores of the videos that were only classified, at the end."""
        return self.root / "test-predictions.csv"

    @property
    def checkpoint_file(self) -> Path:
        """The newest checkpoint."""
        return self.root / "checkpoints" / "last.pt"

    def bank_dir(self, node: int = 0) -> Path:
        """The flow bank of one of the run's machines."""
        return self.root / ("bank" if node == 0 else f"bank-{node}")

    @property
    def report_file(self) -> Path:
        """The report page."""
        return self.root / "report" / "index.html"

    @property
    def is_complete(self) -> bool:
        """Whether the run has ended and written its results."""
        return self.results_file.exists()

    def start(self, config: TrainConfig, *, resume: bool) -> None:
        """Create the folder, or check that it may be continued.

        Raises:
            RunError: it holds a run and `resume` is off, another configuration, or it cannot be written.
        """
        if self.config_file.exists():
            if not resume:
                state = "a complete run" if self.is_complete else "an unfinished run"
                raise RunError(f"{self.root} holds {state}; add --resume to continue it, or give another --run-dir")
            if different := _differences(_deciding(self.read_config()), _deciding(config)):
                raise RunError(
                    f"{self.root} was started with other settings ({', '.join(different)}); "
                    "resume with the same ones, or give another --run-dir"
                )
            return
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            write_text(self.config_file, yaml.safe_dump(to_dict(config), sort_keys=False))
        except OSError as error:
            raise RunError(
                f"cannot write the run folder {self.root}: {error.strerror}; give another --run-dir"
            ) from error

    def read_config(self) -> TrainConfig:
        """Return the configuration that the run was started with.

        Raises:
            RunError: the folder holds no run.
        """
        try:
            return from_dict(yaml.safe_load(self.config_file.read_text()))
        except FileNotFoundError:
            raise RunError(f"{self.root} holds no run (no config.yaml)") from None
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise RunError(f"{self.config_file} is not a run's configuration: {error}") from error

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return the epochs' records."""
        if not self.metrics_file.exists():
            return []
        return [json.loads(line) for line in self.metrics_file.read_text().splitlines()]

    def write_metrics(self, record: dict[str, Any]) -> None:
        """Add an epoch's record, in place of any record of that epoch or a later one (left by an interrupted run)."""
        kept = [line for line in self.read_metrics() if line["epoch"] < record["epoch"]]
        write_text(self.metrics_file, "".join(json.dumps(line) + "\n" for line in [*kept, record]))

    def write_predictions(
        self, items: Sequence[ListItem], classes: Sequence[str], scores: Scores, *, file: Path | None = None
    ) -> None:
        """Write one CSV row per video: path, true and predicted classes, confidence, softmax score per class."""
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["path", "label", "predicted_softmax", "predicted_logits", "confidence", *classes])
        for item, logits, confidence in zip(items, scores.logits, scores.confidence, strict=True):
            best = int(confidence.argmax())
            writer.writerow(
                [
                    item.name,
                    classes[item.label],
                    classes[best],
                    classes[int(logits.argmax())],
                    f"{float(confidence[best]):.6f}",
                    *(f"{float(value):.6f}" for value in confidence),
                ]
            )
        write_text(file or self.predictions_file, table.getvalue())

    def write_results(self, results: dict[str, Any]) -> None:
        """Write `results.json`."""
        write_text(self.results_file, json.dumps(results, indent=1))

    def read_results(self) -> dict[str, Any]:
        """Return `results.json`.

        Raises:
            RunError: the run has none (it is not complete).
        """
        try:
            return json.loads(self.results_file.read_text())
        except FileNotFoundError:
            raise RunError(
                f"{self.root} has no results.json; the run is not complete, continue it with --resume"
            ) from None


def _deciding(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that a result depends on: how data is loaded, saved and tracked may change underway."""
    return {key: value for key, value in to_dict(config).items() if key not in ("loading", "checkpoint", "tracking")}


def _differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key in old.keys() | new.keys():
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            names += _differences(a, b, f"{prefix}{key}.")
        elif a != b:
            names.append(f"{prefix}{key}")
    return sorted(names)
