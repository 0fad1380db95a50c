"""Every run of a plan in a process of its own."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from videoda_train.data.atomic_file import open_to_append
from videoda_train.progress import ProgressBar
from videoda_train.run_folder import RunFolder

from videoda_bench.reproduction.devices import Slot
from videoda_bench.reproduction.plan import PlannedRun

_POLL_SECONDS = 2.0


@dataclass(frozen=True)
class FailedRun:
    """A run that did not end well: its exit code, the last line it said, and where the rest of it is."""

    run: PlannedRun
    exit_code: int
    last_line: str
    log: Path


def launch(runs: Sequence[PlannedRun], plan_file: Path, slots: Sequence[Slot]) -> list[FailedRun]:
    """Run what is not complete, as many at a time as there are slots; a failure does not stop the others.

    Each run's output goes to `logs/RUN.log` beside the plan. On an interrupt or SIGTERM the runs are told to save
    and stop, and `KeyboardInterrupt` is raised when they have.

    Returns:
        The runs that failed.
    """
    waiting: queue.SimpleQueue[Slot] = queue.SimpleQueue()
    for slot in slots:
        waiting.put(slot)
    started: list[subprocess.Popen[bytes]] = []
    stopping = threading.Event()

    def run_one(index: int) -> FailedRun | None:
        slot = waiting.get()
        try:
            return None if stopping.is_set() else _run(runs[index], index, plan_file, slot, started)
        finally:
            waiting.put(slot)

    todo = [index for index, run in enumerate(runs) if not RunFolder(run.folder).is_complete]
    with ThreadPoolExecutor(max_workers=len(slots)) as pool, _interrupt_on_sigterm():
        futures = [pool.submit(run_one, index) for index in todo]
        try:
            _watch(runs, futures)
        except KeyboardInterrupt:
            stopping.set()
            for process in started:
                process.terminate()
            raise
    return [failed for future in futures if (failed := future.result()) is not None]


def _run(
    run: PlannedRun, index: int, plan_file: Path, slot: Slot, started: list[subprocess.Popen[bytes]]
) -> FailedRun | None:
    log = plan_file.parent / "logs" / f"{run.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "videoda_bench", "run", str(plan_file), str(index)]
    with open_to_append(log) as out:
        # A session of its own: Ctrl-C reaches only this process, which then stops the runs once.
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **slot.environment},
            start_new_session=True,
        )
        started.append(process)
        exit_code = process.wait()
    if exit_code == 0:
        return None
    with log.open("rb") as written:
        written.seek(begin)
        said = written.read().decode("utf-8", errors="replace")
    lines = said.replace("\r", "\n").strip().splitlines()
    return FailedRun(run, exit_code, lines[-1] if lines else "", log)


def _watch(runs: Sequence[PlannedRun], futures: Sequence[Future[FailedRun | None]]) -> None:
    """Show the epochs that are done until all runs have ended."""
    total = sum(run.config.optim.epochs for run in runs)
    with ProgressBar(total=total, initial=_epochs_done(runs), desc=f"{len(runs)} runs", unit="epoch") as bar:
        while wait(futures, timeout=_POLL_SECONDS).not_done:
            bar.update(_epochs_done(runs) - bar.n)
        bar.update(_epochs_done(runs) - bar.n)


def _epochs_done(runs: Sequence[PlannedRun]) -> int:
    return sum(len(RunFolder(run.folder).read_metrics()) for run in runs)


@contextmanager
def _interrupt_on_sigterm() -> Iterator[None]:
    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
