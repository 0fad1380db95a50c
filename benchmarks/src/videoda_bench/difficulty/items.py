"""The labelled photos and videos of a world in memory, and which of them are held out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from videoda_train.data.item_reader import open_item
from videoda_train.data.list_file import ListItem, read_list
from videoda_train.progress import ProgressBar
from videoda_train.recipes.e2h import E2H_MINI

SIZE, CROP = E2H_MINI.clip.resize, E2H_MINI.clip.crop
"""Frames are squashed to `SIZE` pixels a side, of which `CROP` are shown."""
HELD_OUT = 3
"""One group in so many is held out where a world has no test list."""


@dataclass(frozen=True)
class Item:
    """A photo (one frame) or video: RGB frames (N, SIZE, SIZE, 3), its class, what it is called in its list."""

    frames: UInt8[np.ndarray, "frames size size 3"]
    label: int
    listed: ListItem


def load_items(list_file: Path) -> list[Item]:
    """Read and squash every frame of every listed photo or video."""
    items = []
    for listed in ProgressBar(read_list(list_file), desc=f"read {list_file.name}", unit="item"):
        reader = open_item(listed)
        items.append(Item(reader.frames(np.arange(len(reader)), size=(SIZE, SIZE)), listed.known_label, listed))
    return items


def split_domain(world: Path, domain: str) -> tuple[list[Item], list[Item]]:
    """The items of `source` or `target` to learn from and the held-out ones: by test list, else by group."""
    items = load_items(world / f"{domain}.txt")
    test_list = world / f"{domain}_test.txt"
    if test_list.is_file():
        return items, load_items(test_list)
    held_out = held_out_names([item.listed for item in items])
    return (
        [item for item in items if item.listed.name not in held_out],
        [item for item in items if item.listed.name in held_out],
    )


def held_out_names(listed: Sequence[ListItem]) -> set[str]:
    """Every third group of every class; clips of one scene (`…_g01_c01`, `…_g01_c02`) are one group."""
    groups: dict[int, dict[str, list[str]]] = {}
    for item in listed:
        group = re.sub(r"_c\d+(?=\.\w+$)", "", item.name)
        groups.setdefault(item.known_label, {}).setdefault(group, []).append(item.name)
    return {
        name
        for of_class in groups.values()
        for group in sorted(of_class)[HELD_OUT - 1 :: HELD_OUT]
        for name in of_class[group]
    }
