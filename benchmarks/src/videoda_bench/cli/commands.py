"""The commands of `videoda-bench`."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from videoda_train.report import write_report

from videoda_bench.ablation import markdown_table, run_ablation, summarise, write_summary
from videoda_bench.miniature import K2bConfig, make_e2h, make_k2b
from videoda_bench.miniature_runs import PRESETS, ROWS, make_world, run_row
from videoda_bench.pretraining import WEIGHT_FILES, PretrainConfig, Stream, pretrain

PresetName = Literal["standard", "smoke"]
K2B_WORLDS = {
    "standard": K2bConfig(),
    "smoke": K2bConfig(source_videos=2, source_test_videos=1, target_stretches=2, target_test_stretches=1),
}
_DEMO_ROWS = (ROWS[0], ROWS[-1])


@dataclass(frozen=True, kw_only=True)
class Mini:
    """Make a miniature world, train source-only and CFB on it, print both, write one report."""

    task: tyro.conf.Positional[Literal["e2h"]]
    out: Path = Path("runs/e2h-mini")
    """Folder of the world, the runs and the report."""
    preset: PresetName = "standard"
    """`smoke`: a few minutes less, only to see that the road runs."""
    seed: int = 0
    resume: bool = False
    """Continue an interrupted call."""

    def run(self) -> None:
        """Make, train, print, report."""
        preset = PRESETS[self.preset]
        data = make_world(self.out / "world", preset)
        summaries, folders = [], []
        for row in _DEMO_ROWS:
            print(f"── {row.title}", flush=True)
            result = run_row(row, data, preset, seed=self.seed, out_dir=self.out, resume=self.resume)
            summaries.append(summarise(row.title if row is ROWS[0] else "CFB (motion, bank, pace)", [result.results]))
            folders.append(result.folder)
        report = self.out / "report" / "index.html"
        write_report(folders, report, title="Miniature EADs → HMDB51: source-only and CFB")
        print(
            f"\nMiniature E→H, last epoch, one seed ({self.seed}). This is a small rendered world, not the benchmark.\n"
        )
        print(markdown_table(summaries))
        print(f"\nreport: {report}")


@dataclass(frozen=True, kw_only=True)
class World:
    """Make a miniature world and nothing else."""

    task: tyro.conf.Positional[Literal["e2h", "k2b"]]
    out: Path | None = None
    """Default: runs/TASK-mini/world."""
    preset: PresetName = "standard"
    """`smoke`: a few items per class, only to see that the road runs."""

    def run(self) -> None:
        """Make the world."""
        out = self.out or Path("runs") / f"{self.task}-mini" / "world"
        if self.task == "k2b":
            summary = make_k2b(out, config=K2B_WORLDS[self.preset])
        else:
            summary = make_e2h(out, config=PRESETS[self.preset].world)
        counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in summary.counts.items())
        print(f"miniature {self.task} in {out}: {counts}")


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """Run the four rows of the ablation, and DANN, on a miniature world with several seeds."""

    task: tyro.conf.Positional[Literal["e2h"]]
    out: Path = Path("runs/e2h-mini-ablation")
    """Folder of the world and all runs."""
    seeds: tuple[int, ...] = (0, 1, 2)
    preset: PresetName = "standard"
    summary: Path | None = None
    """Where to write the summary; default: OUT/summary.json."""
    resume: bool = False
    """Keep complete runs and continue interrupted ones."""

    def run(self) -> None:
        """Run and print the table."""
        rows = run_ablation(self.out, PRESETS[self.preset], seeds=self.seeds, resume=self.resume)
        seeds = " ".join(map(str, self.seeds))
        command = shlex.join(["videoda-bench", "ablation", self.task, "--preset", self.preset, "--seeds"]) + f" {seeds}"
        facts = {"task": self.task, "scale": "mini", "selection": "last", "seeds": list(self.seeds)}
        write_summary(rows, self.summary or self.out / "summary.json", command=command, facts=facts)
        print(f"\nMiniature E→H, last epoch, seeds {seeds}. This is a small rendered world, not the benchmark.\n")
        print(markdown_table(rows))


@dataclass(frozen=True, kw_only=True)
class Pretrain:
    """Make the miniature's weights again: render random motions, learn where joints are and how they move.

    About 40 minutes for `rgb` and `flow` each, 20 for `resnet`, and as much again for the videos the first time.
    """

    stream: tyro.conf.Positional[Stream]
    root: Path = Path("runs/pretraining")
    """Folder of the rendered videos."""
    out: Path | None = None
    """Default: in ROOT, under the name of the file that this package ships."""

    def run(self) -> None:
        """Pretrain and print the held-out scores."""
        out = self.out or self.root / WEIGHT_FILES[self.stream]
        scores = pretrain(self.root, out, stream=self.stream, config=PretrainConfig())
        print(f"{out}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))


Command = (
    Annotated[Mini, tyro.conf.subcommand("mini", prefix_name=False)]
    | Annotated[World, tyro.conf.subcommand("world", prefix_name=False)]
    | Annotated[Ablation, tyro.conf.subcommand("ablation", prefix_name=False)]
    | Annotated[Pretrain, tyro.conf.subcommand("pretrain", prefix_name=False)]
)


def run_command(arguments: Sequence[str]) -> None:
    """Parse and run one command line."""
    command = tyro.cli(
        Command,
        prog="videoda-bench",
        description="Benchmarks of image-to-video and video-to-video adaptation.",
        args=arguments,
    )
    command.run()
