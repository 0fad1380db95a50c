"""What the processes of a run tell each other beside their exchanges: that they live, are ready, or why they failed."""

import json
import os
import sys
import threading
import time
from dataclasses import dataclass

import torch.distributed as dist

from videoda_train.engine.interrupt import Interrupted
from videoda_train.errors import RunError

_BEAT_SECONDS = 1.0
_SILENT_SECONDS = 120.0
"""A process that has not been heard of for this long while others wait for it is lost."""
_HEARING_SECONDS = 5.0
"""How long a failing process stays, so that the others hear why: the store may end with it."""
_GRACE_SECONDS = 60.0
"""How long a process may stay in an exchange (NCCL does not notice) after another one has failed."""
_LOST = (
    "it was lost: killed, out of memory, its machine gone, or too slow to answer; what is saved is kept, continue with "
    "--resume"
)


@dataclass(frozen=True)
class Failure:
    """Why a process stopped."""

    rank: int | None
    text: str
    interrupted: bool = False

    def error(self) -> Exception:
        """Return what the other processes raise."""
        if self.interrupted:
            return Interrupted()
        who = "another process" if self.rank is None else f"process {self.rank}"
        return RunError(f"{who} of this run stopped, so this one does too: {self.text}")


class RankWatch:
    """One process's side of the store that all processes of a run share.

    Args:
        store: keys of this run, and of this start of it, alone.
        rank: this process.
        count: all processes.
    """

    def __init__(self, store: dist.Store, *, rank: int, count: int):
        self._store = store
        self._rank = rank
        self._count = count
        self._meetings = 0
        self._failure: Failure | None = None
        self._heard_at = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="videoda-ranks", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop telling."""
        self._ended.set()
        self._thread.join()

    def arrive(self) -> None:
        """Wait until all processes are here, however long it takes them.

        Raises:
            RunError: one of them failed or was lost.
            Interrupted: one of them was asked to stop.
        """
        key = f"arrived/{self._meetings}"
        self._meetings += 1
        beats: dict[int, tuple[int, float]] = {}
        pause = 0.005
        try:
            arrived = self._store.add(key, 1)
            while arrived < self._count:
                if self._failure is not None:
                    raise self._failure.error()
                time.sleep(pause)
                pause = min(2 * pause, _BEAT_SECONDS)
                self._look_for_silence(beats)
                arrived = self._store.add(key, 0)
        except dist.DistError as error:  # the store's own process is gone
            raise self.explain(error) from error

    def _look_for_silence(self, beats: dict[int, tuple[int, float]]) -> None:
        now = time.monotonic()
        for rank in range(self._count):
            beat = self._store.add(f"beat/{rank}", 0)
            if rank not in beats or beats[rank][0] != beat:
                beats[rank] = (beat, now)
            elif now - beats[rank][1] > _SILENT_SECONDS:
                failure = Failure(rank, _LOST)
                self._tell(failure)
                raise failure.error()

    def explain(self, error: BaseException) -> BaseException:
        """Tell the others of this process's error; return it, or another process's failure if that caused it."""
        if _of_an_exchange(error):
            deadline = time.monotonic() + 2 * _BEAT_SECONDS
            while self._failure is None and time.monotonic() < deadline:
                time.sleep(0.05)
            if self._failure is None:
                self._tell(Failure(None, _LOST))
            assert self._failure is not None
            return self._failure.error()
        interrupted = isinstance(error, KeyboardInterrupt | Interrupted)
        text = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
        self._tell(Failure(self._rank, text, interrupted))
        if self._rank == 0:
            self._wait_to_be_heard()
        return error

    def _tell(self, failure: Failure) -> None:
        """Tell the others, if none has told of a failure before."""
        try:
            told = json.dumps([failure.rank, failure.text, failure.interrupted])
            first = self._store.compare_set("failure", "", told).decode() == told
        except dist.DistError:
            first = True
        if first and self._failure is None:
            self._failure, self._heard_at = failure, time.monotonic()
        elif self._failure is None:
            self._hear()

    def _hear(self) -> None:
        self._failure = Failure(*json.loads(self._store.get("failure")))
        self._heard_at = time.monotonic()
        self._store.add("heard", 1)

    def _wait_to_be_heard(self) -> None:
        deadline = time.monotonic() + _HEARING_SECONDS
        try:
            while self._store.add("heard", 0) < self._count - 1 and time.monotonic() < deadline:
                time.sleep(0.02)
        except dist.DistError:
            return

    def _beat(self) -> None:
        while not self._ended.wait(_BEAT_SECONDS):
            try:
                if self._failure is None:
                    self._store.add(f"beat/{self._rank}", 1)
                    if self._store.check(["failure"]):
                        self._hear()
            except dist.DistError:  # the process that kept the store is gone
                self._failure, self._heard_at = Failure(None, _LOST), time.monotonic()
            if self._failure is not None and time.monotonic() - self._heard_at > _GRACE_SECONDS:
                print(f"videoda: error: {self._failure.error()}", file=sys.stderr, flush=True)
                os._exit(130 if self._failure.interrupted else 2)


def _of_an_exchange(error: BaseException) -> bool:
    """Whether an error is that of an exchange with processes that are gone: DDP passes gloo's on as it is."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error).lower())
