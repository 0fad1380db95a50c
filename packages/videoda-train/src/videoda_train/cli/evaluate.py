"""`videoda eval`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from videoda_train.engine.evaluate_run import evaluate_run


@dataclass(frozen=True)
class Evaluate:
    """Evaluate a run's last checkpoint again, on its own videos or on another list."""

    run_dir: tyro.conf.Positional[Path]
    """A run folder."""
    list: Path | None = None
    """Videos to classify, '{path} {label}' per line; default: the run's target list."""
    out: Path | None = None
    """Folder for results.json and predictions.csv; default: RUN_DIR/eval/LIST_NAME."""
    device: str = "auto"

    def run(self) -> None:
        """Evaluate and print."""
        out, results = evaluate_run(self.run_dir, list_file=self.list, out_dir=self.out, device_name=self.device)
        print(
            f"AccSf {100 * results['acc_softmax']:.1f} %, Acc {100 * results['acc_logits']:.1f} %, mean class accuracy "
            f"{100 * results['mean_class_accuracy']:.1f} % of {results['num_target_videos']} videos; "
            f"scores: {out / 'predictions.csv'}"
        )
