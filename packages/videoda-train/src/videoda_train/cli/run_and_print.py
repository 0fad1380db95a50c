"""What every training command does once its configuration is resolved."""

from pathlib import Path

from videoda_train.engine.dry_run import describe_run
from videoda_train.engine.run import run_training
from videoda_train.recipes.config import TrainConfig


def run_and_print(config: TrainConfig, run_dir: Path, *, resume: bool, dry_run: bool) -> None:
    """Run and print the result, or with `dry_run` check the lists and print the resolved configuration."""
    if dry_run:
        print(describe_run(config, run_dir))
        return
    result = run_training(config, run_dir, resume=resume)
    if result.leads:
        print_result(result.results, result.folder)


def print_result(results: dict[str, object], folder: Path) -> None:
    """Print the numbers of a run and where its files are."""
    scale = " (a miniature result)" if results["scale"] == "mini" else ""
    print(
        f"{results['task']} {results['method']} seed {results['seed']}, last epoch{scale}: "
        f"AccSf {100 * float(str(results['acc_softmax'])):.1f} %, Acc {100 * float(str(results['acc_logits'])):.1f} %, "
        f"mean class accuracy {100 * float(str(results['mean_class_accuracy'])):.1f} % "
        f"of {results['num_target_videos']} videos"
    )
    print(f"report: {folder / 'report' / 'index.html'}")
