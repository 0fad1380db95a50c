"""What a run would do, without doing it."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
import yaml

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.engine.before_run import check_before_run
from videoda_train.engine.device import resolve_device, resolve_precision
from videoda_train.engine.memory import estimate_memory, example_batch
from videoda_train.engine.optimisation import describe_batch
from videoda_train.engine.run_data import read_inputs
from videoda_train.errors import ConfigError
from videoda_train.methods.build import build_method
from videoda_train.recipes.config import TrainConfig, to_dict
from videoda_train.run_folder import RunFolder


def describe_run(config: TrainConfig, run_dir: Path | str) -> str:
    """Check the lists and return the resolved configuration, counts, shapes, steps and a memory estimate.

    Raises:
        VideodaError: the input is bad.
    """
    inputs = read_inputs(config)
    RunFolder(run_dir).check(config, resume=True)
    warnings = [f"warning: {warning}" for warning in check_before_run(config, inputs)]
    if config.method == "zero_shot":
        settings = yaml.safe_dump(to_dict(config), sort_keys=False)
        return f"{settings}\n{len(inputs.evaluated)} videos to classify; run folder {run_dir}. Nothing was run."
    source = inputs.target if config.method == "supervised" else inputs.source
    count, size = len(source), config.optim.batch_size
    if size > count:
        raise ConfigError(f"batch size {size} is larger than the source ({count} entries); lower --optim.batch-size")
    steps = -(-count // size) if config.inputs == "views" else count // size
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    device = resolve_device(config.device)
    dtype = resolve_precision(config.precision, device)
    with tempfile.TemporaryDirectory() as folder:
        method = build_method(
            replace(config, model=replace(config.model, backbone_weights=None)),  # sizes need no download
            num_classes=len(inputs.classes),
            target=TargetDataset(
                [], [], PreparedPaths(Path(folder)), clip=config.clip, num_paces=1, cache=ArrayCache(max_bytes=0)
            ),
            bank_dir=Path(folder) / "bank",
            device=torch.device("cpu"),
        )
        memory = estimate_memory(method, config, num_ranks=ranks, dtype=dtype)
    held_out = f", {len(inputs.test)} held-out videos" if inputs.test else ""
    return "\n".join(
        [
            yaml.safe_dump(to_dict(config), sort_keys=False),
            f"{len(inputs.classes)} classes, {count} labelled photos or videos, {len(inputs.target)} videos to adapt "
            f"to, {len(inputs.evaluated)} to evaluate{held_out}",
            f"{config.optim.epochs} epochs of {steps} steps; {describe_batch(config.optim, num_ranks=ranks)}",
            f"per clip: {shapes(config)}",
            f"memory on {device} in {str(dtype).removeprefix('torch.')}: {memory}",
            *warnings,
            f"run folder {run_dir}. Nothing was run.",
        ]
    )


def shapes(config: TrainConfig) -> str:
    """Return the shapes of one clip's arrays."""
    arrays = {name: tuple(value.shape[1:]) for name, value in vars(example_batch(config)).items()}
    return ", ".join(f"{name} {' × '.join(map(str, shape))}" for name, shape in arrays.items() if shape)
