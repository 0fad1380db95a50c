"""`videoda data transcode`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.cli.list_command import ListCommand, finish
from videoda_train.data.transcode import TranscodeConfig, transcode_list


@dataclass(frozen=True, kw_only=True)
class Transcode(ListCommand):
    """Write videos anew as H.264 that every reader gets right, or as JPEGs. Exit codes: 0 all; 3 some failed; 2 input.

    The new list is OUT/list.txt.
    """

    out: Path
    """Where CLASS/NAME.mp4 or CLASS/NAME/00000.jpg … go."""
    config: Annotated[TranscodeConfig, tyro.conf.arg(name="")] = field(default_factory=TranscodeConfig)

    def run(self) -> None:
        """Transcode, print what was done, exit with 3 where a video failed."""
        summary = transcode_list(
            self.list_file,
            out_dir=self.out,
            config=self.config,
            root=self.root,
            workers=self.workers,
            resume=self.resume,
            limit_s=self.seconds_per_file or None,
        )
        finish(summary, made="videos", place=self.out / "list.txt")
