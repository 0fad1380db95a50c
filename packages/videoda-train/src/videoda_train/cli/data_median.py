"""`videoda data median`."""

from dataclasses import dataclass
from pathlib import Path

from videoda_train.cli.list_command import ListCommand, finish
from videoda_train.data.median_list import median_list


@dataclass(frozen=True, kw_only=True)
class Median(ListCommand):
    """Write each video's temporal median, its background: CLASS/VIDEO.jpg. Exit codes: 0 all; 3 some failed; 2 input.

    Exact, over all frames. Frames are spooled to the temporary folder (TMPDIR) at their raw size.
    """

    out: Path
    """Where CLASS/VIDEO.jpg go."""

    def run(self) -> None:
        """Make the medians, print what was done, exit with 3 where a video failed."""
        summary = median_list(
            self.list_file,
            out_dir=self.out,
            root=self.root,
            workers=self.workers,
            resume=self.resume,
            limit_s=self.seconds_per_file or None,
        )
        finish(summary, made="medians", place=self.out)
