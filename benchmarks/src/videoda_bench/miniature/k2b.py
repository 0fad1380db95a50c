"""The miniature K→B: folders of raw frames, lists and published-style split files of Kinetics and BABEL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from videoda_train.data.atomic_file import write_text
from videoda_train.data.prepare import MERGED_CLASSES

from videoda_bench.miniature.k2b_config import K2bConfig
from videoda_bench.miniature.k2b_source import plan_source_video
from videoda_bench.miniature.k2b_target import plan_target_sequence
from videoda_bench.miniature.recording import write_frames
from videoda_bench.miniature.world import MiniatureSummary, make_world

SOURCE_FOLDER, TARGET_FOLDER, SPLITS_FOLDER = "kinetics", "babel", "splits"
LISTS = {
    "source": "k400_train.txt",
    "source_test": "k400_test.txt",
    "target": "babel_train.txt",
    "target_test": "babel_test.txt",
}
"""The lists and the published names of the split files they stand for."""
_ACTIONS = tuple(MERGED_CLASSES)
_STRETCHES_PER_SEQUENCE = (1, 4)
_ID_LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
_RECIPE = 3


@dataclass(frozen=True)
class _Item:
    """One folder of frames to make: a source video of one class, or a target sequence of several."""

    out_dir: Path
    config: K2bConfig
    list_name: str
    labels: tuple[int, ...]
    index: int

    def generator(self) -> np.random.Generator:
        """The item's own generator, a function of seed, list, classes and index alone."""
        key = (self.config.seed, list(LISTS).index(self.list_name), self.index, *self.labels)
        return np.random.default_rng(np.random.SeedSequence(key))


@dataclass(frozen=True)
class _Row:
    """A row of a list: the frames' folder, the numbers of the published split file after it, the label last."""

    list_name: str
    folder: str
    numbers: tuple[int, ...]


def _make_source(item: _Item) -> list[_Row]:
    rng, config = item.generator(), item.config
    action = _ACTIONS[item.labels[0]]
    kinetics_class = MERGED_CLASSES[action][item.index % len(MERGED_CLASSES[action])]
    start = int(rng.integers(0, 290))
    name = f"{''.join(rng.choice(_ID_LETTERS, 11))}_{start:06d}_{start + 10:06d}"
    quality = int(rng.integers(80, 96))
    footage = plan_source_video(
        action,
        kinetics_class=kinetics_class,
        rng=rng,
        image_size=config.image_size,
        num_frames=config.source_frames,
        home_share=config.home_share,
    )
    folder = f"{kinetics_class}/{name}"
    if not (item.out_dir / SOURCE_FOLDER / folder).exists():
        write_frames(item.out_dir / SOURCE_FOLDER / folder, footage.frames(), first=0, quality=quality)
    return [_Row(item.list_name, folder, (footage.num_frames, item.labels[0]))]


def _make_target(item: _Item) -> list[_Row]:
    footage, stretches = plan_target_sequence(
        [_ACTIONS[label] for label in item.labels],
        rng=item.generator(),
        image_size=item.config.image_size,
        num_frames=item.config.target_frames,
    )
    folder = f"{'train' if item.list_name == 'target' else 'val'}/{item.index:06d}"
    if not (item.out_dir / TARGET_FOLDER / folder).exists():
        write_frames(item.out_dir / TARGET_FOLDER / folder, footage.frames(), first=1, quality=92)
    return [
        _Row(item.list_name, folder, (stretch.offset, stretch.num_frames, label))
        for stretch, label in zip(stretches, item.labels, strict=True)
    ]


def _make(item: _Item) -> list[_Row]:
    return _make_source(item) if item.list_name.startswith("source") else _make_target(item)


def _items(out_dir: Path, *, config: K2bConfig) -> list[_Item]:
    """All items, source videos first, for they take longest."""
    items = [
        _Item(out_dir, config, list_name, (label,), index)
        for list_name, count in (("source", config.source_videos), ("source_test", config.source_test_videos))
        for label in range(len(_ACTIONS))
        for index in range(count)
    ]
    for list_name, count in (("target", config.target_stretches), ("target_test", config.target_test_stretches)):
        rng = np.random.default_rng(np.random.SeedSequence((config.seed, list(LISTS).index(list_name))))
        labels = [int(label) for label in rng.permutation(np.repeat(np.arange(len(_ACTIONS)), count))]
        index = 0
        while labels:
            taken = int(rng.integers(_STRETCHES_PER_SEQUENCE[0], _STRETCHES_PER_SEQUENCE[1] + 1))
            items.append(_Item(out_dir, config, list_name, tuple(labels[:taken]), index))
            del labels[:taken]
            index += 1
    return items


def _finish(out_dir: Path, made: list[list[_Row]]) -> dict[str, int]:
    """Write split files as they are published and lists as `videoda data prepare k2b` makes them of those."""
    rows = sorted((row for item in made for row in item), key=lambda row: (row.folder.split("/")[-1], row.numbers))
    (out_dir / SPLITS_FOLDER).mkdir(exist_ok=True)
    for list_name, split_file in LISTS.items():
        own = [row for row in rows if row.list_name == list_name]
        source = list_name.startswith("source")
        root = SOURCE_FOLDER if source else TARGET_FOLDER
        split = [" ".join([row.folder, *map(str, row.numbers)]) for row in own]
        listed = [" ".join([f"{root}/{row.folder}", *map(str, row.numbers[1 if source else 0 :])]) for row in own]
        write_text(out_dir / SPLITS_FOLDER / split_file, "".join(f"{line}\n" for line in split))
        write_text(out_dir / f"{list_name}.txt", "".join(f"{line}\n" for line in listed))
    write_text(out_dir / "classes.txt", "".join(f"{action}\n" for action in _ACTIONS))
    return {name: sum(row.list_name == name for row in rows) for name in LISTS}


def make_k2b(
    out_dir: str | Path,
    *,
    config: K2bConfig = K2bConfig(),  # noqa: B008 (frozen)
    workers: int | None = None,
    progress: bool = True,
) -> MiniatureSummary:
    """Make a miniature K→B world in `out_dir`, or do nothing if it is there already, complete.

    Writes `kinetics/CLASS/VIDEO/img_%05d.jpg` from 0, `babel/train|val/SEQUENCE/img_%05d.jpg` from 1, `source.txt`,
    `source_test.txt` (`{path} {label}`), `target.txt`, `target_test.txt` (`{path} {offset} {frames} {label}`: frame i
    is file 1 + offset + i), `classes.txt`, stand-ins of the published split files in `splits/`, and `miniature.json`
    last. The files depend on `config` alone, not on `workers` (default: one per usable core); an interrupted call goes
    on where it was. Raises `MiniatureError` if the folder holds anything else.
    """
    return make_world(
        out_dir,
        task="k2b",
        recipe=_RECIPE,
        config=config.as_json(),
        items=partial(_items, config=config),
        make=_make,
        finish=_finish,
        workers=workers,
        progress=progress,
    )
