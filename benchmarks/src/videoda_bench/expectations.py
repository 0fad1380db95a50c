"""What a miniature's runs came to before, as bands that a new run has to fall into.

A band is the 95 % prediction interval of one more run, from the runs of several seeds: mean ± t · s · √(1 + 1/n). It is
never narrower than what other machines' rounding can move: 5 points of an accuracy, 3 % of a loss, a
tenth of a decade of a gradient norm.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from videoda_train.data.atomic_file import write_text
from videoda_train.run_folder import RunFolder

from videoda_bench.errors import SummaryError
from videoda_bench.report.runs import bank_purity, read_run
from videoda_bench.reproduction.gradient_pulls import read_gradient_pulls
from videoda_bench.reproduction.plan import PlannedRun
from videoda_bench.reproduction.summary import ACCURACIES, describe_settings
from videoda_bench.statistics import CONFIDENCE, Estimate, prediction_band
from videoda_bench.tasks import RUN_PREFIX

_LEAST_POINTS = 5.0
_LEAST_LOSS_SHARE = 0.03
_LEAST_DECADES = 0.1


@dataclass(frozen=True)
class RowExpectation:
    """One row: its settings, and what each quantity came to, a value per seed."""

    settings: Mapping[str, Any]
    quantities: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Expectations:
    """The rows of one task's miniature, and the seeds they were run with."""

    task: str
    seeds: Sequence[int]
    rows: Mapping[str, RowExpectation]


@dataclass(frozen=True)
class Finding:
    """One quantity of one run, and the band it is held against."""

    run: str
    quantity: str
    value: float
    band: Estimate

    @property
    def inside(self) -> bool:
        """Whether the value lies in its band."""
        return self.band.low <= self.value <= self.band.high


def run_quantities(run_dir: Path) -> dict[str, float]:
    """Return a complete run's accuracies [%], the last epoch's loss terms, its bank's last purity [%], gradient norms.

    A norm is given as its logarithm to base 10; that of a term which does not reach the networks is -12. `lowers` is 1
    for a term that a step against its gradient lowers, 0 for one whose gradient is reversed.
    """
    run = read_run(run_dir)
    quantities = {name: 100 * run.results[name] for name in ACCURACIES if run.results.get(name) is not None}
    quantities |= {f"loss/{name}": float(value) for name, value in run.epochs[-1]["losses"].items()}
    for name, pull in read_gradient_pulls(run_dir).items():
        quantities[f"gradient/{name}"] = math.log10(max(pull.norm, 1e-12))
        quantities[f"lowers/{name}"] = float(bool(pull.lowers))
    if purity := bank_purity(run):
        quantities["bank_purity"] = 100 * purity[max(purity)]
    return quantities


def run_settings(run: PlannedRun) -> dict[str, Any]:
    """Return a run's settings, the same for every seed: a run that it starts from is named by its row."""
    stages = {folder: f"{RUN_PREFIX}{folder.removesuffix(f'-seed{run.seed}')}" for folder in run.needs}
    settings = json.loads(json.dumps(describe_settings(run.config)))
    return {name: stages.get(value, value) if isinstance(value, str) else value for name, value in settings.items()}


def expect(runs: Sequence[PlannedRun]) -> Expectations:
    """Return what the complete runs of a plan came to.

    Raises:
        SummaryError: fewer than two complete runs of a row.
    """
    rows = {}
    seeds: set[int] = set()
    for name in dict.fromkeys(run.row for run in runs):
        complete = [run for run in runs if run.row == name and RunFolder(run.folder).is_complete]
        if len(complete) < 2:
            raise SummaryError(f"row {name} has {len(complete)} complete run(s); a band needs several seeds")
        seeds |= {run.seed for run in complete}
        measured = [run_quantities(run.folder) for run in complete]
        quantities = {key: [each[key] for each in measured] for key in measured[0]}
        rows[name] = RowExpectation(run_settings(complete[0]), quantities)
    return Expectations(runs[0].config.task, sorted(seeds), rows)


def check(expectations: Expectations, runs: Sequence[PlannedRun]) -> list[Finding]:
    """Hold the complete runs of a plan against what is expected of them.

    Raises:
        SummaryError: no complete run of a row that anything is expected of, or a run with other settings.
    """
    known = [run for run in runs if run.row in expectations.rows and RunFolder(run.folder).is_complete]
    if not known:
        raise SummaryError(f"no complete run of {', '.join(expectations.rows)}; run them first")
    findings = []
    for run in known:
        row = expectations.rows[run.row]
        _require_same_settings(run, row)
        measured = run_quantities(run.folder)
        findings += [
            Finding(run.name, name, measured[name], _band(name, values)) for name, values in row.quantities.items()
        ]
    return findings


def _band(quantity: str, values: Sequence[float]) -> Estimate:
    band = prediction_band(values, confidence=CONFIDENCE)
    least = _LEAST_POINTS
    if quantity.startswith("loss/"):
        least = _LEAST_LOSS_SHARE * abs(band.mean)
    if quantity.startswith(("gradient/", "lowers/")):
        least = _LEAST_DECADES
    return Estimate(band.mean, max(band.half_width or 0.0, least))


def _require_same_settings(run: PlannedRun, row: RowExpectation) -> None:
    now = run_settings(run)
    different = [name for name, value in row.settings.items() if name in now and now[name] != value]
    if different:
        changes = ", ".join(f"{name} {row.settings[name]} → {now[name]}" for name in different)
        raise SummaryError(
            f"{run.name} was run with other settings than the expectations were made with ({changes}); "
            "run it with the recipe's, or make new expectations with 'videoda-bench expect'"
        )


def expectations_file(task: str) -> Path:
    """Return where this package keeps a task's expectations."""
    return Path(str(resources.files("videoda_bench"))) / "expectations" / f"{task}-mini.json"


def write_expectations(expectations: Expectations, path: Path) -> None:
    """Write expectations as JSON."""
    write_text(path, json.dumps(asdict(expectations), indent=1) + "\n")


def read_expectations(path: Path) -> Expectations:
    """Read expectations.

    Raises:
        SummaryError: no such file, or not one of this version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = {name: RowExpectation(**row) for name, row in content.pop("rows").items()}
        return Expectations(rows=rows, **content)
    except OSError as error:
        raise SummaryError(f"no expectations at {path}; 'videoda-bench expect' makes them") from error
    except Exception as error:  # a damaged file fails in many ways
        raise SummaryError(f"{path} does not hold expectations of this version: {error!r}") from error


def describe(findings: Sequence[Finding]) -> str:
    """Return one line per quantity; those outside their bands are marked."""
    lines = []
    for each in findings:
        mark = "ok     " if each.inside else "OUTSIDE"
        band = f"{each.band.low:.4g} to {each.band.high:.4g}"
        lines.append(f"{mark} {each.run}: {each.quantity} {each.value:.4g} (expected {band})")
    return "\n".join(lines)
