"""What is to be done, with predicted depth where a network gives it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from depthmotion.dataset.make_clip import Task
from depthmotion.dataset.photo_list import Item, reason_of
from depthmotion.depth_sources import DepthSource, NetworkDepth
from depthmotion.image_files import read_image


def tasks_of(items: Iterable[Item], source: DepthSource, *, batch: int, owned_by: str | None = None) -> Iterator[Task]:
    """Yield the items' tasks in order; a network's depth is inferred here, `batch` photos at a time."""
    if not isinstance(source, NetworkDepth):
        yield from (Task(item, owner=owned_by) for item in items)
        return
    waiting = iter(items)
    while chunk := tuple(itertools.islice(waiting, batch)):
        yield from (replace(task, owner=owned_by) for task in _predict(chunk, source))


def _predict(items: tuple[Item, ...], source: NetworkDepth) -> Iterator[Task]:
    photos: list[np.ndarray] = []
    readable: list[Item] = []
    for item in items:
        try:
            photos.append(read_image(item.photo))
            readable.append(item)
        except Exception as error:  # one photo must not cost all others
            yield Task(item, error=reason_of(error))
    try:
        predicted = source.predict(photos)
    except Exception as error:
        if len(readable) == 1:
            yield Task(readable[0], error=reason_of(error))
        else:  # one photo's failure is not its batch's
            for item in readable:
                yield from _predict((item,), source)
        return
    yield from (Task(item, depth) for item, depth in zip(readable, predicted, strict=True))
