"""Worker processes that may hang, crash or be killed: each has one item at a time, so that it is known which.

`concurrent.futures` neither tells which item a dead process had nor can end one that hangs.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pickle import PicklingError
from typing import Any, TypeVar

import cv2

from videoda_train.data.failed_item import Failed, reason_of
from videoda_train.errors import RunError

Item = TypeVar("Item")
Result = TypeVar("Result")

_READY, _DONE = "ready", "done"


def run_in_workers(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, limit_s: float | None
) -> Iterator[tuple[int, Result | Failed]]:
    """Yield `(index, function(item))` as items finish; `Failed` for one whose process died or ran past the limit.

    Workers leave Ctrl-C to this process, and end with it, however it ends.

    Args:
        function: picklable; what it raises ends its process.
        items: picklable arguments.
        workers: processes.
        limit_s: longest time for one item [s], the start of its process not counted.

    Raises:
        RunError: a worker process cannot start.
    """
    waiting = deque(range(len(items)))
    pool = [_Worker(function) for _ in range(min(workers, len(items)))]
    try:
        while waiting or any(worker.index is not None for worker in pool):
            for worker in pool:
                if waiting and worker.is_idle:
                    index = waiting.popleft()
                    worker.give(index, items[index], limit_s)
            heard = wait([worker.connection for worker in pool], timeout=_seconds_left(pool))
            for place, worker in enumerate(pool):
                if worker.connection not in heard and not worker.is_late:
                    continue
                had = worker.index
                result = worker.hear(limit_s)
                if worker.is_dead and waiting:
                    pool[place] = _Worker(function)
                if had is not None:
                    yield had, result
            pool = [worker for worker in pool if not worker.is_dead]
        for worker in pool:
            worker.dismiss()
    finally:
        for worker in pool:
            worker.kill()


def _seconds_left(pool: Sequence["_Worker"]) -> float | None:
    deadlines = [worker.deadline for worker in pool if worker.deadline is not None]
    return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None


class _Worker:
    """One process and the item it has."""

    def __init__(self, function: Callable[[Any], Any]):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, function), daemon=True)
        # It starts while SIGINT is blocked and inherits that: an interrupt is the parent's to handle.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with _main_not_imported():
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        self.index: int | None = None
        self.deadline: float | None = None
        self.is_dead = False
        self._is_ready = False

    @property
    def is_idle(self) -> bool:
        """Whether it can be given an item."""
        return self._is_ready and self.index is None

    @property
    def is_late(self) -> bool:
        """Whether its item has taken too long."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def give(self, index: int, item: object, limit_s: float | None) -> None:
        """Send it an item."""
        self.index = index
        self.deadline = None if limit_s is None else time.monotonic() + limit_s
        with suppress(OSError):  # it is dead; `hear` says of what
            self.connection.send(item)

    def hear(self, limit_s: float | None) -> Any:
        """Return the result of its item, or why there is none."""
        had_item = self.index is not None
        self.index, is_late = None, self.is_late
        self.deadline = None
        try:
            if is_late and not self.connection.poll():
                self.kill()
                return Failed(
                    f"took longer than {limit_s:g} s and was stopped; damage can make a decoder hang: "
                    "drop its line, or allow more time"
                )
            said, result = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(timeout=10)
            self.kill()
            if not self._is_ready and not had_item:
                raise RunError(f"a worker process cannot start ({_ending(self._process.exitcode)})") from None
            return Failed(f"the process that worked on it {_ending(self._process.exitcode)}")
        self._is_ready = self._is_ready or said == _READY
        return result

    def dismiss(self) -> None:
        """Let an idle worker end by itself."""
        self.connection.close()
        if self._is_ready:
            self._process.join(timeout=10)

    def kill(self) -> None:
        """End it, whatever it does."""
        self.is_dead = True
        self._process.kill()
        self._process.join()
        self.connection.close()


@contextmanager
def _main_not_imported() -> Iterator[None]:
    """Keep a new process from importing the main module: nothing of it is needed there.

    A user's script need not have `if __name__ == "__main__"`; without it, its import would run the script again.
    """
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {name: main.__dict__[name] for name in ("__spec__", "__file__") if name in main.__dict__}
    main.__dict__.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        main.__dict__.update(hidden)


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"was ended by {name}{' (too little memory?)' if name == 'SIGKILL' else ''}"
    return f"ended with exit code {exit_code}"


def _serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """Work on what comes until nothing can come any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    with suppress(EOFError, OSError):  # the parent has ended
        connection.send((_READY, None))
        while True:
            result = function(connection.recv())
            try:
                connection.send((_DONE, result))
            except (PicklingError, TypeError, AttributeError) as error:
                connection.send((_DONE, Failed(f"its result cannot be sent: {reason_of(error)}")))


def _end_with_parent() -> None:
    """End this process once its parent has, even if a decoder hangs in it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
