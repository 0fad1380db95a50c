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
    sums: dict[int, np.ndarray] = {}  # the same weights come once per draw
    for draw, weight in enumerate(weights):
        if weight.size:
            if id(weight) not in sums:
                sums[id(weight)] = np.cumsum(weight if weight.any() else np.ones_like(weight))
            summed = sums[id(weight)]
            place = np.searchsorted(summed, uniform[draw] * summed[-1], side="right")
            places[draw] = min(int(place), int(np.searchsorted(summed, summed[-1])))
    return places


def distinct_places(
    labels: list[int], weights: dict[int, Float[np.ndarray, " _"]], *, generator: torch.Generator | None
) -> Int[np.ndarray, " n"]:
    """Draw without replacement, class by class, each time in proportion to the weights left; −1 once none is.

    All weights 0: uniformly. Source: Efraimidis, Spirakis, "Weighted random sampling with a reservoir" (2006).
    """
    places = np.full(len(labels), -1, dtype=np.int64)
    for label in dict.fromkeys(labels):
        weight = weights[label] if weights[label].any() else np.ones_like(weights[label])
        with np.errstate(all="ignore"):
            keys = -np.log1p(-_uniform(weight.size, generator)) / weight
        keys[weight == 0] = np.inf  # also where 0 / 0
        draws = np.flatnonzero(np.array(labels) == label)
        order = np.argsort(keys, kind="stable")[: int((weight > 0).sum())][: draws.size]
        places[draws[: order.size]] = order
    return places


def _uniform(size: int, generator: torch.Generator | None) -> Float[np.ndarray, " n"]:
    """Draw from [0, 1) on the generator's device; None draws from torch's own generator."""
    device = "cpu" if generator is None else generator.device
    return torch.rand(size, generator=generator, dtype=torch.float64, device=device).cpu().numpy()
