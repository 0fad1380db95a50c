"""What `results.json` says of a run and of what it ran on."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from videoda_train import __version__
from videoda_train.data.list_file import ListItem
from videoda_train.engine.model_selection import criteria
from videoda_train.evaluation import Scores, labels_of, measure
from videoda_train.recipes.config import TrainConfig


def describe_results(
    config: TrainConfig, scores: Scores, items: Sequence[ListItem], *, classes: Sequence[str]
) -> dict[str, Any]:
    """Return the contents of `results.json` that depend on one evaluation.

    Raises:
        RunError: a score is not finite.
    """
    return {
        "task": config.task,
        "scale": config.scale,
        "method": config.method,
        "seed": config.seed,
        "epochs": config.optim.epochs,
        "num_target_videos": len(items),
        "classes": list(classes),
        "streams": config.model.streams,
        **asdict(measure(scores, labels_of(items), one_class=config.labels_are_true)),
        "criteria": criteria(scores),
        "selection": "last",
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    import cv2
    import depthmotion
    import flowbank
    import numpy as np
    import videoda_models

    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "depthmotion": depthmotion.__version__,
        "flowbank": flowbank.__version__,
        "videoda-models": videoda_models.__version__,
        "videoda-train": __version__,
    }


def device_name(device: torch.device) -> str:
    """Return the hardware's name: the GPU's, or the processor's with its thread count."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {torch.get_num_threads()} threads"
