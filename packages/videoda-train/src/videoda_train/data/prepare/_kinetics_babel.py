"""`prepare` of Kinetics → BABEL from its published split files."""

import os
from dataclasses import dataclass
from pathlib import Path

from videoda_train.data.image_file import IMAGE_SUFFIXES
from videoda_train.data.made_files import write_all_ours
from videoda_train.data.prepare._find_files import class_key
from videoda_train.data.prepare._photos_videos import relative
from videoda_train.data.prepare._published import VIDEO_SUFFIXES
from videoda_train.data.prepare._summary import DomainSummary, PrepareSummary
from videoda_train.errors import ListFileError, MissingDatasetError

MERGED_CLASSES: dict[str, tuple[str, ...]] = {
    "jump": ("long_jump", "high_jump"),
    "run": ("running_on_treadmill", "jogging"),
    "throw": ("throwing_ball", "throwing_axe", "javelin_throw"),
    "kick": ("kicking_soccer_ball", "drop_kicking", "kicking_field_goal"),
    "bend": ("bending_back",),
    "dance": ("swing_dancing", "dancing_macarena", "tap_dancing", "tango_dancing"),
    "clean": ("cleaning_pool", "cleaning_toilet", "cleaning_windows", "cleaning_floor"),
    "squat": ("squat",),
    "punch": ("slapping", "punching_person_(boxing)", "punching_bag"),
    "crawl": ("crawling_baby",),
    "clap": ("applauding", "clapping"),
    "lift": ("deadlifting", "front_raises"),
}
"""Label order, with the Kinetics classes merged into each. The merged names are ours; the split files give indices."""

TOTALS = {"source": 14881, "source_test": 650, "target": 2963, "target_test": 452}
_SPLITS = {
    "source": "k400_train.txt",
    "source_test": "k400_test.txt",
    "target": "babel_train.txt",
    "target_test": "babel_test.txt",
}


@dataclass(frozen=True)
class _SplitRow:
    """One row: `CLASS/VIDEO FRAMES LABEL`, or `SPLIT/SEQUENCE OFFSET FRAMES LABEL`."""

    name: str
    numbers: tuple[int, ...]
    line: int

    @property
    def label(self) -> int:
        return self.numbers[-1]


def prepare_k2b(
    *,
    kinetics: Path | str,
    babel: Path | str,
    splits: Path | str,
    out_dir: Path | str,
    strip: str = "",
    overwrite: bool = False,
) -> PrepareSummary:
    """Write `source.txt`, `source_test.txt`, `target.txt`, `target_test.txt`, `classes.txt` and `summary.json`.

    Kinetics rows become `{path} {label}`; BABEL rows stay `{path} {offset} {frames} {label}`: a labelled stretch of a
    longer sequence, whose frame i is file `1 + offset + i`.

    Args:
        kinetics: videos or folders of raw frames, by class or all in one folder.
        babel: raw frames, `train/SEQUENCE` and `val/SEQUENCE`.
        splits: the folder of the published split files (`k400_train.txt` and three more).
        out_dir: where the files go; the paths in them are relative to it.
        strip: prefix to drop from the paths in the split files.
        overwrite: replace files of these names that an earlier call made and nobody changed since; without it they
            are left where they are the same, and refused where they differ.

    Raises:
        MissingDatasetError: a folder is missing or holds none of the listed files.
        ListFileError: a split file is missing or has a row that cannot be right.
    """
    kinetics, babel, splits, out_dir = (Path(folder) for folder in (kinetics, babel, splits, out_dir))
    rows = {name: _read_split(splits / file, name, strip=strip) for name, file in _SPLITS.items()}
    for root, dataset in ((kinetics, "kinetics"), (babel, "babel")):
        if not root.is_dir():
            raise MissingDatasetError(f"{dataset}: no folder at {root.absolute()}; see 'videoda data list'")
    videos = _index_kinetics(kinetics.resolve())
    domains = []
    lists: dict[str, str] = {}
    for name, split in rows.items():
        lines, missing = [], []
        counts, listed = [0] * len(MERGED_CLASSES), [0] * len(MERGED_CLASSES)
        for row in split:
            listed[row.label] += 1
            is_source = name.startswith("source")
            path = _find_video(row, videos) if is_source else _find_sequence(row, babel.resolve())
            if path is None:
                missing.append(f"{splits / _SPLITS[name]}:{row.line}: {row.name}")
                continue
            counts[row.label] += 1
            numbers = row.numbers[-1:] if is_source else row.numbers
            lines.append(" ".join([relative(path, out_dir), *map(str, numbers)]))
        lists[name] = "".join(f"{line}\n" for line in lines)
        domains.append(
            DomainSummary(
                list_name=name,
                dataset="kinetics" if name.startswith("source") else "babel",
                root=str((kinetics if name.startswith("source") else babel).resolve()),
                classes=tuple(MERGED_CLASSES),
                found=counts,
                per_class=listed,
                total=TOTALS[name],
                missing=missing,
            )
        )
    for dataset in ("kinetics", "babel"):
        if not any(sum(domain.found) for domain in domains if domain.dataset == dataset):
            root = kinetics if dataset == "kinetics" else babel
            raise MissingDatasetError(
                f"{dataset}: none of the files in {splits}'s split files is beneath {root.absolute()}; "
                "see 'videoda data list' for the layout"
            )
    summary = PrepareSummary("k2b", tuple(MERGED_CLASSES), domains)
    texts = {f"{name}.txt": text for name, text in lists.items()} | summary.texts()
    write_all_ours(out_dir, texts, overwrite=overwrite)
    return summary


def _read_split(path: Path, name: str, *, strip: str) -> list[_SplitRow]:
    fields = 2 if name.startswith("source") else 3
    shape = "CLASS/VIDEO FRAMES LABEL" if fields == 2 else "SPLIT/SEQUENCE OFFSET FRAMES LABEL"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ListFileError(f"no split file at {path} ({error}); it is published with GLAD's code") from error
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        entry, *rest = line.strip().rsplit(maxsplit=fields)
        if len(rest) != fields or not all(_is_count(part) for part in rest):
            raise ListFileError(f"{path}:{number}: {line.strip()!r} is not '{shape}'")
        row = _SplitRow(entry.removeprefix(strip).lstrip("/"), tuple(int(part) for part in rest), number)
        _require_label(row, path, is_source=fields == 2)
        rows.append(row)
    return rows


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _require_label(row: _SplitRow, path: Path, *, is_source: bool) -> None:
    if row.label >= len(MERGED_CLASSES):
        raise ListFileError(f"{path}:{row.line}: label {row.label}; allowed: 0 to {len(MERGED_CLASSES) - 1}")
    if is_source:
        kinetics_class = row.name.rpartition("/")[0].rpartition("/")[2]
        merged = list(MERGED_CLASSES.values())[row.label]
        if class_key(kinetics_class) not in map(class_key, merged):
            raise ListFileError(
                f"{path}:{row.line}: class {kinetics_class!r} with label {row.label}, which is {', '.join(merged)}"
            )


def _index_kinetics(root: Path) -> dict[tuple[str, str], Path]:
    """Index videos and folders of raw frames by (class, name) and by ("", name)."""
    index: dict[tuple[str, str], Path] = {}
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        if any(Path(name).suffix.lower() in IMAGE_SUFFIXES for name in names):
            folders.clear()
            entries = [(here, here.name)]
        else:
            entries = [(here / n, Path(n).stem) for n in sorted(names) if Path(n).suffix.lower() in VIDEO_SUFFIXES]
        for path, name in entries:
            index[class_key(path.parent.name), name] = path
            index[_FLAT, name] = path
    return index


_FLAT = ""


def _find_video(row: _SplitRow, index: dict[tuple[str, str], Path]) -> Path | None:
    kinetics_class, _, name = row.name.rpartition("/")
    by_class = index.get((class_key(kinetics_class.rpartition("/")[2]), name))
    return by_class or index.get((_FLAT, name))


def _find_sequence(row: _SplitRow, babel: Path) -> Path | None:
    path = babel / row.name
    return path if path.is_dir() else None
