"""A bar on a terminal; elsewhere a line now and then, so that a log of hours stays readable."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, TypeVar

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 60.0
_Item = TypeVar("_Item")


def with_progress(
    items: Iterable[_Item],
    *,
    total: int,
    what: str,
    unit: str,
    stream: io.TextIOBase | None = None,
    clock: Callable[[], float] = monotonic,
) -> Iterator[_Item]:
    """Yield the items and show on `stream` (stderr) how many of `total` are done.

    A terminal shows a bar. Elsewhere there is a line a minute, such as "clips: 120 of 1200 photos, about 4 min left",
    and one at the end.
    """
    out: Any = stream or sys.stderr
    if out.isatty():
        yield from tqdm(items, total=total, desc=what, unit=unit, file=out)
        return
    start = last = clock()
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        now = clock()
        if done < total and now - last >= SECONDS_BETWEEN_LINES:
            left = (now - start) / done * (total - done)
            print(f"{what}: {done} of {total} {unit}s, about {_duration(left)} left", file=out, flush=True)
            last = now
    if total:
        print(f"{what}: {done} of {total} {unit}s in {_duration(clock() - start)}", file=out, flush=True)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
