"""The entries nearest to given features."""

import numpy as np
import torch
from jaxtyping import Float, Int

from flowbank.batch import Values, check_values
from flowbank.codec import ArraySpec
from flowbank.errors import BankInputError
from flowbank.snapshot import Snapshot


def nearest_places(
    snapshot: Snapshot, labels: list[int], *, query: Values | None, feature: str
) -> Int[np.ndarray, " n"]:
    """Return for each label the place in its class of the entry nearest to the query, −1 where the class is empty.

    Args:
        snapshot: the generation.
        labels: class of each query.
        query: `(n, *shape of the feature)`.
        feature: the array to compare with.

    Raises:
        BankInputError: there is no such array, or the query does not fit it.
    """
    if query is None:
        raise BankInputError("reduction is 'nearest', which needs a query: give one feature per label")
    if feature not in snapshot.config.arrays:
        raise BankInputError(f"feature is {feature!r}: choose one of {', '.join(snapshot.config.arrays)}")
    shape = snapshot.config.arrays[feature].shape
    check_values(query, name="query", spec=ArraySpec(shape), size=len(labels))
    queries = torch.as_tensor(query).detach().to("cpu", torch.float64).reshape(len(labels), -1).numpy()
    features: dict[int, np.ndarray] = {}
    places = np.full(len(labels), -1, dtype=np.int64)
    for place, label in enumerate(labels):
        count = int(snapshot.counts[label])
        if count == 0:
            continue
        if label not in features:
            first = int(snapshot.index.starts[label])
            features[label] = np.empty((count, *shape), dtype=np.float32)
            for k in range(count):
                snapshot.read_into(first + k, features[label][k], array=feature)
        places[place] = nearest_place(features[label].reshape(count, -1), queries[place])
    return places


def nearest_place(features: Float[np.ndarray, "k d"], query: Float[np.ndarray, " d"]) -> int:
    """Return the place of the feature at the smallest Euclidean distance from the query; the first of equals."""
    distances = np.square(features.astype(np.float64) - query).sum(axis=1)
    return int(distances.argmin())
