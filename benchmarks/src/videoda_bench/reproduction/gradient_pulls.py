"""How strongly each loss term of a finished run pulls at the networks that the domains share.

A term that no longer reaches them (a head behind a `detach`) has the norm 0, and one that is not reversed any more
lowers its own loss, even where accuracies and losses do not say so.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from videoda_train.data.atomic_file import write_text
from videoda_train.data.training_data import StepKey, TrainingData
from videoda_train.engine.device import resolve_device
from videoda_train.methods import Method
from videoda_train.randomness import seeded_torch
from videoda_train.recipes.config import TrainConfig

from videoda_bench.reproduction.finished_method import load_finished_method

FILE_NAME = "gradient_pulls.json"
_STEP = 0.01
_SHARED = ("streams", "backbone", "flow")
"""Parts of a method's module that both domains pass through; heads and domain classifiers are others."""


@dataclass(frozen=True)
class Pull:
    """A loss term's gradient over the shared networks: its norm, and what a small step against it does to the term.

    The step lowers an ordinary term (`lowers`); it raises one whose gradient is reversed on the way. `None`: no pull.
    """

    norm: float
    lowers: bool | None


def gradient_pulls(method: Method, config: TrainConfig, data: TrainingData, *, device: torch.device) -> dict[str, Pull]:
    """Return every loss term's pull on the first batch of training, in float32.

    The step is done as one of the last epoch, so that schedules inside the method have grown to the end.
    """
    method.module.train()
    batch = data[StepKey(0, 0)].to(device)

    def terms() -> dict[str, Tensor]:
        with seeded_torch(config.seed, "gradient-pulls"):
            return method.training_step(batch, epoch=config.optim.epochs - 1, step=0)

    parts = [part for name, part in method.module.items() if name in _SHARED]
    shared = [parameter for part in parts for parameter in part.parameters() if parameter.requires_grad]
    before = terms()
    gradients = {
        name: torch.autograd.grad(term, shared, retain_graph=True, allow_unused=True) for name, term in before.items()
    }
    pulls = {}
    for name, found in gradients.items():
        pairs = [(p, gradient) for p, gradient in zip(shared, found, strict=True) if gradient is not None]
        norm = math.sqrt(sum(float(gradient.square().sum()) for _, gradient in pairs))
        if norm == 0:
            pulls[name] = Pull(0.0, None)
            continue
        with torch.no_grad():
            _move(pairs, -_STEP / norm)
            after = terms()[name]
            _move(pairs, _STEP / norm)
        pulls[name] = Pull(norm, bool(after < before[name]))
    return pulls


def _move(pairs: Sequence[tuple[Tensor, Tensor]], factor: float) -> None:
    for parameter, gradient in pairs:
        parameter.add_(gradient, alpha=factor)


def save_gradient_pulls(config: TrainConfig, run_dir: Path, data: TrainingData, *, num_classes: int) -> None:
    """Write the pulls of a finished run into its folder."""
    device = resolve_device(config.device)
    method = load_finished_method(config, run_dir, data, num_classes=num_classes, device=device)
    pulls = gradient_pulls(method, config, data, device=device)
    write_text(run_dir / FILE_NAME, json.dumps({name: asdict(pull) for name, pull in pulls.items()}, indent=1) + "\n")


def read_gradient_pulls(run_dir: Path) -> dict[str, Pull]:
    """Return a run's pulls; none, if it did not write any."""
    path = run_dir / FILE_NAME
    return {name: Pull(**pull) for name, pull in json.loads(path.read_text()).items()} if path.exists() else {}
