"""What the commands that make one output per listed video have in common."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from videoda_train.data.each_item import for_each
from videoda_train.data.failed_item import Failed
from videoda_train.data.list_file import ListItem, read_list
from videoda_train.data.made_files import state_of, sweep_temporaries
from videoda_train.data.prepared import require_distinct, target_video_name
from videoda_train.errors import ConfigError


@runtime_checkable
class ListTask(Protocol):
    """One listed video, with whatever its function needs."""

    @property
    def item(self) -> ListItem:
        """The video's row of the list."""
        ...

    @property
    def targets(self) -> Sequence[Path]:
        """The files or folders that are made of it, all in one folder."""
        ...

    @property
    def made_from(self) -> str:
        """The key of the video and of the settings."""
        ...


@dataclass(frozen=True)
class ListSummary:
    """How many files of a list were made now, were there before, and what failed (with its list line)."""

    done: int
    kept: int
    failures: Sequence[str]


Task = TypeVar("Task", bound=ListTask)


def named_videos(list_file: Path, *, root: Path | str | None) -> list[tuple[ListItem, str]]:
    """Return the listed videos with the names of their outputs, `CLASS/VIDEO`.

    Raises:
        ListFileError: the list cannot be read, or two of its videos would share a name.
    """
    items = read_list(list_file, root=root)
    names = [target_video_name(item) for item in items]
    require_distinct(names, list_file=list_file)
    return list(zip(items, names, strict=True))


def work_through(
    function: Callable[[Task], None],
    tasks: Sequence[Task],
    *,
    resume: bool,
    list_file: Path,
    out_dir: Path,
    workers: int,
    description: str,
    progress: bool,
    limit_s: float | None = None,
) -> ListSummary:
    """Call a picklable function for every video that is not finished; what it raises is that video's failure.

    A file that has changed since its output was made, and an output made with other settings, are made anew.

    Raises:
        ConfigError: some are finished and `resume` is not set, or a name is taken by what is not ours.
    """
    states = [state_of(task.targets, made_from=task.made_from, inside=out_dir) for task in tasks]
    foreign = [task.targets for task, state in zip(tasks, states, strict=True) if state == "foreign"]
    if foreign:
        there = [str(target) for targets in foreign[:3] for target in targets if os.path.lexists(target)]
        raise ConfigError(
            f"{len(foreign)} outputs have names in {out_dir} that something else has, not made by this command or "
            f"changed since ({', '.join(there)}); it stays as it is: move it away, or give another --out"
        )
    taken = sum(state != "absent" for state in states)
    if taken and not resume:
        raise ConfigError(
            f"{out_dir} holds what {taken} of these videos give; add --resume to keep it, or give another --out"
        )
    for folder in {out_dir, *(task.targets[0].parent for task in tasks)}:
        sweep_temporaries(folder)
    waiting = [task for task, state in zip(tasks, states, strict=True) if state != "finished"]
    kept = len(tasks) - len(waiting)
    results = for_each(function, waiting, workers=workers, description=description, limit_s=limit_s, progress=progress)
    failed = {index: result for index, result in results if isinstance(result, Failed)}
    failures = [failed[index].named(waiting[index].item, list_file=list_file) for index in sorted(failed)]
    return ListSummary(done=len(waiting) - len(failures), kept=kept, failures=failures)
