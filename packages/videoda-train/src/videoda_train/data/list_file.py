"""List files: one video or photo per line, `{path} {label}` or a path alone, with the frames that count if need be."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.data.list_folder import class_folders, exists, list_class_folders, list_folder, names_no_file
from videoda_train.errors import ListFileError

NO_LABEL = "?"
"""The last field of a line that says it has no label: `{path} ?`. A path alone says the same."""
LARGEST_LABEL = 999_999
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Stretch:
    """Frames `offset … offset + num_frames - 1` of a sequence; raw frames are files numbered from `numbered_from`."""

    offset: int
    num_frames: int
    numbered_from: int


@dataclass(frozen=True)
class ListItem:
    """One line of a list file: resolved path, label, the line without its label (the item's identity), its number.

    `label` is `None` for a video without one. `stretch` names the frames that belong to the item; without it all do.
    """

    path: Path
    label: int | None
    name: str
    line: int = 0
    stretch: Stretch | None = None

    @property
    def known_label(self) -> int:
        """The label of an item that must have one.

        Raises:
            ListFileError: it has none.
        """
        if self.label is None:
            raise ListFileError(f"{self.path} has no label")
        return self.label


def read_list(
    list_file: Path | str, *, root: Path | str | None = None, num_classes: int | None = None
) -> list[ListItem]:
    """Read a list file.

    Lines are `{path} {label}`, or a path alone (or `{path} ?`): a video without label. A list may hold both. There are
    also the forms in which Kinetics → BABEL is published, `{path} {frames} {label}` (raw frames numbered from 0) and
    `{path} {offset} {frames} {label}` (a stretch of a longer sequence: its frame i is file 1 + offset + i). A file has
    one of these forms: the longest that fits all its lines, unless the first line's path exists with the numbers behind
    it; in them a missing label is `?`.

    A path may hold spaces and any of `#&()[]`. So what ends a line is a label if it is a whole number and behind a
    space, unless only the path with the number exists (a folder `take 3` and none called `take`). Where both exist,
    the line is refused: write `take 3 ?`. Anything else at the end belongs to the path.

    Relative paths are taken from `root`, or from the list file's own folder. Blank lines are skipped. In place of a
    list file a folder may be given, or a pattern such as `videos/*.mp4`: see `list_folder`.

    Args:
        list_file: UTF-8 text, a folder or a pattern.
        root: folder of relative paths; default: the list file's.
        num_classes: if given, every label must be in `0 … num_classes - 1`.

    Raises:
        ListFileError: the file is missing or empty, or a line's label is out of range, no number, or not to be told
            from the path.
    """
    list_file = Path(list_file)
    if names_no_file(list_file):
        return [ListItem(path, None, name, line) for line, (path, name) in enumerate(list_folder(list_file), 1)]
    try:
        text = list_file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ListFileError(
            f"no list file at {list_file}; give a text file with one '{{path}} {{label}}' per line"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ListFileError(f"cannot read the list file {list_file}: {error}") from error
    base = Path(root) if root is not None else list_file.parent
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise ListFileError(f"{list_file} is empty; it needs one '{{path}} {{label}}' per line")
    num_integers = _num_integers([line for _, line in lines], base=base)
    items = []
    for number, line in lines:
        try:
            items.append(_parse_line(line, number, base=base, num_classes=num_classes, stretch_fields=num_integers - 1))
        except ListFileError as error:
            raise ListFileError(f"{list_file}:{number}: {error}") from None
    return items


def _num_integers(lines: Sequence[str], *, base: Path) -> int:
    """Return how many fields end every line, 1 to 3, a label being the last; 1 where the first path has them in it."""
    first = lines[0]
    if exists(base / first) or exists(base / first.rsplit(maxsplit=1)[0]):
        return 1
    fits = (n for n in (3, 2) if all(len(line.rsplit(maxsplit=n)) == n + 1 for line in lines))
    return next((n for n in fits if all(_ends_in_numbers(line.rsplit(maxsplit=n)[1:]) for line in lines)), 1)


def _ends_in_numbers(fields: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(field) for field in fields[:-1])


def _parse_line(line: str, number: int, *, base: Path, num_classes: int | None, stretch_fields: int) -> ListItem:
    name, label = _split(line, base=base, num_classes=num_classes)
    if not stretch_fields:
        return ListItem(path=base / name, label=label, name=name, line=number)
    path, *fields = name.rsplit(maxsplit=stretch_fields)
    numbers = [field for field in fields if _NUMBER.fullmatch(field) and len(field) <= len(str(LARGEST_LABEL)) + 3]
    if len(numbers) < stretch_fields:
        raise ListFileError(f"{line!r} does not end in a stretch and a label, as the other lines do")
    *offset, num_frames = map(int, numbers)
    if num_frames < 1:
        raise ListFileError(f"{line!r} has 0 frames; a stretch needs at least 1")
    stretch = Stretch(offset=sum(offset), num_frames=num_frames, numbered_from=len(offset))
    return ListItem(path=base / path, label=label, name=name, line=number, stretch=stretch)


def _split(line: str, *, base: Path, num_classes: int | None) -> tuple[str, int | None]:
    """Return a line's path (with its frames, if it names some) and its label, if it has one."""
    name, *last = line.rsplit(maxsplit=1)
    if not last:
        return line, None
    if last[0] == NO_LABEL:
        return name, None
    whole, without = exists(base / line), exists(base / name)
    if _NUMBER.fullmatch(last[0]):
        if whole and without:
            raise ListFileError(
                f"both {name!r} and {line!r} exist, so {last[0]} may be a label or a part of the name; "
                f"write '{line} {NO_LABEL}' for the second"
            )
        if whole:
            return line, None
        return name, _label(last[0], num_classes=num_classes)
    if not whole and (without or _almost_a_number(last[0])):
        raise ListFileError(
            f"label {last[0]!r} is not a whole number; allowed: {_allowed(num_classes)} (the class's line in the class "
            f"map, counted from 0), or '{NO_LABEL}' or nothing for a video without label"
        )
    return line, None


def _label(digits: str, *, num_classes: int | None) -> int:
    largest = LARGEST_LABEL if num_classes is None else num_classes - 1
    number = digits.lstrip("0") or "0"
    if len(number) > len(str(largest)) or int(number) > largest:
        shown = digits if len(digits) <= 20 else f"{digits[:20]}…"
        raise ListFileError(
            f"label {shown} is out of range; allowed: {_allowed(num_classes)} (one per line of the class map)"
        )
    return int(number)


def _almost_a_number(text: str) -> bool:
    """Say whether a word was meant as a number: -1, +1, 1_0, 1.5, ²."""
    return text.lstrip("+-").replace("_", "").replace(".", "").isnumeric()


def _allowed(num_classes: int | None) -> str:
    return f"0 to {LARGEST_LABEL if num_classes is None else num_classes - 1}"


def write_list(list_file: Path | str, rows: Iterable[tuple[str, int | None]]) -> None:
    """Write `(path, label)` rows as a list file."""
    Path(list_file).write_text(list_text(rows), encoding="utf-8")


def list_text(rows: Iterable[tuple[str, int | None]]) -> str:
    """Return `(path, label)` rows as the text of a list file."""
    return "".join(f"{list_line(path, label)}\n" for path, label in rows)


def list_line(path: str, label: int | None) -> str:
    """Return the line of a list file that `read_list` reads as this path and label."""
    if label is not None:
        return f"{path} {label}"
    return path if len(path.split()) == 1 and path != NO_LABEL else f"{path} {NO_LABEL}"


def read_labelled(list_file: Path | str, *, root: Path | str | None = None, classes: Sequence[str]) -> list[ListItem]:
    """Read a list of what is learnt from: a list file whose every line has a label, or a folder `CLASS/photo.jpg`.

    Raises:
        ListFileError: as `read_list`; a line has no label; a folder is no class or a class has nothing.
    """
    folder = Path(list_file)
    if folder.is_dir():
        found = list_class_folders(folder, list(classes))
        return [ListItem(path, label, name, line) for line, (path, name, label) in enumerate(found, 1)]
    items = read_list(list_file, root=root, num_classes=len(classes))
    require_labels(items, list_file=list_file)
    return items


def require_labels(items: Sequence[ListItem], *, list_file: Path | str) -> None:
    """Raise `ListFileError` naming the first line without label of a list that is learnt from."""
    for item in items:
        if item.label is None:
            raise ListFileError(
                f"{list_file}:{item.line}: no label at the end of {item.name!r}; what is learnt from needs one: "
                "'{path} {label}'"
            )


def read_classes(classes: Path | str) -> list[str]:
    """Read a class map: a text file with one class name per line, in label order, or a folder of class folders.

    Raises:
        ListFileError: the file is missing, has fewer than two names, or repeats one.
    """
    path = Path(classes)
    try:
        names = (
            class_folders(path)
            if path.is_dir()
            else [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        )
    except FileNotFoundError:
        raise ListFileError(f"no class map at {path}; give a text file with one class name per line") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ListFileError(f"cannot read the class map {path}: {error}") from error
    if len(names) < 2:
        raise ListFileError(
            f"{path} names {len(names)} class(es); a classifier needs at least 2, one per line, or one per folder"
        )
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
    missing = [item for item in items if not exists(item.path)]
    if missing:
        shown = "\n".join(f"  {list_file}:{item.line}: {item.path}" for item in missing[:5])
        more = f"\n  … and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise ListFileError(
            f"{len(missing)} of {len(items)} files listed in {list_file} do not exist:\n{shown}{more}\n"
            "Relative paths are taken from the list file's folder, or from --root."
        )
