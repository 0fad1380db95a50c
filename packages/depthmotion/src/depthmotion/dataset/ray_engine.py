"""Clips made on a Ray cluster."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from depthmotion.dataset.make_clip import Outcome, Task, make_clip
from depthmotion.errors import MissingDependencyError

_TRIES = 3


def run_ray(tasks: Iterator[Task], *, in_flight: int) -> Iterator[Outcome]:
    """Make clips on the cluster that `RAY_ADDRESS` names, or on this machine, and yield what became of each.

    A clip whose worker or machine is lost is made again elsewhere. All machines see the photos and the output folder
    under the same names.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError(
            f"the engine ray needs Ray: pip install 'depthmotion[ray]', or use engine='local' ({error})."
        ) from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="ERROR")
    remote = ray.remote(num_cpus=1, max_retries=_TRIES)(_make_alone)
    running: dict[Any, Task] = {}
    try:
        while True:
            for task in itertools.islice(tasks, in_flight - len(running)):
                running[remote.remote(task)] = task
            if not running:
                return
            done, _ = ray.wait(list(running), num_returns=1)
            for reference in done:
                task = running.pop(reference)
                try:
                    yield ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    yield Outcome(task.item, error=" ".join(str(error).split())[-500:])
                except ray.exceptions.RayError as error:
                    yield Outcome(
                        task.item,
                        error=f"WorkerLost: its process was lost {_TRIES + 1} times: {str(error).split(chr(10))[0]}",
                    )
    finally:
        for reference in running:
            ray.cancel(reference, force=True)


def _make_alone(task: Task) -> Outcome:
    """Make a clip with one thread, as the local workers do."""
    import cv2

    cv2.setNumThreads(1)
    return make_clip(task)
