"""One function over many items; whatever an item does to it, the others are done."""

import errno
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from videoda_train.data.failed_item import Failed, reason_of
from videoda_train.data.item_workers import run_in_workers
from videoda_train.errors import ConfigError, StorageError
from videoda_train.progress import ProgressBar

Item = TypeVar("Item")
Result = TypeVar("Result")

ENDS_ALL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Errors of the disk that is written to: the next item would meet them too."""


def for_each(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int,
    description: str,
    limit_s: float | None = None,
    progress: bool = True,
) -> Iterator[tuple[int, Result | Failed]]:
    """Yield `(index, function(item))` as items finish, in any order, with a progress bar.

    An item whose function raises any `Exception`, takes longer than the limit, or takes its process down (a crash in a
    decoder, too little memory) yields `Failed`; all others are done. A full or read-only disk ends it all.

    Args:
        function: picklable.
        items: picklable arguments.
        workers: processes; 1 without a limit computes in this one, where nothing can stop a decoder that hangs.
        description: what the progress bar says.
        limit_s: longest time for one item [s]; a process that takes longer is killed.
        progress: show the bar where the output is a terminal.

    Raises:
        ConfigError: `workers` is below 1, or the limit is not above 0.
        RunError: a worker process cannot start.
        OSError, StorageError: the disk that is written to is full or read-only.
    """
    if workers < 1:
        raise ConfigError(f"workers is {workers}; it must be at least 1")
    if limit_s is not None and not limit_s > 0:
        raise ConfigError(f"the time limit is {limit_s} s per file; it must be above 0")
    bar = ProgressBar(total=len(items), desc=description, disable=not progress)
    with bar:
        for index, result in _results(function, items, min(workers, max(len(items), 1)), limit_s):
            bar.update()
            if isinstance(result, OSError | StorageError):
                raise result
            yield index, result


def _results(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, limit_s: float | None
) -> Iterator[tuple[int, Result | Failed | OSError | StorageError]]:
    bounded = _Bounded(function)
    if workers == 1 and limit_s is None:
        yield from ((index, bounded(item)) for index, item in enumerate(items))
    else:
        yield from run_in_workers(bounded, items, workers=workers, limit_s=limit_s)


class _Bounded(Generic[Item, Result]):
    """A function whose exceptions are results."""

    def __init__(self, function: Callable[[Item], Result]):
        self._function = function

    def __call__(self, item: Item) -> Result | Failed | OSError | StorageError:
        try:
            return self._function(item)
        except StorageError as error:
            return error
        except OSError as error:
            return error if error.errno in ENDS_ALL else Failed(reason_of(error))
        except Exception as error:
            return Failed(reason_of(error))
