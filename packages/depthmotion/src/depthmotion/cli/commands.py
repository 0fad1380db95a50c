"""The commands of `depthmotion`, put together."""

from collections.abc import Sequence
from typing import Annotated

import tyro

from depthmotion.cli.depth import Depth
from depthmotion.cli.generate import Generate
from depthmotion.cli.paths import Paths
from depthmotion.cli.render import Render

Command = (
    Annotated[Render, tyro.conf.subcommand("render")]
    | Annotated[Generate, tyro.conf.subcommand("generate")]
    | Annotated[Depth, tyro.conf.subcommand("depth")]
    | Annotated[Paths, tyro.conf.subcommand("paths")]
)


def run_command(arguments: Sequence[str]) -> int:
    """Parse and run one command line; return the exit code."""
    command = tyro.cli(
        Command,
        prog="depthmotion",
        description="Photos become moving clips: depth, camera motion, exact optical flow.",
        args=arguments,
    )
    return int(command.run())
