"""The commands of `videoda-bench`."""

from collections.abc import Sequence
from typing import Annotated, Any

import tyro
from videoda_train.cli.parsing import parse_command_line

from videoda_bench.cli.difficulty import Difficulty
from videoda_bench.cli.expectations import Check, Expect
from videoda_bench.cli.reproduce import Ablation, Mini, Reproduce, Run
from videoda_bench.cli.results import Compare, Describe, Table
from videoda_bench.cli.worlds import Pretrain, World

Command = (
    Annotated[Reproduce, tyro.conf.subcommand("reproduce", prefix_name=False)]
    | Annotated[Mini, tyro.conf.subcommand("mini", prefix_name=False)]
    | Annotated[Ablation, tyro.conf.subcommand("ablation", prefix_name=False)]
    | Annotated[Compare, tyro.conf.subcommand("compare", prefix_name=False)]
    | Annotated[Table, tyro.conf.subcommand("table", prefix_name=False)]
    | Annotated[Describe, tyro.conf.subcommand("describe", prefix_name=False)]
    | Annotated[Expect, tyro.conf.subcommand("expect", prefix_name=False)]
    | Annotated[Check, tyro.conf.subcommand("check", prefix_name=False)]
    | Annotated[World, tyro.conf.subcommand("world", prefix_name=False)]
    | Annotated[Difficulty, tyro.conf.subcommand("difficulty", prefix_name=False)]
    | Annotated[Pretrain, tyro.conf.subcommand("pretrain", prefix_name=False)]
    | Annotated[Run, tyro.conf.subcommand("run", prefix_name=False)]
)


def parse_command(arguments: Sequence[str]) -> Any:
    """Return the command that a command line says; it does its work in `run()`."""
    return parse_command_line(
        Command,
        arguments,
        program="videoda-bench",
        description="Benchmarks of image-to-video and video-to-video adaptation. `videoda-bench --version` says which "
        "one this is.",
    )


def run_command(arguments: Sequence[str]) -> None:
    """Parse and run one command line."""
    parse_command(arguments).run()
