"""`videoda-bench difficulty`: how hard a world is."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro
from videoda_train.data.list_file import read_classes
from videoda_train.data.made_files import require_replaceable, write_ours

from videoda_bench.difficulty import markdown_table, measure_world
from videoda_bench.miniatures import RGB_WEIGHTS
from videoda_bench.reproduction.inputs import miniature_of
from videoda_bench.tasks import load_task


@dataclass(frozen=True, kw_only=True)
class Difficulty:
    """Say how hard a miniature is: a small network learns, with labels, from one frame, from motion, from everything.

    About six minutes per world. It uses the target's labels, so nothing of it is a result of adaptation.
    """

    task: tyro.conf.Positional[str]
    world: Path | None = None
    """Folder of the world, made where it is missing; default: runs/TASK-mini/world."""
    weights: Path = RGB_WEIGHTS
    """What the network starts from; default: the miniature's own."""
    summary: Path | None = None
    """Where to write the findings as JSON."""
    overwrite: bool = False
    """Replace a summary that this command made, if it has not changed since."""

    def run(self) -> None:
        """Make the world, measure, print."""
        task = load_task(self.task)
        if self.summary is not None:
            require_replaceable(self.summary, None, overwrite=self.overwrite)
        world = self.world or Path("runs") / f"{task.name}-mini" / "world"
        made = miniature_of(task, "mini").make(world)
        findings = measure_world(world, weights=self.weights)
        if self.summary is not None:
            self.summary.parent.mkdir(parents=True, exist_ok=True)
            content = {"task": task.name, "counts": dict(made.counts), "findings": [asdict(f) for f in findings]}
            write_ours(self.summary, json.dumps(content, indent=1) + "\n", overwrite=self.overwrite)
        print(f"\nMiniature {task.title}: how hard it is. A small rendered world, not the benchmark.\n")
        print(markdown_table(findings, num_classes=len(read_classes(world / "classes.txt"))))
