"""A finished run's method, with its trained networks."""

import tempfile
from pathlib import Path

import torch
from videoda_train.data.training_data import TrainingData
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.methods import Method, build_method
from videoda_train.recipes.config import TrainConfig
from videoda_train.run_folder import RunFolder


def load_finished_method(
    config: TrainConfig, run_dir: Path, data: TrainingData, *, num_classes: int, device: torch.device
) -> Method:
    """Build the run's method and load its newest checkpoint; a bank is left empty."""
    with tempfile.TemporaryDirectory() as bank_dir:
        method = build_method(
            config, num_classes=num_classes, target=data.adapted, bank_dir=Path(bank_dir) / "bank", device=device
        )
    method.module.load_state_dict(load_checkpoint(RunFolder(run_dir).checkpoint_file)["module"])
    return method
