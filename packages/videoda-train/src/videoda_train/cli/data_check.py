"""`videoda data check`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from videoda_train.data.check_list import check_list


@dataclass(frozen=True)
class Check:
    """Decode every video of a list in order and at random, compare, and name the files to transcode or drop.

    Verdicts: ok; miscounted (right here, but the header's frame count is not what decodes, and readers that seek may
    return wrong frames: transcode); wrong-frames (transcode); truncated, short, unreadable, missing (drop). Exit codes:
    0 all ok; 3 something to transcode, drop or mend; 2 the list cannot be read.
    """

    list_file: tyro.conf.Positional[Path]
    """'{path} {label}' or path per line: videos, folders of frames or photos; or a folder, or a pattern."""
    out: Path | None = None
    """The CSV, one row per file; default: LIST-check.csv in the current folder."""
    root: Path | None = None
    """Folder of relative paths; default: the list file's own."""
    min_frames: int = 2
    """A video with fewer frames is called short."""
    workers: int = 2
    """Processes."""
    seconds_per_file: float = 600.0
    """Longest time for one file [s]: a damaged one can make a decoder hang. It is called unreadable; 0: no limit."""
    overwrite: bool = False
    """Replace the CSV of an earlier check. A file that no check made, or that was changed since, is never replaced."""
    resume: bool = False
    """Keep the rows of an earlier check in the same CSV whose files have not changed."""

    def run(self) -> None:
        """Check, print the summary, exit with 3 where something is wrong."""
        out = self.out or Path(f"{self.list_file.stem}-check.csv")
        report = check_list(
            self.list_file,
            out=out,
            root=self.root,
            min_frames=self.min_frames,
            workers=self.workers,
            resume=self.resume,
            overwrite=self.overwrite,
            limit_s=self.seconds_per_file or None,
        )
        print("\n".join(report.lines()))
        print(f"every file: {out}")
        if not report.clean:
            raise SystemExit(3)
