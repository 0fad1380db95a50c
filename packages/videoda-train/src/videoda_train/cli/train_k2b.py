"""`videoda train k2b`: Kinetics → BABEL at full size, in two stages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.cli.chosen_recipe import Chosen
from videoda_train.cli.run_and_print import run_and_print
from videoda_train.cli.train_benchmarks import Shared, backbone_files, missing_files, stream_files
from videoda_train.data.prepare import DATASETS, prepare_k2b
from videoda_train.recipes import k2b
from videoda_train.recipes.config import DataConfig, TrainOptions, with_data


@dataclass(frozen=True, kw_only=True)
class TrainK2b(Shared):
    """Train on Kinetics → BABEL with the published recipe of `--method`: first `tol`, then `glad`.

    `glad_cfb` adds CFB's flow bank and pace task to GLAD; it is ours.
    `source_only`, `dann` and `supervised` (the upper bound: it learns from the target's labels) start from Kinetics
    weights and take GLAD's views and schedule. `cfb`, and with `--inputs streams` the first two, take E→H's recipe.
    """

    kinetics: Path = Path("data/kinetics400")
    """Kinetics-400: videos or folders of raw frames, by class or all in one folder."""
    babel: Path = Path("data/babel")
    """BABEL: raw frames, train/SEQUENCE and val/SEQUENCE."""
    splits: Path = Path("data/kinetics2babel")
    """The published split files: k400_train.txt, k400_test.txt, babel_train.txt, babel_test.txt."""
    options: Annotated[TrainOptions, tyro.conf.arg(name="")] = k2b.K2B_GLAD
    run_dir: Path | None = None
    """Run folder, default: runs/k2b-METHOD, with -streams behind it for those; the lists go to RUN_DIR-lists."""

    def run(self) -> None:
        """Train, evaluate and report."""
        options = self.options
        self._require_files()
        name = f"k2b-{options.method}" + ("-streams" if options.inputs == "streams" else "")
        run_dir = self.run_dir or Path("runs") / name
        lists = run_dir.with_name(run_dir.name + "-lists")
        summary = prepare_k2b(
            kinetics=self.kinetics, babel=self.babel, splits=self.splits, out_dir=lists, overwrite=True
        )
        print("\n".join(summary.lines()))
        data = DataConfig(
            source_list=lists / "source.txt",
            target_list=lists / "target.txt",
            evaluation_list=lists / "target_test.txt",
            classes=lists / "classes.txt",
        )
        config = with_data(options, data, task="k2b", scale="full")
        run_and_print(config, run_dir, resume=self.resume, dry_run=self.dry_run)

    def _require_files(self) -> None:
        cards = {card.name: card for card in DATASETS}
        wanted: list[tuple[Path, str]] = [
            (folder, f"{cards[name].title}; {cards[name].layout}\n    from {cards[name].source}; --{name}")
            for name, folder in (("kinetics", self.kinetics), ("babel", self.babel))
        ]
        wanted.append((self.splits, "the split files that GLAD publishes: https://github.com/KHU-VLL/GLAD; --splits"))
        wanted += stream_files(self.options)
        if self.options.inputs == "views":
            wanted += backbone_files("k2b", self.options.model)
        missing_files("k2b", wanted)


def k2b_command(choice: Chosen) -> TrainK2b:
    """Return the command whose defaults are the recipe of the chosen method."""
    return TrainK2b(options=k2b.k2b_options(choice.method or "glad", inputs=choice.inputs))
