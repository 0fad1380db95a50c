"""`videoda-bench world` and `pretrain`: what the miniatures are made of."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from videoda_bench.cli.reproduce import PresetName
from videoda_bench.pretraining import WEIGHT_FILES, PretrainConfig, Stream, pretrain
from videoda_bench.reproduction.inputs import miniature_of
from videoda_bench.tasks import load_task


@dataclass(frozen=True, kw_only=True)
class World:
    """Make a miniature world and nothing else."""

    task: tyro.conf.Positional[str]
    out: Path | None = None
    """Default: runs/TASK-mini/world."""
    preset: PresetName = "standard"
    """`smoke`: a few items per class, only to see that the road runs."""

    def run(self) -> None:
        """Make the world."""
        task = load_task(self.task)
        out = self.out or Path("runs") / f"{task.name}-mini" / "world"
        summary = miniature_of(task, "mini" if self.preset == "standard" else "smoke").make(out)
        counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in summary.counts.items())
        print(f"miniature {task.title} in {out}: {counts}")


@dataclass(frozen=True, kw_only=True)
class Pretrain:
    """Make the miniature's weights again: render random motions, learn where joints are and how they move.

    About 40 minutes each, and 40 for the videos the first time.
    """

    stream: tyro.conf.Positional[Stream]
    root: Path = Path("runs/pretraining")
    """Folder of the rendered videos."""
    out: Path | None = None
    """Default: in ROOT, under the name that the shipped file has."""

    def run(self) -> None:
        """Pretrain and print the held-out scores."""
        out = self.out or self.root / WEIGHT_FILES[self.stream]
        scores = pretrain(self.root, out, stream=self.stream, config=PretrainConfig())
        print(f"{out}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
