"""One function over many items, in several processes that leave Ctrl-C to the one that started them."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2
from tqdm import tqdm

from videoda_train.errors import ConfigError, RunError

Item = TypeVar("Item")
Result = TypeVar("Result")


def for_each(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, description: str, progress: bool = True
) -> Iterator[tuple[int, Result]]:
    """Yield `(index, function(item))` as items finish, in any order, with a progress bar.

    Args:
        function: picklable; it reports an item's failure in its result.
        items: picklable arguments.
        workers: processes; 1 computes in this one.
        description: what the progress bar says.
        progress: show the bar where the output is a terminal.

    Raises:
        ConfigError: `workers` is below 1.
        RunError: a worker process died.
    """
    if workers < 1:
        raise ConfigError(f"workers is {workers}; it must be at least 1")
    bar = tqdm(total=len(items), desc=description, disable=None if progress else True)
    with bar:
        for index, result in _results(function, items, min(workers, max(len(items), 1))):
            bar.update()
            yield index, result


def _results(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
    if workers == 1:
        yield from ((index, function(item)) for index, item in enumerate(items))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        # Workers start while SIGINT is blocked and inherit that: an interrupt is the parent's to handle.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            futures = {pool.submit(function, item): index for index, item in enumerate(items)}
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise RunError(
                "a worker process died, most likely for lack of memory; what is done is kept: "
                "run again with --resume and fewer --workers"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
