"""`videoda data …`."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from videoda_train.cli.data_check import Check
from videoda_train.cli.data_flow import Flow, FlowCheck
from videoda_train.cli.data_list import ListDatasets
from videoda_train.cli.data_median import Median
from videoda_train.cli.data_prepare import Prepare
from videoda_train.cli.data_transcode import Transcode

Task = (
    Annotated[ListDatasets, tyro.conf.subcommand("list", prefix_name=False)]
    | Annotated[Prepare, tyro.conf.subcommand("prepare", prefix_name=False)]
    | Annotated[Check, tyro.conf.subcommand("check", prefix_name=False)]
    | Annotated[Transcode, tyro.conf.subcommand("transcode", prefix_name=False)]
    | Annotated[Flow, tyro.conf.subcommand("flow", prefix_name=False)]
    | Annotated[FlowCheck, tyro.conf.subcommand("flow-check", prefix_name=False)]
    | Annotated[Median, tyro.conf.subcommand("median", prefix_name=False)]
)


@dataclass(frozen=True)
class DataCommand:
    """Find, prepare and check data."""

    task: tyro.conf.OmitSubcommandPrefixes[Task]

    def run(self) -> None:
        """Run the command."""
        self.task.run()
