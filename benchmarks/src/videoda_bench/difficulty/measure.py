"""The trials on a world and their table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from videoda_train.data.list_file import read_classes

from videoda_bench.difficulty.classifier import Schedule, predict, train_classifier
from videoda_bench.difficulty.items import Item, split_domain
from videoda_bench.difficulty.views import INTERVAL, View, prepare_view


@dataclass(frozen=True)
class Finding:
    """Mean class accuracy [%] on `num_test` held-out items of one trial, and its binomial standard error."""

    trained_on: str
    tested_on: str
    view: str
    accuracy: float
    standard_error: float
    num_test: int


@dataclass(frozen=True)
class _Trial:
    """Learn from a view of a domain, then answer on held-out items of one or both."""

    view: View
    trained_on: str
    tested_on: tuple[str, ...]
    of_videos: bool = False
    """Only where the domain that is learnt from has videos."""


_TRIALS = (
    _Trial("frame", "source", ("source", "target")),
    _Trial("background", "source", ("source",), of_videos=True),
    _Trial("clip", "source", ("source", "target"), of_videos=True),
    _Trial("foreground", "source", ("source", "target"), of_videos=True),
    _Trial("frame", "target", ("target",)),
    _Trial("motion", "target", ("target",)),
    _Trial("clip", "target", ("target",)),
)
_TITLES: dict[View, str] = {
    "frame": "one frame",
    "background": "background alone",
    "clip": "clip",
    "foreground": "clip without background",
    "motion": "motion alone",
}


def measure_world(world: Path, *, weights: Path, schedule: Schedule = Schedule()) -> list[Finding]:  # noqa: B008 (frozen)
    """Train a small network per view on a made world, with labels, and say what each tells of the class.

    `world` holds `source.txt`, `target.txt` and `classes.txt`; test lists beside them are used, else every third group
    of a domain is held out. The target's labels are used: none of it is a result of adaptation.
    """
    num_classes = len(read_classes(world / "classes.txt"))
    domains = {domain: split_domain(world, domain) for domain in ("source", "target")}
    findings = []
    for trial in _TRIALS:
        training, _ = domains[trial.trained_on]
        if trial.of_videos and len(training[0].frames) == 1:
            continue
        model = train_classifier(
            prepare_view(training, view=trial.view),
            _labels(training),
            view=trial.view,
            num_classes=num_classes,
            weights=weights,
            schedule=schedule,
        )
        for tested_on in trial.tested_on:
            held_out = domains[tested_on][1]
            shown = prepare_view(held_out, view=trial.view)
            slowed = trial.view == "foreground" and tested_on == "target"
            for interval in (INTERVAL, INTERVAL // 2) if slowed else (INTERVAL,):
                answers = predict(model, shown, view=trial.view, schedule=schedule, interval=interval)
                title = _TITLES[trial.view] + (", at half speed" if interval != INTERVAL else "")
                findings.append(_score(trial.trained_on, tested_on, title, answers, _labels(held_out)))
    return findings


def _labels(items: Sequence[Item]) -> np.ndarray:
    return np.array([item.label for item in items])


def _score(trained_on: str, tested_on: str, view: str, answers: np.ndarray, labels: np.ndarray) -> Finding:
    accuracy = float(np.mean([(answers[labels == label] == label).mean() for label in np.unique(labels)]))
    error = math.sqrt(accuracy * (1 - accuracy) / len(labels))
    return Finding(trained_on, tested_on, view, 100 * accuracy, 100 * error, len(labels))


def markdown_table(findings: Sequence[Finding], *, num_classes: int) -> str:
    """The findings as a Markdown table, chance last."""
    lines = ["| learnt from | tested on | shown | mean class accuracy [%] | items |", "|---|---|---|---|---|"]
    for found in findings:
        score = f"{found.accuracy:.1f} ± {found.standard_error:.1f}"
        lines.append(f"| {found.trained_on} | {found.tested_on} | {found.view} | {score} | {found.num_test} |")
    lines.append(f"| – | – | nothing (chance) | {100 / num_classes:.1f} | – |")
    return "\n".join(lines)
