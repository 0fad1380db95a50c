"""`prepare` of the photo → video tasks: e2h, b2u, s2u."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.data.list_file import list_text, read_list
from videoda_train.data.made_files import write_all_ours
from videoda_train.data.prepare._find_files import find_files
from videoda_train.data.prepare._published import DomainFacts, PublishedTask
from videoda_train.data.prepare._summary import DomainSummary, PrepareSummary
from videoda_train.errors import MissingDatasetError


@dataclass(frozen=True)
class PublishedList:
    """Someone's list file; `strip` is the prefix of its paths that stands for the folder they are looked for in."""

    list_file: Path
    strip: str = ""
    root: Path | None = None
    """What the prefix becomes; default: the dataset's folder."""


@dataclass(frozen=True)
class _Found:
    rows: Sequence[tuple[Path, int]]
    missing: Sequence[str] = ()


def prepare_photos_videos(
    task: PublishedTask,
    *,
    source: Path | str,
    target: Path | str,
    out_dir: Path | str,
    source_list: PublishedList | None = None,
    target_list: PublishedList | None = None,
    overwrite: bool = False,
) -> PrepareSummary:
    """Write `source.txt`, `target.txt` (paths relative to `out_dir`), `classes.txt` and `summary.json`.

    Args:
        task: classes and published counts.
        source: the photos' dataset, or a folder above it.
        target: the videos' dataset, or a folder above it.
        out_dir: where the files go.
        source_list: take the lines of this list in place of all photos.
        target_list: take the lines of this list in place of all videos.
        overwrite: replace files of these names that an earlier call made and nobody changed since; without it they
            are left where they are the same, and refused where they differ.

    Raises:
        MissingDatasetError: a side has no file at all.
        ListFileError: a list cannot be read.
        ConfigError: a file of these names is there that this function did not make, or that is not to be replaced.
    """
    source, target, out_dir = Path(source), Path(target), Path(out_dir)
    sides = (("source", task.source, source, source_list), ("target", task.target, target, target_list))
    found = [_listed(facts, root, listed) if listed else _all_files(facts, root) for _, facts, root, listed in sides]
    domains = []
    texts: dict[str, str] = {}
    for (name, facts, root, _), side in zip(sides, found, strict=True):
        texts[f"{name}.txt"] = list_text((relative(path, out_dir), label) for path, label in side.rows)
        counts = [0] * len(task.classes)
        for _, label in side.rows:
            counts[label] += 1
        domains.append(
            DomainSummary(
                list_name=name,
                dataset=facts.dataset,
                root=str(root.resolve()),
                classes=task.classes,
                found=counts,
                per_class=facts.per_class,
                total=facts.total,
                missing=side.missing,
            )
        )
    summary = PrepareSummary(task.name, task.classes, domains)
    write_all_ours(out_dir, texts | summary.texts(), overwrite=overwrite)
    return summary


def relative(path: Path, folder: Path) -> str:
    """Return a path as written in a list of that folder: relative, with forward slashes."""
    return Path(os.path.relpath(path.absolute(), folder.resolve())).as_posix()


def _all_files(facts: DomainFacts, root: Path) -> _Found:
    return _Found([(file, label) for label, files in enumerate(find_files(root.resolve(), facts)) for file in files])


def _listed(facts: DomainFacts, root: Path, listed: PublishedList) -> _Found:
    base = (listed.root or root).resolve()
    rows: list[tuple[Path, int]] = []
    missing: list[str] = []
    for item in read_list(listed.list_file, num_classes=len(facts.folders)):
        path = base / item.name.removeprefix(listed.strip).lstrip("/")
        if path.exists():
            rows.append((path, item.known_label))
        else:
            missing.append(f"{listed.list_file}:{item.line}: {path}")
    if not rows:
        raise MissingDatasetError(
            f"{facts.dataset}: none of the {len(missing)} files in {listed.list_file} exists, e.g. {missing[0]}; "
            "give the prefix of its paths with --strip and what it becomes with --root"
        )
    return _Found(rows, missing)
