"""How strongly each loss term of a finished run pulls at the networks that the domains share.

A term that no longer reaches them (a head behind a `detach`) has the norm 0, even where its loss says nothing yet.
"""

import json
from pathlib import Path

import torch
from videoda_train.data.atomic_file import write_text
from videoda_train.data.training_data import StepKey, TrainingData
from videoda_train.engine.device import autocast, resolve_device, resolve_precision
from videoda_train.methods import Method
from videoda_train.randomness import seeded_torch
from videoda_train.recipes.config import TrainConfig

from videoda_bench.reproduction.finished_method import load_finished_method

FILE_NAME = "gradient_norms.json"
_SHARED = ("streams", "backbone")
"""Parts of a method's module that both domains pass through; heads and domain classifiers are others."""


def gradient_norms(
    method: Method, config: TrainConfig, data: TrainingData, *, device: torch.device
) -> dict[str, float]:
    """Return, per loss term, the norm of its gradient over the shared networks, on the first batch of training.

    The step is done as one of the last epoch, so that schedules inside the method have grown to the end.
    """
    method.module.train()
    epoch = config.optim.epochs - 1
    batch = data[StepKey(0, 0)].to(device)
    with seeded_torch(config.seed, "gradient-norms"), autocast(device, resolve_precision(config.precision, device)):
        terms = method.training_step(batch, epoch=epoch, step=0)
    parts = [part for name, part in method.module.items() if name in _SHARED]
    shared = [parameter for part in parts for parameter in part.parameters() if parameter.requires_grad]
    norms = {}
    for name, term in terms.items():
        # A detached term has nothing to differentiate, or reaches no shared parameter.
        found = torch.autograd.grad(term, shared, retain_graph=True, allow_unused=True)
        squares = [gradient.float().square().sum() for gradient in found if gradient is not None]
        norms[name] = float(torch.stack(squares).sum().sqrt()) if squares else 0.0
    return norms


def save_gradient_norms(config: TrainConfig, run_dir: Path, data: TrainingData, *, num_classes: int) -> None:
    """Write the norms of a finished run into its folder."""
    device = resolve_device(config.device)
    method = load_finished_method(config, run_dir, data, num_classes=num_classes, device=device)
    norms = gradient_norms(method, config, data, device=device)
    write_text(run_dir / FILE_NAME, json.dumps(norms, indent=1) + "\n")


def read_gradient_norms(run_dir: Path) -> dict[str, float]:
    """Return a run's norms; none, if it did not write any."""
    path = run_dir / FILE_NAME
    return json.loads(path.read_text()) if path.exists() else {}
