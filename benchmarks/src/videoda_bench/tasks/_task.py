"""What a task's data file says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from videoda_train.data.prepare import DatasetCard
from videoda_train.recipes.config import MethodName

RUN_PREFIX = "run:"
METRICS = {
    "acc_softmax": "AccSf",
    "acc_logits": "Acc",
    "mean_class_accuracy": "mean class accuracy",
}
"""Reported metrics, by their names in `results.json`, with their titles. AccSf: accuracy by summed softmax scores."""


@dataclass(frozen=True)
class TaskClass:
    """One class: its name, the names it has in the two datasets, and how many items each holds (None: not known)."""

    name: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    source_count: int | None = None
    target_count: int | None = None


@dataclass(frozen=True)
class Domain:
    """One side: the dataset, and the number of items in each of its lists that is published."""

    dataset: DatasetCard
    lists: Mapping[str, int]


Selection = Literal["last epoch", "best epoch by target labels", "not stated"]
"""Which epoch a published number is of."""


@dataclass(frozen=True)
class Published:
    """A published number [%]: of single runs, or a mean with or without its standard deviation; `row` it stands beside.

    A number without a row is to be read beside the table: no row here is the same method on the same network.
    `selection` is which epoch the number is of, where paper or code says so: the best by target labels is an oracle.
    """

    title: str
    metric: str
    mean: float
    source: str
    row: str | None = None
    std: float | None = None
    runs: tuple[float, ...] = ()
    selection: Selection = "not stated"

    @property
    def origin(self) -> str:
        """Where the number is from, and which epoch it is of."""
        return self.source if self.selection == "not stated" else f"{self.source}; {self.selection}"


@dataclass(frozen=True)
class Row:
    """One row of the table: a name for folders, a title, and the settings it changes, by their dotted names.

    Gains are over the `baseline` row; the `full` row is the method that the task is about. A `stage` is run for others
    that start from it (a setting `run:NAME` is the folder of row NAME's run with the same seed); it has no line.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    role: Literal["baseline", "full"] | None = None
    stage: bool = False

    @property
    def method(self) -> MethodName:
        """The training method."""
        return self.settings["method"]

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the rows that it starts from."""
        texts = [value for value in self.settings.values() if isinstance(value, str)]
        return tuple(text.removeprefix(RUN_PREFIX) for text in texts if text.startswith(RUN_PREFIX))


@dataclass(frozen=True)
class Task:
    """A dataset pair and what is measured on it."""

    name: str
    title: str
    kind: Literal["photos-to-videos", "videos-to-videos"]
    classes: tuple[TaskClass, ...]
    source: Domain
    target: Domain
    counts_source: str
    evaluation: Literal["transductive", "held-out"]
    metric: str
    seeds: tuple[int, ...]
    published: tuple[Published, ...]
    rows: tuple[Row, ...]
    recipe: str | None
    """The recipe of the real datasets; None: no method here runs on them yet."""
    miniature: str | None
    """The rendered world that stands in for the datasets; None: there is none."""
    argument: str
    """What names it on a command line: its name, or its data file's."""

    def row_of(self, role: Literal["baseline", "full"]) -> Row | None:
        """Return the row with that role, if there is one."""
        return next((row for row in self.rows if row.role == role), None)
