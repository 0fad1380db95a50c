"""List files: one video or photo per line, `{path} {label}`, with the frames that count between the two if need be."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.errors import ListFileError

_NUMBER = re.compile(r"[0-9]{1,9}")
"""Not what `str.isdigit` says: it takes `²`, which is no number to `int`."""


@dataclass(frozen=True)
class Stretch:
    """Frames `offset … offset + num_frames - 1` of a sequence; raw frames are files numbered from `numbered_from`."""

    offset: int
    num_frames: int
    numbered_from: int


@dataclass(frozen=True)
class ListItem:
    """One line of a list file: resolved path, label, the line without its label (the item's identity), its number.

    `stretch` names the frames that belong to the item; without it all do.
    """

    path: Path
    label: int
    name: str
    line: int = 0
    stretch: Stretch | None = None


def read_list(
    list_file: Path | str, *, root: Path | str | None = None, num_classes: int | None = None
) -> list[ListItem]:
    """Read a list file.

    Lines are `{path} {label}`; or, as Kinetics → BABEL publishes them, `{path} {frames} {label}` (raw frames numbered
    from 0) or `{path} {offset} {frames} {label}` (a stretch of a longer sequence: its frame i is file 1 + offset + i).
    A file has one of these forms: the longest that fits all its lines, unless the first line's path exists with the
    numbers behind it. The label is the last field, so a path may hold spaces and any of `#&()[]`. Relative paths are
    taken from `root`, or from the list file's own folder. Blank lines are skipped.

    Args:
        list_file: UTF-8 text.
        root: folder of relative paths; default: the list file's.
        num_classes: if given, every label must be in `0 … num_classes - 1`.

    Raises:
        ListFileError: the file is missing or empty, or a line has no label or one that is out of range.
    """
    list_file = Path(list_file)
    try:
        text = list_file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ListFileError(
            f"no list file at {list_file}; give a text file with one '{{path}} {{label}}' per line"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ListFileError(f"cannot read the list file {list_file}: {error}") from error
    base = Path(root) if root is not None else list_file.parent
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise ListFileError(f"{list_file} is empty; it needs one '{{path}} {{label}}' per line")
    num_integers = _num_integers([line for _, line in lines], base=base)
    return [
        _parse_line(
            line, number, base=base, num_classes=num_classes, list_file=list_file, stretch_fields=num_integers - 1
        )
        for number, line in lines
    ]


def _num_integers(lines: Sequence[str], *, base: Path) -> int:
    """Return how many integers end every line, 1 to 3; 1 where the first path exists with whatever ends it."""
    if _exists(base / lines[0].rsplit(maxsplit=1)[0]):
        return 1
    fits = (n for n in (3, 2) if all(len(line.rsplit(maxsplit=n)) == n + 1 for line in lines))
    return next(
        (n for n in fits if all(_NUMBER.fullmatch(f) for line in lines for f in line.rsplit(maxsplit=n)[1:-1])), 1
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or no name at all
        return False


def _parse_line(
    line: str, number: int, *, base: Path, num_classes: int | None, list_file: Path, stretch_fields: int
) -> ListItem:
    where = f"{list_file}:{number}"
    name, *last = line.rsplit(maxsplit=1)
    if not last or not _NUMBER.fullmatch(last[0][last[0][:1] in ("+", "-") :]):
        raise ListFileError(f"{where}: no label at the end of {line!r}; a line is '{{path}} {{label}}'")
    label = int(last[0])
    if label < 0 or (num_classes is not None and label >= num_classes):
        allowed = "0 or more" if num_classes is None else f"0 to {num_classes - 1}"
        raise ListFileError(
            f"{where}: label {label} is out of range; allowed: {allowed} (one per line of the class map)"
        )
    if not stretch_fields:
        return ListItem(path=base / name, label=label, name=name, line=number)
    path, *fields = name.rsplit(maxsplit=stretch_fields)
    *offset, num_frames = map(int, fields)
    if num_frames < 1:
        raise ListFileError(f"{where}: {line!r} has 0 frames; a stretch needs at least 1")
    stretch = Stretch(offset=sum(offset), num_frames=num_frames, numbered_from=len(offset))
    return ListItem(path=base / path, label=label, name=name, line=number, stretch=stretch)


def write_list(list_file: Path | str, rows: Iterable[tuple[str, int]]) -> None:
    """Write `(path, label)` rows as a list file."""
    Path(list_file).write_text(list_text(rows), encoding="utf-8")


def list_text(rows: Iterable[tuple[str, int]]) -> str:
    """Return `(path, label)` rows as the text of a list file."""
    return "".join(f"{path} {label}\n" for path, label in rows)


def read_classes(classes: Path | str) -> list[str]:
    """Read a class map: a text file with one class name per line, in label order.

    Raises:
        ListFileError: the file is missing, has fewer than two names, or repeats one.
    """
    path = Path(classes)
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except FileNotFoundError:
        raise ListFileError(f"no class map at {path}; give a text file with one class name per line") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ListFileError(f"cannot read the class map {path}: {error}") from error
    if len(names) < 2:
        raise ListFileError(f"{path} names {len(names)} class(es); a classifier needs at least 2, one per line")
    if repeated := _first_repeated(names):
        raise ListFileError(f"{path} names {repeated!r} twice; class names must differ")
    return names


def _first_repeated(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def require_files(items: Sequence[ListItem], *, list_file: Path | str) -> None:
    """Raise `ListFileError` naming the first listed files that do not exist."""
    missing = [item for item in items if not _exists(item.path)]
    if missing:
        shown = "\n".join(f"  {list_file}:{item.line}: {item.path}" for item in missing[:5])
        more = f"\n  … and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise ListFileError(
            f"{len(missing)} of {len(items)} files listed in {list_file} do not exist:\n{shown}{more}\n"
            "Relative paths are taken from the list file's folder, or from --root."
        )
