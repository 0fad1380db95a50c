"""From a task's data file to a checked `Task`."""

import statistics
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import yaml
from videoda_train.data.prepare import DATASETS, DatasetCard
from videoda_train.errors import VideodaError

from videoda_bench.errors import TaskError
from videoda_bench.miniatures import MINIATURES
from videoda_bench.recipes import RECIPES
from videoda_bench.settings import change_settings
from videoda_bench.tasks._task import METRICS, Domain, Published, Row, Selection, Task, TaskClass

_KINDS = ("photos-to-videos", "videos-to-videos")
_EVALUATIONS = ("transductive", "held-out")
_ROLES = ("baseline", "full")
_LISTS = {"source": ("source", "source_test"), "target": ("target", "target_test")}


def list_tasks() -> list[str]:
    """Return the names of the tasks that come with this package."""
    return sorted(file.name.removesuffix(".yaml") for file in _folder().iterdir() if file.name.endswith(".yaml"))


def load_task(name: str | Path) -> Task:
    """Read a task by its name, or from a data file of the same form (a path that ends in `.yaml`).

    Raises:
        TaskError: no such task, or what is wrong in the file and where.
    """
    if str(name).endswith(".yaml"):
        path = Path(name)
        if not path.is_file():
            raise TaskError(f"no task file at {path}; the form is that of videoda_bench/tasks/e2h.yaml")
        return _Reader(str(path), argument=path.name).task(_parse(path.read_bytes(), str(path)))
    if name not in list_tasks():
        raise TaskError(f"no task {str(name)!r}; there are {', '.join(list_tasks())}, or give a .yaml file of your own")
    return _Reader(f"tasks/{name}.yaml", argument=str(name)).task(_parse(_read(f"{name}.yaml"), f"tasks/{name}.yaml"))


def _folder() -> Any:
    return resources.files("videoda_bench.tasks")


def _read(name: str) -> str:
    return str(_folder().joinpath(name).read_text(encoding="utf-8"))


def _parse(text: str | bytes, where: str) -> Any:
    try:
        return yaml.safe_load(text.decode("utf-8") if isinstance(text, bytes) else text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also dates and numbers that are none
        raise TaskError(f"{where} is not YAML: {error}") from error


class _Reader:
    """Takes a parsed file apart; every complaint names the file."""

    def __init__(self, where: str, *, argument: str):
        self.where = where
        self.argument = argument

    def task(self, content: Any) -> Task:
        """Return the task; whatever is wrong with the content is a `TaskError`."""
        try:
            return self._task(content)
        except VideodaError:
            raise
        except Exception as error:  # a value of another kind than its place has
            self._fail(f"a value is of another kind than expected: {error}")
            raise

    def _task(self, content: Any) -> Task:
        content = self._mapping(content, "the file")
        allowed = {"name", "title", "kind", "counts_source", "source", "target", "protocol", "published", "rows"}
        self._only(content, allowed | {"recipe", "miniature", "classes", "settings"}, "the file")
        protocol = self._mapping(content.get("protocol"), "protocol")
        self._only(protocol, {"evaluation", "metric", "seeds"}, "protocol")
        task = Task(
            name=self._text(content, "name"),
            title=self._text(content, "title"),
            kind=self._one_of(content.get("kind"), _KINDS, "kind"),
            classes=self._classes(content.get("classes")),
            source=self._domain(content.get("source"), "source"),
            target=self._domain(content.get("target"), "target"),
            counts_source=self._text(content, "counts_source"),
            evaluation=self._one_of(protocol.get("evaluation"), _EVALUATIONS, "protocol.evaluation"),
            metric=self._one_of(protocol.get("metric"), tuple(METRICS), "protocol.metric"),
            seeds=tuple(protocol.get("seeds") or ()),
            published=tuple(self._published(entry) for entry in content.get("published") or ()),
            rows=self._rows(content.get("rows") or [], self._mapping(content.get("settings") or {}, "settings")),
            recipe=self._optional(content.get("recipe"), tuple(RECIPES), "recipe"),
            miniature=self._optional(content.get("miniature"), tuple(MINIATURES), "miniature"),
            argument=self.argument,
        )
        self._check(task)
        return task

    def _check(self, task: Task) -> None:
        names = [row.name for row in task.rows]
        if len(set(names)) != len(names):
            self._fail(f"rows: a name stands twice in {', '.join(names)}")
        for role in _ROLES:
            if sum(row.role == role for row in task.rows) > 1:
                self._fail(f"rows: more than one has the role {role}")
        for row in task.rows:
            self._check_row(row, task)
        for number in task.published:
            if number.row is not None and number.row not in names:
                self._fail(f"published: row {number.row!r} is none of {', '.join(names) or 'no rows'}")
        if not task.seeds or not all(isinstance(seed, int) and seed >= 0 for seed in task.seeds):
            self._fail(f"protocol.seeds is {list(task.seeds)}; give integers of at least 0")
        for side in ("source", "target"):
            counts = [getattr(each, f"{side}_count") for each in task.classes]
            total = getattr(task, side).lists.get(side)
            if None not in counts and total is not None and sum(counts) != total:
                self._fail(f"{side}: the classes' counts sum to {sum(counts)}, the list has {total}")
        if task.evaluation == "held-out" and task.recipe is not None and "target_test" not in task.target.lists:
            self._fail("protocol.evaluation is held-out, but target.lists has no target_test")

    def _check_row(self, row: Row, task: Task) -> None:
        stages = [each.name for each in task.rows if each.stage]
        if unknown := [name for name in row.needs if name not in stages]:
            self._fail(f"row {row.name} starts from {', '.join(unknown)}; stages: {', '.join(stages) or 'none'}")
        try:
            if task.recipe is not None:
                change_settings(RECIPES[task.recipe](row.method), row.settings)
        except (VideodaError, KeyError) as error:
            self._fail(f"row {row.name}: {error if isinstance(error, VideodaError) else 'settings name no method'}")

    def _classes(self, entries: Any) -> tuple[TaskClass, ...]:
        if not isinstance(entries, list) or len(entries) < 2:
            self._fail("classes: give a list of at least two, in label order")
        classes = []
        for entry in entries:
            entry = self._mapping({"name": entry} if isinstance(entry, str) else entry, "classes")
            self._only(entry, {"name", "source", "target", "source_count", "target_count"}, "classes")
            name = self._text(entry, "name")
            source, target = (tuple(entry.get(side) or (name,)) for side in ("source", "target"))
            classes.append(TaskClass(name, source, target, entry.get("source_count"), entry.get("target_count")))
        names = [each.name for each in classes]
        if len(set(names)) != len(names):
            self._fail("classes: a name stands twice")
        return tuple(classes)

    def _domain(self, entry: Any, side: str) -> Domain:
        entry = self._mapping(entry, side)
        self._only(entry, {"dataset", "lists"}, side)
        lists = self._mapping(entry.get("lists") or {}, f"{side}.lists")
        self._only(lists, set(_LISTS[side]), f"{side}.lists")
        return Domain(self._card(entry.get("dataset"), side), lists)

    def _card(self, entry: Any, side: str) -> DatasetCard:
        known = {card.name: card for card in DATASETS}
        if isinstance(entry, str):
            if entry not in known:
                self._fail(
                    f"{side}.dataset is {entry!r}; name one of {', '.join(known)}, or describe it: "
                    "{name: …, title: …, source: …, terms: …, layout: …}"
                )
            return known[entry]
        entry = self._mapping(entry, f"{side}.dataset")
        fields = ("name", "title", "source", "terms", "layout")
        self._only(entry, set(fields), f"{side}.dataset")
        return DatasetCard(tasks=(), **{field: self._text(entry, field) for field in fields})

    def _published(self, entry: Any) -> Published:
        entry = self._mapping(entry, "published")
        self._only(entry, {"title", "row", "metric", "mean", "std", "runs", "source", "selection"}, "published")
        runs = tuple(float(value) for value in entry.get("runs") or ())
        if bool(runs) == ("mean" in entry):
            self._fail("published: give either runs, or mean (with or without std)")
        std = statistics.stdev(runs) if len(runs) > 1 else entry.get("std")
        number = Published(
            title=self._text(entry, "title"),
            metric=self._one_of(entry.get("metric"), tuple(METRICS), "published.metric"),
            mean=statistics.mean(runs) if runs else float(entry["mean"]),
            source=self._text(entry, "source"),
            row=entry.get("row"),
            std=std,
            runs=runs,
            selection=self._one_of(entry.get("selection", "not stated"), get_args(Selection), "published.selection"),
        )
        if not 0 <= number.mean <= 100:
            self._fail(f"published: {number.mean} is no percentage")
        return number

    def _rows(self, entries: Any, shared: Mapping[str, Any]) -> tuple[Row, ...]:
        if isinstance(entries, str):
            families = sorted(file.name.removesuffix(".yaml") for file in _folder().joinpath("rows").iterdir())
            self._one_of(entries, tuple(families), "rows")
            entries = _parse(_read(f"rows/{entries}.yaml"), f"tasks/rows/{entries}.yaml")
        rows = []
        for entry in entries:
            entry = self._mapping(entry, "rows")
            self._only(entry, {"name", "title", "settings", "role", "stage"}, "rows")
            settings = {**shared, **self._mapping(entry.get("settings"), "rows.settings")}
            role = self._optional(entry.get("role"), _ROLES, "rows.role")
            rows.append(
                Row(self._text(entry, "name"), self._text(entry, "title"), settings, role, entry.get("stage") is True)
            )
        return tuple(rows)

    def _fail(self, message: str) -> None:
        raise TaskError(f"{self.where}: {message}")

    def _mapping(self, value: Any, key: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self._fail(f"{key} is {value!r}; it must be a mapping")
        return dict(value)

    def _only(self, value: Mapping[str, Any], allowed: set[str], key: str) -> None:
        if unknown := set(value) - allowed:
            self._fail(f"{key}: unknown {', '.join(sorted(map(str, unknown)))}; allowed: {', '.join(sorted(allowed))}")

    def _text(self, value: Mapping[str, Any], key: str) -> str:
        if not isinstance(value.get(key), str) or not value[key]:
            self._fail(f"{key} is {value.get(key)!r}; it must be a text")
        return str(value[key])

    def _optional(self, value: Any, allowed: tuple[str, ...], key: str) -> Any:
        return None if value is None else self._one_of(value, allowed, key)

    def _one_of(self, value: Any, allowed: tuple[str, ...], key: str) -> Any:
        if value not in allowed:
            self._fail(f"{key} is {value!r}; allowed: {', '.join(allowed)}")
        return value
