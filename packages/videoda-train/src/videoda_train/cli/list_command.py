"""What `videoda data flow`, `median` and `transcode` share: one output per listed video."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from videoda_train.data.list_work import ListSummary


@dataclass(frozen=True, kw_only=True)
class ListCommand:
    """The arguments of a command that works through a list."""

    list_file: tyro.conf.Positional[Path]
    """'{path} {label}' or path per line: videos or folders of frames; or a folder, or a pattern."""
    root: Path | None = None
    """Folder of relative paths; default: the list file's own."""
    workers: int = 2
    """Processes."""
    seconds_per_file: float = 3600.0
    """Longest time for one file [s]: a damaged one can make a decoder hang. It is named as failed; 0: no limit."""
    resume: bool = False
    """Go on in a folder that holds outputs already; they are kept."""


def finish(summary: ListSummary, *, made: str, place: Path) -> None:
    """Print what was done and every failure; exit with 3 where there is one."""
    print(f"{summary.done} {made} done, {summary.kept} kept, {len(summary.failures)} failed: {place}")
    if summary.failures:
        print("\n".join(summary.failures))
        raise SystemExit(3)
