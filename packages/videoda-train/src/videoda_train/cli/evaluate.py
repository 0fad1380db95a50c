"""`videoda eval`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.engine.evaluate_checkpoints import Weights, evaluate_checkpoints
from videoda_train.report.wording import describe_evaluation


@dataclass(frozen=True)
class Evaluate:
    """Evaluate checkpoints again, on their own videos or on others; of several, the mean of their scores."""

    checkpoints: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN|CHECKPOINT …")]
    """Run folders (their newest checkpoint) or files in RUN/checkpoints."""
    list: Path | None = None
    """Videos to classify: '{path} {label}' or path per line, a folder or a pattern; default: the first run's target
    list."""
    root: Path | None = None
    """Folder of relative paths in `--list`; default: its own."""
    out: Path | None = None
    """Folder for results.json, predictions.csv and, of videos with labels, confusion_matrix.png; default:
    RUN/eval/LIST_NAME, with a hash behind it where another list has that name."""
    overwrite: bool = False
    """Replace an earlier evaluation in `--out`."""
    top_k: tuple[int, ...] = (1, 5)
    """Also count the videos whose class is among the k best."""
    weights: Weights = "last"
    """The weights that trained, or their moving average (`--optim.ema-decay`)."""
    one_class: bool = False
    """The labels of videos that all carry the same one are true."""
    device: str = "auto"

    def run(self) -> None:
        """Evaluate and print."""
        out, results = evaluate_checkpoints(
            self.checkpoints,
            list_file=self.list,
            root=self.root,
            out_dir=self.out,
            top_k=self.top_k,
            weights=self.weights,
            one_class=self.one_class,
            overwrite=self.overwrite,
            device_name=self.device,
        )
        print("\n".join(describe_evaluation(results, num_checkpoints=len(self.checkpoints))))
        matrix = f", matrix: {out / 'confusion_matrix.png'}" if results["no_accuracy"] is None else ""
        print(f"scores: {out / 'predictions.csv'}{matrix}")
