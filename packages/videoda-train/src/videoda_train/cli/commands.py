"""The commands of `videoda`."""

from collections.abc import Sequence
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from videoda_train.cli.chosen_recipe import chosen
from videoda_train.cli.data_commands import DataCommand
from videoda_train.cli.evaluate import Evaluate
from videoda_train.cli.models import Models
from videoda_train.cli.parsing import parse_command_line
from videoda_train.cli.train_benchmarks import TrainB2u, TrainE2h, TrainS2u, photo_commands
from videoda_train.cli.train_custom import TrainCustom, custom_command
from videoda_train.cli.train_k2b import TrainK2b, k2b_command
from videoda_train.data.made_files import made_whole, require_replaceable
from videoda_train.report import write_report


@dataclass(frozen=True)
class TrainCommand:
    """Train on a benchmark or on your own data."""

    task: TrainE2h | TrainB2u | TrainS2u | TrainK2b | TrainCustom

    def run(self) -> None:
        """Train."""
        self.task.run()


def train_command(arguments: Sequence[str]) -> Any:
    """Return the type of `videoda train`, whose defaults are the recipes of the method in the arguments."""
    choice = chosen(arguments)
    e2h, b2u, s2u = photo_commands(choice)
    tasks: Any = (
        Annotated[TrainE2h, tyro.conf.subcommand("e2h", prefix_name=False, default=e2h)]
        | Annotated[TrainB2u, tyro.conf.subcommand("b2u", prefix_name=False, default=b2u)]
        | Annotated[TrainS2u, tyro.conf.subcommand("s2u", prefix_name=False, default=s2u)]
        | Annotated[TrainK2b, tyro.conf.subcommand("k2b", prefix_name=False, default=k2b_command(choice))]
        | Annotated[custom_command(choice), tyro.conf.subcommand("custom", prefix_name=False)]
    )
    return make_dataclass(
        "TrainCommand",
        [("task", Annotated[tasks, tyro.conf.OmitSubcommandPrefixes])],
        bases=(TrainCommand,),
        frozen=True,
    )


@dataclass(frozen=True)
class Report:
    """Write one report page of complete runs."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Run folders."""
    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])] = Path("report.html")
    """The page."""
    overwrite: bool = False
    """Replace a page that this command made, if it has not changed since."""

    def run(self) -> None:
        """Write the page."""
        require_replaceable(self.out, None, overwrite=self.overwrite)
        with made_whole([self.out], made_from="", inside=self.out.parent) as (made,):
            write_report(self.runs, made)
        print(f"report: {self.out}")


def parse_command(arguments: Sequence[str]) -> Any:
    """Return the command that a command line says; it does its work in `run()`."""
    commands: Any = (
        Annotated[DataCommand, tyro.conf.subcommand("data", prefix_name=False)]
        | Annotated[train_command(arguments), tyro.conf.subcommand("train", prefix_name=False)]
        | Annotated[Evaluate, tyro.conf.subcommand("eval", prefix_name=False)]
        | Annotated[Report, tyro.conf.subcommand("report", prefix_name=False)]
        | Annotated[Models, tyro.conf.subcommand("models", prefix_name=False)]
    )
    return parse_command_line(
        commands,
        arguments,
        program="videoda",
        description="Unsupervised image-to-video domain adaptation for action recognition. `videoda --version` says "
        "which one this is.",
    )


def run_command(arguments: Sequence[str]) -> None:
    """Parse and run one command line."""
    parse_command(arguments).run()
