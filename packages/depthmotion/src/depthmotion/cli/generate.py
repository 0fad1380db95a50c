"""`depthmotion generate`: a list of photos becomes a dataset."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from depthmotion.dataset import Failure, GenerateConfig, estimate, generate

Config = Annotated[GenerateConfig, tyro.conf.arg(name=""), tyro.conf.OmitArgPrefixes]


@dataclass(frozen=True, kw_only=True)
class Generate:
    """Turn every photo of a list into a clip with exact flow; an interrupted call goes on where it stopped.

    For example:

    depthmotion generate --list photos.txt --out frames --flow-dir flow --workers 4

    depthmotion generate --list photos.txt --out frames --depth midas-v3.1-beit-large --depth-batch 8 --dry-run

    depthmotion generate --list photos.txt --out frames --instances masks --largest 2

    depthmotion generate --list photos.txt --out frames --shard 0/4
    """

    list: Path
    """One '{path} {label}' per line, or only paths; relative ones are taken from the list's folder."""
    out: Path
    """Frames go to OUT/CLASS/IMAGE_FILE_NAME/00000.jpg …"""
    dry_run: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Only say how many clips there are to make, and about how much time and space they take."""
    config: Config = field(default_factory=GenerateConfig)

    def run(self) -> int:
        """Generate; photos that failed are listed at the end."""
        if self.dry_run:
            expected = estimate(self.list, self.out, self.config)
            print(expected)
            return _report(expected.failures)
        summary = generate(self.list, self.out, self.config)
        print(f"{summary.made} clips made, {summary.kept} kept, {len(summary.failures)} photos failed")
        return _report(summary.failures)


def _report(failures: Sequence[Failure]) -> int:
    for failure in failures:
        print(f"  {failure}", file=sys.stderr)
    return 3 if failures else 0
