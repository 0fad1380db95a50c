"""The commands of `depthmotion`, put together."""

from collections.abc import Sequence
from typing import Annotated

import tyro

from depthmotion.cli.chained import Chained
from depthmotion.cli.depth import Depth
from depthmotion.cli.generate import Generate
from depthmotion.cli.paths import Paths
from depthmotion.cli.render import Render

Command = (
    Annotated[Render, tyro.conf.subcommand("render")]
    | Annotated[Generate, tyro.conf.subcommand("generate")]
    | Annotated[Depth, tyro.conf.subcommand("depth")]
    | Annotated[Chained, tyro.conf.subcommand("chained")]
    | Annotated[Paths, tyro.conf.subcommand("paths")]
)


_REGISTRY = tyro.constructors.ConstructorRegistry()


@_REGISTRY.primitive_rule
def _whole_numbers(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec | None:
    """Write several whole numbers with commas, so that a photo's name may follow them."""
    if info.type != tuple[int, ...]:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="INT,INT,…",
        instance_from_str=lambda parts: tuple(int(number) for number in parts[0].split(",")),
        is_instance=lambda value: isinstance(value, tuple) and all(isinstance(part, int) for part in value),
        str_from_instance=lambda value: [",".join(map(str, value))],
    )


def run_command(arguments: Sequence[str]) -> int:
    """Parse and run one command line; return the exit code."""
    return int(parse_command(arguments).run())


def parse_command(arguments: Sequence[str]) -> Render | Generate | Depth | Chained | Paths:
    """Return the command of a command line, ready to run."""
    command: Render | Generate | Depth | Chained | Paths = tyro.cli(
        Command,
        prog="depthmotion",
        description="Photos become moving clips: depth, camera motion, exact optical flow.",
        args=arguments,
        registry=_REGISTRY,
    )
    return command
