"""Making a world on disk: item by item in parallel, the same bytes every time, marked when complete."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from videoda_train.data.atomic_file import write_text
from videoda_train.progress import ProgressBar

from videoda_bench.miniature.errors import MiniatureError
from videoda_bench.miniature.processes import in_processes

DONE_FILE, BEGUN_FILE = "miniature.json", "miniature.begun.json"

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class MiniatureSummary:
    """A finished world: where it is, how many things of each kind it holds, and whether this call made it."""

    out_dir: Path
    counts: Mapping[str, int]
    made: bool


def make_world(
    out_dir: str | Path,
    *,
    task: str,
    recipe: int,
    config: Mapping[str, object],
    items: Callable[[Path], Sequence[Item]],
    make: Callable[[Item], Made],
    finish: Callable[[Path, list[Made]], dict[str, int]],
    workers: int | None,
    progress: bool,
) -> MiniatureSummary:
    """Make a world in `out_dir`, or do nothing if it is there already, complete.

    A world is known by `task`, `recipe` and `config` (as JSON); `recipe` is raised when the same configuration would
    give other files than before. `items` names what there is to make, `make` (picklable) makes one item in any order on
    `workers` processes (None: one per usable core), `finish` writes the lists and returns the counts. Raises
    `MiniatureError` if the folder holds anything else or cannot be written.
    """
    out_dir = Path(out_dir)
    wanted = {"task": task, "miniature": True, "recipe": recipe, "config": dict(config)}
    if workers is not None and workers < 1:
        raise MiniatureError(f"workers={workers}; give at least 1, or None for one per usable core.")
    found = _finished(out_dir, wanted)
    if found is not None:
        (out_dir / BEGUN_FILE).unlink(missing_ok=True)  # of a call that was killed when all was done
        return MiniatureSummary(out_dir, _counts(found), made=False)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        write_text(out_dir / BEGUN_FILE, json.dumps(wanted, indent=2) + "\n")
    except OSError as error:
        raise MiniatureError(
            f"cannot write to {out_dir}: {error.strerror}. Give a folder that you may write."
        ) from error
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    waiting = items(out_dir)
    jobs = in_processes(make, waiting, workers=workers or usable)
    made = list(ProgressBar(jobs, total=len(waiting), desc=f"miniature {task}", unit="item", disable=not progress))
    counts = finish(out_dir, made)
    write_text(out_dir / DONE_FILE, json.dumps({**wanted, "counts": counts}, indent=2) + "\n")
    (out_dir / BEGUN_FILE).unlink(missing_ok=True)
    return MiniatureSummary(out_dir, counts, made=True)


def _finished(out_dir: Path, wanted: dict[str, object]) -> dict[str, object] | None:
    """The description of a complete world of this recipe, None if there is none yet; an error if it is another."""
    if not out_dir.exists() or not any(out_dir.iterdir()):
        return None
    done, begun = out_dir / DONE_FILE, out_dir / BEGUN_FILE
    if not done.exists() and not begun.exists():
        raise MiniatureError(f"{out_dir} is not empty and holds no miniature; give an empty or a new folder.")
    found = _read(done if done.exists() else begun)
    if any(found.get(key) != value for key, value in wanted.items()):
        raise MiniatureError(
            f"{out_dir} holds a miniature with another configuration: {found.get('task')} "
            f"{json.dumps(found.get('config'))}, wanted {wanted['task']} {json.dumps(wanted['config'])}. Delete it or "
            "give another folder."
        )
    return found if done.exists() else None


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise MiniatureError(f"cannot read {path}: {error}. Delete that folder or choose another.") from error
    return content if isinstance(content, dict) else {}


def _counts(found: dict[str, object]) -> dict[str, int]:
    counts = found.get("counts")
    return {str(key): int(value) for key, value in counts.items()} if isinstance(counts, dict) else {}
