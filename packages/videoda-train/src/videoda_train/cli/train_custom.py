"""`videoda train custom`."""

from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from videoda_train.cli.chosen_recipe import Chosen
from videoda_train.cli.resume import Resume
from videoda_train.cli.run_and_print import run_and_print
from videoda_train.recipes.config import DataConfig, TrainOptions, with_data
from videoda_train.recipes.custom import CUSTOM, custom_options


@dataclass(frozen=True, kw_only=True)
class TrainCustom:
    """Train on your own labelled photos and unlabelled videos, with a recipe of the `--method` for narrow networks.

    A video's label in its list is for the accuracies in the report alone. Without labels write paths alone, or give a
    folder or a pattern in place of the list: predictions and their confidences are then what is told.
    """

    data: Annotated[DataConfig, tyro.conf.arg(name="")]
    options: Annotated[TrainOptions, tyro.conf.arg(name="")] = CUSTOM
    run_dir: Path = Path("runs/custom")
    """Run folder."""
    resume: Resume = False
    """Continue the run in `--run-dir`, or begin it if there is none."""
    dry_run: bool = False
    """Check the input and print the resolved configuration; run nothing."""

    def run(self) -> None:
        """Train, evaluate and report."""
        config = with_data(self.options, self.data, task="custom", scale="custom")
        run_and_print(config, self.run_dir, resume=self.resume, dry_run=self.dry_run)


def custom_command(choice: Chosen) -> Any:
    """Return the command's type whose defaults are the recipe of the chosen method; the data have none."""
    options = custom_options(choice.method or CUSTOM.method, inputs=choice.inputs, weights=choice.weights)
    return make_dataclass(
        TrainCustom.__name__,
        [("options", Annotated[TrainOptions, tyro.conf.arg(name="")], options)],
        bases=(TrainCustom,),
        namespace={"__doc__": TrainCustom.__doc__},
        frozen=True,
        kw_only=True,
    )
