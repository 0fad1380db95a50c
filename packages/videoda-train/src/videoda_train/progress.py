"""Progress of long work: a bar in a terminal, a line a minute in a log."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

_LOG_SECONDS = 60.0
_LOG_LINE = "{desc}: {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


class ProgressBar(tqdm):
    """tqdm where standard error is a terminal; elsewhere a plain line every minute, none for work that is done sooner.

    It takes tqdm's keywords.
    """

    def __init__(self, iterable: Iterable[Any] | None = None, **settings: Any):
        if not sys.stderr.isatty():
            settings |= {"file": _Lines(sys.stderr), "bar_format": _LOG_LINE, "leave": False}
            settings |= {"mininterval": _LOG_SECONDS, "maxinterval": _LOG_SECONDS, "delay": _LOG_SECONDS}
        super().__init__(iterable, **settings)


class _Lines:
    """Writes what a bar draws as lines of their own."""

    def __init__(self, stream: Any):  # a text stream, which `TextIO` names but no real one is an instance of
        self._stream = stream

    def write(self, text: str) -> None:
        if shown := text.strip("\r\n "):
            self._stream.write(f"{shown}\n")

    def flush(self) -> None:
        self._stream.flush()
