"""`videoda eval`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from videoda_train.engine.evaluate_checkpoints import Weights, evaluate_checkpoints


@dataclass(frozen=True)
class Evaluate:
    """Evaluate checkpoints again, on their own videos or on others; of several, the mean of their scores."""

    checkpoints: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN|CHECKPOINT …")]
    """Run folders (their newest checkpoint) or files in RUN/checkpoints."""
    list: Path | None = None
    """Videos to classify, '{path} {label}' per line; default: the first run's target list."""
    root: Path | None = None
    """Folder of relative paths in `--list`; default: its own."""
    out: Path | None = None
    """Folder for results.json, predictions.csv and confusion_matrix.png; default: RUN/eval/LIST_NAME."""
    top_k: tuple[int, ...] = (1, 5)
    """Also count the videos whose class is among the k best."""
    weights: Weights = "last"
    """The weights that trained, or their moving average (`--optim.ema-decay`)."""
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
            device_name=self.device,
        )
        split = "held out" if results["inductive"] else "adapted to"
        best = ", ".join(f"top-{k} {100 * value:.1f} %" for k, value in results["top_k_accuracy"].items())
        fused = f" by {len(self.checkpoints)} checkpoints fused" if len(self.checkpoints) > 1 else ""
        print(
            f"AccSf {100 * results['acc_softmax']:.1f} %, Acc {100 * results['acc_logits']:.1f} %, mean class accuracy "
            f"{100 * results['mean_class_accuracy']:.1f} %, {best} of {results['num_target_videos']} videos "
            f"({split}){fused}; scores: {out / 'predictions.csv'}, matrix: {out / 'confusion_matrix.png'}"
        )
