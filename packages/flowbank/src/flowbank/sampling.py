"""Drawing entries of given classes: pure functions from counts, weights or features to places in a class."""

import numpy as np
import torch
from jaxtyping import Float, Int


def uniform_places(counts: Int[np.ndarray, " n"], *, generator: torch.Generator | None) -> Int[np.ndarray, " n"]:
    """Draw a place in `0 … counts - 1` for each draw, with replacement; −1 where the count is 0."""
    uniform = _uniform(counts.size, generator)
    return np.where(counts > 0, np.minimum((uniform * counts).astype(np.int64), counts - 1), -1)


def weighted_places(
    weights: list[Float[np.ndarray, " _"]], *, generator: torch.Generator | None
) -> Int[np.ndarray, " n"]:
    """Draw a place with probability proportional to its weight (≥ 0) for each draw; all weights 0: uniformly."""
    uniform = _uniform(len(weights), generator)
    places = np.full(len(weights), -1, dtype=np.int64)
    for draw, weight in enumerate(weights):
        if weight.size:
            summed = np.cumsum(weight if weight.any() else np.ones_like(weight))
            place = np.searchsorted(summed, uniform[draw] * summed[-1], side="right")
            places[draw] = min(int(place), int(np.searchsorted(summed, summed[-1])))
    return places


def _uniform(size: int, generator: torch.Generator | None) -> Float[np.ndarray, " n"]:
    """Draw from [0, 1) on the generator's device; None draws from torch's own generator."""
    device = "cpu" if generator is None else generator.device
    return torch.rand(size, generator=generator, dtype=torch.float64, device=device).cpu().numpy()
