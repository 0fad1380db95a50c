"""What every training command does once its configuration is resolved."""

from pathlib import Path
from typing import Any

from videoda_train.engine.dry_run import describe_run
from videoda_train.engine.run import run_training
from videoda_train.recipes.config import TrainConfig
from videoda_train.report.wording import describe_metrics


def run_and_print(config: TrainConfig, run_dir: Path, *, resume: bool, dry_run: bool) -> None:
    """Run and print the result, or with `dry_run` check the lists and print the resolved configuration."""
    if dry_run:
        print(describe_run(config, run_dir))
        return
    result = run_training(config, run_dir, resume=resume)
    if result.leads:
        print_result(result.results, result.folder)


def print_result(results: dict[str, Any], folder: Path) -> None:
    """Print the numbers of a run and where its files are."""
    scale = " (a miniature result)" if results["scale"] == "mini" else ""
    print(
        f"{results['task']} {results['method']} seed {results['seed']}, last epoch{scale}: "
        f"{describe_metrics(results, count=results['num_target_videos'])}"
    )
    if results["no_accuracy"]:
        print(f"no accuracy: {results['no_accuracy']}; predictions: {folder / 'predictions.csv'}")
    print(f"report: {folder / 'report' / 'index.html'}")
