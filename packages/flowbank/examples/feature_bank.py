"""A feature bank for image domain adaptation, on numbers alone: labelled source, unlabelled and rotated target.

A linear classifier learns the source. After each epoch it labels the target, and a bank keeps, for each class, the
features it is surest of. Training then mixes source features with target features drawn from the bank for the same
labels, so that the classifier follows the target. Run: `python feature_bank.py`
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from flowbank import Admission, FlowBank

CLASSES, DIMENSIONS, PER_CLASS, EPOCHS = 6, 32, 200, 12
LEARNING_RATE = 0.3


def make_domains(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return source features, target features and the labels of both, `(n, d)`, `(n, d)`, `(n,)`.

    A class is a blob. The target is the source's world, rotated in many planes, moved and noisier.
    """
    labels = np.repeat(np.arange(CLASSES), PER_CLASS)
    centres = 4 * rng.standard_normal((CLASSES, DIMENSIONS)) / np.sqrt(DIMENSIONS / 4)
    plane = rng.standard_normal((DIMENSIONS, DIMENSIONS))
    rotation = torch.linalg.matrix_exp(torch.from_numpy(0.15 * (plane - plane.T))).numpy()
    source = centres[labels] + rng.standard_normal((labels.size, DIMENSIONS))
    target = (centres[labels] + 1.1 * rng.standard_normal((labels.size, DIMENSIONS))) @ rotation.T + 0.3
    return torch.from_numpy(source).float(), torch.from_numpy(target).float(), torch.from_numpy(labels)


def train(
    source: torch.Tensor, target: torch.Tensor, labels: torch.Tensor, *, bank: FlowBank | None, seed: int = 0
) -> float:
    """Train with or without a bank and return the accuracy on the target; its labels serve for nothing else."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.zeros(CLASSES, DIMENSIONS, requires_grad=True)
    keys = [f"target {i}" for i in range(len(target))]
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(source), generator=generator).split(50):
            features = source[batch]
            if bank is not None:
                drawn, hit = bank.sample(labels[batch], reduction="confidence", generator=generator)
                features = torch.where(hit[:, None] & (torch.arange(len(batch)) % 2 == 0)[:, None], drawn, features)
            loss = torch.nn.functional.cross_entropy(features @ weight.T, labels[batch])
            (gradient,) = torch.autograd.grad(loss, weight)
            with torch.no_grad():
                weight -= LEARNING_RATE * gradient
        if bank is not None:
            with torch.no_grad():
                confidence, pseudo_label = (target @ weight.T).softmax(1).max(1)
            bank.clear()
            bank.insert(pseudo_label, confidence, target, keys=keys)
            bank.commit()
    with torch.no_grad():
        return ((target @ weight.T).argmax(1) == labels).float().mean().item()


def main() -> tuple[float, float]:
    """Return, and print, the target accuracy of the source alone and with the bank."""
    source, target, labels = make_domains(np.random.default_rng(1))
    alone = train(source, target, labels, bank=None)
    with (
        tempfile.TemporaryDirectory() as folder,
        FlowBank.create(
            Path(folder) / "features",
            num_classes=CLASSES,
            capacity=100,
            clip_shape=(DIMENSIONS,),
            codec="float32",
            admission=Admission(min_confidence=0.5),
        ) as bank,
    ):
        adapted = train(source, target, labels, bank=bank)
    print(f"target accuracy: source alone {alone:.1%}, with the bank {adapted:.1%}")
    return alone, adapted


if __name__ == "__main__":
    main()
