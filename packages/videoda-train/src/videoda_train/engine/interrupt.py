"""Ctrl-C and SIGTERM end a run between two steps, where it can be saved."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupted(Exception):  # noqa: N818 - an event, not an error
    """The user or the scheduler asked the run to stop; everything up to now is saved."""


class StopRequest:
    """Set by the first SIGINT or SIGTERM; the second one acts at once."""

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def stop_between_steps() -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a flag for the length of a block (main thread only; elsewhere nothing changes)."""
    request = StopRequest()
    previous: dict[signal.Signals, Any] = {}

    def ask(signum: int, frame: FrameType | None) -> None:
        if request.asked:
            raise KeyboardInterrupt
        request.asked = True

    try:
        for name in (signal.SIGINT, signal.SIGTERM):
            previous[name] = signal.signal(name, ask)
    except ValueError:
        pass
    try:
        yield request
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)
