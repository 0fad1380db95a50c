"""`videoda data median`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from videoda_train.data.median_list import median_list


@dataclass(frozen=True, kw_only=True)
class Median:
    """Write each video's temporal median, its background: CLASS/VIDEO.jpg. Exit codes: 0 all; 3 some failed; 2 input.

    Exact, over all frames. Frames are spooled to the temporary folder (TMPDIR) at their raw size.
    """

    list_file: tyro.conf.Positional[Path]
    """'{path} {label}' per line: videos or folders of frames."""
    out: Path
    """Where CLASS/VIDEO.jpg go."""
    root: Path | None = None
    """Folder of relative paths; default: the list file's own."""
    workers: int = 2
    """Processes."""
    resume: bool = False
    """Keep the medians that are there."""

    def run(self) -> None:
        """Make the medians, print what was done, exit with 3 where a video failed."""
        summary = median_list(
            self.list_file, out_dir=self.out, root=self.root, workers=self.workers, resume=self.resume
        )
        print(f"{summary.done} medians done, {summary.kept} kept, {len(summary.failures)} failed: {self.out}")
        if summary.failures:
            print("\n".join(summary.failures))
            raise SystemExit(3)
