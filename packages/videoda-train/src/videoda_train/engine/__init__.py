"""One training loop for all methods, checkpoints, run folders."""

from videoda_train.engine.run import RunResult, run_training

__all__ = ["RunResult", "run_training"]
