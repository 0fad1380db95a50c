"""`videoda data transcode`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.data.transcode import TranscodeConfig, transcode_list


@dataclass(frozen=True, kw_only=True)
class Transcode:
    """Write videos anew as H.264 that every reader gets right, or as JPEGs. Exit codes: 0 all; 3 some failed; 2 input.

    The new list is OUT/list.txt.
    """

    list_file: tyro.conf.Positional[Path]
    """'{path} {label}' per line: videos or folders of frames."""
    out: Path
    """Where CLASS/NAME.mp4 or CLASS/NAME/00000.jpg … go."""
    config: Annotated[TranscodeConfig, tyro.conf.arg(name="")] = field(default_factory=TranscodeConfig)
    root: Path | None = None
    """Folder of relative paths; default: the list file's own."""
    workers: int = 2
    """Processes."""
    resume: bool = False
    """Keep the videos that are there."""

    def run(self) -> None:
        """Transcode, print what was done, exit with 3 where a video failed."""
        summary = transcode_list(
            self.list_file,
            out_dir=self.out,
            config=self.config,
            root=self.root,
            workers=self.workers,
            resume=self.resume,
        )
        print(f"{summary.done} videos done, {summary.kept} kept, {len(summary.failures)} failed: {self.out}/list.txt")
        if summary.failures:
            print("\n".join(summary.failures))
            raise SystemExit(3)
