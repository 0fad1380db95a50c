"""List files: one `{path} {label}` per line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.errors import ListFileError


@dataclass(frozen=True)
class ListItem:
    """One line of a list file: the resolved path, the label, the path as written (the item's identity), its line."""

    path: Path
    label: int
    name: str
    line: int = 0


def read_list(
    list_file: Path | str, *, root: Path | str | None = None, num_classes: int | None = None
) -> list[ListItem]:
    """Read a list file.

    The label is the last field of a line, so a path may hold spaces and any of `#&()[]`. Relative paths are taken from
    `root`, or from the list file's own folder. Blank lines are skipped.

    Args:
        list_file: UTF-8 text, one `{path} {label}` per line.
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
    items = [
        _parse_line(line, number, base=base, num_classes=num_classes, list_file=list_file)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    ]
    if not items:
        raise ListFileError(f"{list_file} is empty; it needs one '{{path}} {{label}}' per line")
    return items


def _parse_line(line: str, number: int, *, base: Path, num_classes: int | None, list_file: Path) -> ListItem:
    where = f"{list_file}:{number}"
    name, *last = line.strip().rsplit(maxsplit=1)
    if not last or not last[0].lstrip("+-").isdigit():
        raise ListFileError(f"{where}: no label at the end of {line.strip()!r}; a line is '{{path}} {{label}}'")
    label = int(last[0])
    if label < 0 or (num_classes is not None and label >= num_classes):
        allowed = "0 or more" if num_classes is None else f"0 to {num_classes - 1}"
        raise ListFileError(
            f"{where}: label {label} is out of range; allowed: {allowed} (one per line of the class map)"
        )
    return ListItem(path=base / name, label=label, name=name, line=number)


def write_list(list_file: Path | str, rows: Iterable[tuple[str, int]]) -> None:
    """Write `(path, label)` rows as a list file."""
    Path(list_file).write_text("".join(f"{path} {label}\n" for path, label in rows), encoding="utf-8")


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
    missing = [item for item in items if not item.path.exists()]
    if missing:
        shown = "\n".join(f"  {list_file}:{item.line}: {item.path}" for item in missing[:5])
        more = f"\n  … and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise ListFileError(
            f"{len(missing)} of {len(items)} files listed in {list_file} do not exist:\n{shown}{more}\n"
            "Relative paths are taken from the list file's folder, or from --root."
        )
