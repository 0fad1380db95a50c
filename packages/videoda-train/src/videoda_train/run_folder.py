"""The files of a run: `config.yaml`, `metrics.jsonl`, `checkpoints/`, `predictions.csv`, `results.json`, `report/`."""

import csv
import hashlib
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from videoda_train.csv_cells import name_cell, path_cell
from videoda_train.data.atomic_file import write_text
from videoda_train.data.list_file import ListItem, read_classes
from videoda_train.data.list_folder import names_inside, names_no_file, would_list
from videoda_train.errors import RunError, StorageError, VideodaError
from videoda_train.evaluation import Scores
from videoda_train.recipes.config import DataConfig, TrainConfig, from_dict, to_dict
from videoda_train.run_owner import sole_owner


class RunFolder:
    """Names and writes the files of one run."""

    def __init__(self, root: Path | str):
        self.root = Path(root)

    @property
    def config_file(self) -> Path:
        """The resolved configuration."""
        return self.root / "config.yaml"

    @property
    def manifest_file(self) -> Path:
        """What the run was started from: digests of its configuration as written and of its lists; its class names."""
        return self.root / ".videoda-run.json"

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

    @property
    def has_begun(self) -> bool:
        """Whether there is something to go on from: a checkpoint, or results."""
        return os.path.lexists(self.checkpoint_file) or self.is_complete

    @contextmanager
    def opened(self, config: TrainConfig, *, resume: bool) -> Iterator[None]:
        """Check the folder, create it where there is none, and be its only writer for the length of a block.

        A run that stopped before its first checkpoint is started again, with other settings too. A complete run is
        only checked.

        Raises:
            RunError: as `check`; another process has it; it cannot be written.
        """
        self.check(config, resume=resume)
        if self.is_complete:
            yield
            return
        with ExitStack() as held:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                held.enter_context(sole_owner(self.root))
                self.check(config, resume=resume)  # another process may have been here since
                self._remove_temporary_files()
                if not self.has_begun:
                    self._begin(config)
            except OSError as error:
                raise StorageError(
                    f"cannot write the run folder {self.root}: {error.strerror}; give another --run-dir"
                ) from error
            yield

    def _begin(self, config: TrainConfig) -> None:
        text = yaml.safe_dump(to_dict(config), sort_keys=False)
        # The digest before the file, and the old one beside it: killed in between, the old file is still known.
        known = [_sha256(text.encode()), *self._read_manifest().get("config", [])][:2]
        started = {
            "config": known,
            "lists": _list_digests(config),
            "classes": _class_names(config),
            "started_in": os.fspath(Path.cwd()),
        }
        write_text(self.manifest_file, json.dumps(started, indent=1))
        if not self.config_file.exists() or _differences(_deciding(self.read_config()), _deciding(config)):
            write_text(self.config_file, text)

    def _remove_temporary_files(self) -> None:
        """Remove what killed processes of this run left of files they were writing: as large as a checkpoint."""
        for folder in (self.root, self.checkpoint_file.parent):
            for path in folder.glob(".*.tmp"):
                if _TEMPORARY.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode):
                    path.unlink()

    def check(self, config: TrainConfig, *, resume: bool) -> None:
        """Check that a run of these settings may begin or go on here; nothing is written.

        Raises:
            RunError: the folder holds a run and `resume` is off, one of other settings or lists, files of these names
                that no run wrote, links where its files go, or a place where a list that is a folder is read.
        """
        self._refuse_places_among_inputs(config)
        present = self._own_names()
        if not self.config_file.exists():
            if present:
                names = ", ".join(sorted(present))
                raise RunError(
                    f"{self.root} holds {names} but no run (no config.yaml), and a run writes files of these names; "
                    "move them away, or give another --run-dir"
                )
            return
        different = _differences(_deciding(self.read_config()), _deciding(config))
        if not resume:
            raise RunError(f"{self.root} holds {self._state()}, or give another --run-dir")
        started = self._read_manifest()
        if not self.has_begun:
            self._refuse_lost_checkpoint()
            if different and _sha256(self.config_file.read_bytes()) not in started.get("config", []):
                raise RunError(
                    f"{self.config_file} was changed since the run wrote it, so it is not replaced by other settings "
                    f"({', '.join(different)}); move it away, or give another --run-dir"
                )
            return
        lists = started.get("lists", {})
        if not different:
            now = _list_digests(config)
            different = [f"the contents of {name}" for name, sha in now.items() if lists.get(name, sha) != sha]
        if different:
            raise RunError(
                f"{self.root} was started with other settings ({', '.join(different)}); "
                "resume with the same ones, or give another --run-dir"
            )

    def _refuse_places_among_inputs(self, config: TrainConfig) -> None:
        """Refuse to write where a list that is a folder or a pattern finds it: clips would be photos of a new class."""
        places = {"--run-dir": self.root, "--loading.prepared-dir": config.loading.prepared_dir}
        lists = [getattr(config.data, field) for field in _LISTS if field != "classes"]
        for option, place in places.items():
            for listed in lists:
                if place is not None and listed is not None and would_list(listed, place):
                    raise RunError(
                        f"{place} is among the photos or videos of {listed}, and what the run writes there would be "
                        f"taken for some of them; give another {option}, outside of it"
                    )

    def _own_names(self) -> set[str]:
        """Return which names of a run exist here.

        Raises:
            RunError: one of them is a link or of another kind: nothing is written through it.
        """
        found = sorted(self.root.iterdir()) if self.root.is_dir() else []
        own = [path for path in found if path.name in _FILES | _FOLDERS or _BANK.fullmatch(path.name)]
        inside = [path for path in (self.checkpoint_file, self.report_file) if os.path.lexists(path)]
        for path in [*own, *inside]:
            mode = path.lstat().st_mode
            is_file = path.name in _FILES or path in inside
            if not (stat.S_ISREG(mode) if is_file else stat.S_ISDIR(mode)):
                kind = "a link" if stat.S_ISLNK(mode) else "of another kind"
                raise RunError(
                    f"{path} is {kind}, where a run has a {'file' if is_file else 'folder'} of its own; move it away, "
                    "or give another --run-dir"
                )
        return {path.name for path in own}

    def _state(self) -> str:
        if self.is_complete:
            return "a complete run; add --resume to see its results"
        if self.has_begun:
            return "an unfinished run; add --resume to continue it"
        return "a run that stopped before its first checkpoint; add --resume to start it again, with other settings too"

    def _refuse_lost_checkpoint(self) -> None:
        """Refuse to begin anew in the place of a run whose newest checkpoint is gone."""
        others = sorted(path.name for path in self.checkpoint_file.parent.glob("*.pt") if path.name != "not-finite.pt")
        if others or len(self.read_metrics()) > 1:
            cure = f"put a copy of {others[-1]} in its place" if others else "bring it back"
            raise RunError(
                f"{self.checkpoint_file} is missing, but this run has trained {len(self.read_metrics())} epochs; "
                f"{cure}, or give another --run-dir"
            )

    def _read_manifest(self) -> dict[str, Any]:
        try:
            started = json.loads(self.manifest_file.read_text())
        except (OSError, ValueError):
            return {}  # of a run that is older than this file
        return started if isinstance(started, dict) else {}

    def require_same_classes(self, config: TrainConfig) -> None:
        """Refuse class names that are not those that the run learnt: every number would get a wrong name.

        Raises:
            RunError: the class map names other classes, or the same in another order, than when the run was started.
        """
        learnt = self._read_manifest().get("classes")
        if learnt is None and self.is_complete and config.method != "tol":  # of a run that is older than this record
            learnt = self.read_results().get("classes")
        named = read_classes(config.data.class_map)
        if learnt is not None and learnt != named:
            different = next((n for n, (a, b) in enumerate(zip(learnt, named, strict=False)) if a != b), None)
            what = (
                f"{len(named)} classes, and {self.root} learnt {len(learnt)}"
                if different is None
                else f"class {different} {named[different]!r}, and {self.root} learnt it as {learnt[different]!r}"
            )
            raise RunError(f"{config.data.class_map} names {what}; bring back the class names that it was started with")

    def read_config(self) -> TrainConfig:
        """Return the configuration that the run was started with, by this version or an earlier one.

        Relative lists are those of the folder that it was started in, wherever this process is.

        Raises:
            RunError: the folder holds no run, or a configuration that cannot be read.
        """
        try:
            config = from_dict(yaml.safe_load(self.config_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise RunError(f"{self.root} holds no run (no config.yaml)") from None
        except Exception as error:  # a damaged file meets YAML, the types and the values with errors of many kinds
            reason = " ".join(str(error).split())
            raise RunError(
                f"{self.config_file} is not a run's configuration ({reason}); give another run folder"
            ) from error
        return replace(config, data=_found_from(config.data, self._read_manifest().get("started_in")))

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return the epochs' records.

        Raises:
            RunError: the file is damaged.
        """
        if not self.metrics_file.exists():
            return []
        records = _parsed(self.metrics_file, lambda text: [json.loads(line) for line in text.splitlines()])
        if not all(isinstance(record, dict) and isinstance(record.get("epoch"), int) for record in records):
            raise RunError(f"{self.metrics_file} is damaged (a line is not an epoch's record); {_CURE}")
        return records

    def write_metrics(self, record: dict[str, Any]) -> None:
        """Add an epoch's record, in place of any record of that epoch or a later one (left by an interrupted run)."""
        kept = [line for line in self.read_metrics() if line["epoch"] < record["epoch"]]
        write_text(self.metrics_file, "".join(json.dumps(line) + "\n" for line in [*kept, record]))

    def write_predictions(
        self, items: Sequence[ListItem], classes: Sequence[str], scores: Scores, *, file: Path | None = None
    ) -> None:
        """Write `predictions_csv`."""
        write_text(file or self.predictions_file, predictions_csv(items, classes, scores))

    def write_results(self, results: dict[str, Any]) -> None:
        """Write `results.json`."""
        write_text(self.results_file, json.dumps(results, indent=1))

    def read_results(self) -> dict[str, Any]:
        """Return `results.json`.

        Raises:
            RunError: the run has none (it is not complete), or the file is damaged.
        """
        if not self.results_file.exists():
            raise RunError(f"{self.root} has no results.json; the run is not complete, continue it with --resume")
        results = _parsed(self.results_file, json.loads)
        if not isinstance(results, dict):
            raise RunError(f"{self.results_file} is damaged (not a run's results); {_CURE}")
        return results


_CURE = "bring back a copy of it, or train again into another --run-dir"


def _parsed(file: Path, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, numbers without end, nesting without end
        raise RunError(f"{file} is damaged ({str(error).splitlines()[0]}); {_CURE}") from error


_FILES = {"config.yaml", "metrics.jsonl", "predictions.csv", "test-predictions.csv", "results.json"}
_FOLDERS = {"checkpoints", "prepared", "report", "tensorboard"}
_BANK = re.compile(r"bank(-\d+)?")
_TEMPORARY = re.compile(
    rf"\.({'|'.join(re.escape(name) for name in (*sorted(_FILES), '.videoda-run.json'))}"
    r"|(last|best|not-finite|epoch-\d{4,})\.pt)\.\d+\.tmp"
)


def predictions_csv(items: Sequence[ListItem], classes: Sequence[str], scores: Scores) -> str:
    """Return one CSV row per video: path, true class if known, predicted classes, confidence, softmax per class."""
    table, names = io.StringIO(newline=""), [name_cell(name) for name in classes]
    writer = csv.writer(table)
    writer.writerow(["path", "label", "predicted_softmax", "predicted_logits", "confidence", *names])
    for item, logits, confidence in zip(items, scores.logits, scores.confidence, strict=True):
        best = int(confidence.argmax())
        writer.writerow(
            [
                path_cell(item.name),
                "" if item.label is None else names[item.label],
                names[best],
                names[int(logits.argmax())],
                f"{float(confidence[best]):.6f}",
                *(f"{float(value):.6f}" for value in confidence),
            ]
        )
    return table.getvalue()


def _list_digests(config: TrainConfig) -> dict[str, str]:
    """Return the SHA-256 of every list of a run and of its class map, by setting; of a folder, of what it holds."""
    digests = {}
    for field in _LISTS:
        file = getattr(config.data, field)
        if file is not None and names_no_file(file):
            digests[f"data.{field}"] = _sha256("\0".join(names_inside(file)).encode("utf-8", "surrogateescape"))
        elif file is not None and file.exists():
            digests[f"data.{field}"] = _sha256(file.read_bytes())
    return digests


def _class_names(config: TrainConfig) -> list[str] | None:
    try:
        return read_classes(config.data.class_map)
    except VideodaError:  # a run without them stops with the reason when it reads its inputs
        return None


_LISTS = ("source_list", "target_list", "classes", "evaluation_list", "test_list")
_PATHS = (*_LISTS, "root")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _found_from(data: DataConfig, started_in: object) -> DataConfig:
    """Return the lists where they are found from the folder that a run was started in, as far as they are there."""
    if not isinstance(started_in, str):
        return data  # of a run that is older than this entry
    paths = {name: getattr(data, name) for name in _PATHS}
    found = {name: Path(started_in, path) for name, path in paths.items() if path is not None}
    there: dict[str, Any] = {name: path for name, path in found.items() if os.path.lexists(path)}
    return replace(data, **there)


def _deciding(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that a result depends on: how data is loaded, saved and tracked may change underway."""
    settings = {
        key: value for key, value in to_dict(config).items() if key not in ("loading", "checkpoint", "tracking")
    }
    # One list may be named from here, or from where the run was started.
    data = {
        name: str(Path(path).resolve()) if path else path for name, path in settings["data"].items() if name in _PATHS
    }
    return {**settings, "data": {**settings["data"], **data}}


def _differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key in old.keys() | new.keys():
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            names += _differences(a, b, f"{prefix}{key}.")
        elif a != b:
            names.append(f"{prefix}{key}")
    return sorted(names)
