"""Clips made by processes of this machine."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_objects

import cv2

from depthmotion.dataset.make_clip import Outcome, Task, make_clip
from depthmotion.dataset.photo_list import reason_of


def run_local(tasks: Iterator[Task], *, workers: int) -> Iterator[Outcome]:
    """Make clips in `workers` processes (1: in this one) and yield what became of each, in any order."""
    # The first clip is made here: it fills numba's cache, so that the workers load instead of compiling.
    yield from map(make_clip, tasks if workers == 1 else itertools.islice(tasks, 1))
    suspects: list[Task] = []
    while True:
        more = list(itertools.islice(tasks, 1))
        if not more:
            break
        yield from _run_pool(itertools.chain(more, tasks), workers, suspects)
    # A worker died with several clips in the works: alone, each shows whether it was the one.
    for task in suspects:
        killers: list[Task] = []
        yield from _run_pool(iter([task]), 1, killers)
        for killer in killers:
            yield Outcome(killer.item, error="WorkerLost: its process was killed, twice: is there enough memory?")


def _run_pool(tasks: Iterator[Task], workers: int, suspects: list[Task]) -> Iterator[Outcome]:
    """Make clips until tasks end or a worker dies; what was in the works then goes to `suspects`."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    running: dict[Future[Outcome], Task] = {}
    try:
        while True:
            for task in itertools.islice(tasks, 2 * workers - len(running)):
                running[_submit(pool, task)] = task
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    raise
                except Exception as error:  # what it made did not come through: that is this clip's failure alone
                    outcome = Outcome(running[future].item, error=reason_of(error))
                del running[future]
                yield outcome
    except BrokenProcessPool:
        suspects.extend(running.values())
    except BaseException:
        # Interrupted: nobody will take what the workers are at, and what they leave is removed once they are gone.
        workers_left = list((getattr(pool, "_processes", None) or {}).values())
        for worker in workers_left:
            worker.kill()
        for worker in workers_left:
            worker.join()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, task: Task) -> Future[Outcome]:
    """Return the future of a clip; one that is broken if the pool is."""
    # A process that starts meanwhile keeps SIGINT blocked: an interrupt while it imports is not its own.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(make_clip, task)
    except BrokenProcessPool as error:
        refused: Future[Outcome] = Future()
        refused.set_exception(error)
        return refused
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _start_worker() -> None:
    """Use one thread, and end when the first process is gone; interrupts are that one's alone."""
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_objects([sentinel])
    os._exit(1)
