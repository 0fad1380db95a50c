"""What came out of a reproduction, as one JSON file: rows × runs with their settings, versions and machine."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from videoda_train.data.made_files import write_ours
from videoda_train.recipes.config import TrainConfig
from videoda_train.run_folder import RunFolder

from videoda_bench.errors import SummaryError
from videoda_bench.statistics import Estimate, mean_estimate

ACCURACIES = ("acc_softmax", "acc_logits", "acc_rgb", "acc_flow", "mean_class_accuracy")
"""The accuracies of `results.json` that a summary keeps [%]."""


@dataclass(frozen=True)
class RunRecord:
    """One run: seed, accuracies [%] (None: that stream does not vote), training time [s], where and with what."""

    seed: int
    accuracies: Mapping[str, float | None]
    seconds: float
    device: str
    precision: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class RowRecord:
    """One row of the table: its settings by dotted names and its complete runs."""

    name: str
    title: str
    role: str | None
    settings: Mapping[str, Any]
    runs: tuple[RunRecord, ...]

    def values(self, metric: str) -> list[float]:
        """Return one accuracy of all runs that have it [%]."""
        return [value for run in self.runs if (value := run.accuracies.get(metric)) is not None]

    def estimate(self, metric: str) -> Estimate | None:
        """Return an accuracy's mean over the seeds with its 95 % interval; `None` if no run has it."""
        values = self.values(metric)
        return mean_estimate(values) if values else None


@dataclass(frozen=True)
class Summary:
    """A reproduction: what was run, how to run it again, and the rows."""

    task: str
    title: str
    scale: str
    evaluation: str
    metric: str
    command: str
    machine: str
    num_target_videos: int
    rows: tuple[RowRecord, ...]
    selection: str = "last"

    def row(self, name: str) -> RowRecord | None:
        """Return the row of that name, if there is one."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def baseline(self) -> RowRecord:
        """The row that gains are measured from: the one with that role, or the first."""
        return next((row for row in self.rows if row.role == "baseline"), self.rows[0])

    @property
    def full(self) -> RowRecord | None:
        """The row of the method that the task is about."""
        return next((row for row in self.rows if row.role == "full"), None)


def collect_row(name: str, title: str, folders: Sequence[Path], *, role: str | None = None) -> RowRecord:
    """Return a row from its run folders; those without results are left out."""
    complete = [RunFolder(folder) for folder in folders if RunFolder(folder).is_complete]
    settings = describe_settings(complete[0].read_config()) if complete else {}
    return RowRecord(name, title, role, settings, tuple(_record(folder.read_results()) for folder in complete))


def _record(results: Mapping[str, Any]) -> RunRecord:
    return RunRecord(
        seed=results["seed"],
        accuracies={name: None if results.get(name) is None else 100 * results[name] for name in ACCURACIES},
        seconds=results["wall_seconds"],
        device=results["device"],
        precision=results["precision"],
        versions=results["versions"],
    )


def describe_settings(config: TrainConfig) -> dict[str, Any]:
    """Return a run's settings by dotted names, without its data, its seed and where its files are.

    Of a path only the name is kept, so that settings can be compared from machine to machine.
    """
    left_out = ("data", "loading", "seed", "device", "task", "scale")
    return {name: value for name, value in _flat(config) if name.partition(".")[0] not in left_out}


def _flat(config: Any, prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            pairs += _flat(value, f"{prefix}{field.name}.")
        elif isinstance(value, str) and value.startswith("dir:"):
            pairs.append((prefix + field.name, f"dir:{Path(value).name}"))
        else:
            pairs.append((prefix + field.name, _portable(value)))
    return pairs


def _portable(value: Any) -> Any:
    if isinstance(value, Path) or (isinstance(value, str) and Path(value).is_absolute()):
        return Path(value).name
    return list(value) if isinstance(value, tuple) else value


def describe_machine() -> str:
    """Return this machine in a few words."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def write_summary(summary: Summary, path: Path) -> None:
    """Write a summary as JSON, in place of an earlier one of ours."""
    write_ours(path, json.dumps(asdict(summary), indent=1, ensure_ascii=False) + "\n", overwrite=True)


def read_summary(path: Path) -> Summary:
    """Read a summary.

    Raises:
        SummaryError: no such file, or not a summary of this version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(
            RowRecord(**{**row, "runs": tuple(RunRecord(**run) for run in row["runs"])}) for row in content.pop("rows")
        )
        return Summary(rows=rows, **content)
    except OSError as error:
        raise SummaryError(f"no summary at {path} ({error.strerror}); 'videoda-bench reproduce' writes one") from error
    except Exception as error:  # a damaged file fails in many ways
        raise SummaryError(f"{path} is not a summary of this version: {error!r}") from error
