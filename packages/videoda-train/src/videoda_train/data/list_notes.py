"""What is odd about a list that can be read: duplicate lines, labels without a line, foreign path separators."""

from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.list_file import ListItem


def list_notes(items: Sequence[ListItem], *, list_file: Path) -> list[str]:
    """Return one message per oddity, each naming the file and, where it belongs to one, the line."""
    notes: list[str] = []
    first: dict[Path, ListItem] = {}
    for item in items:
        where = f"{list_file}:{item.line}"
        earlier = first.setdefault(item.path, item)
        if earlier is not item:
            label = "" if earlier.label == item.label else f", there {_said(earlier)}, here {_said(item)}"
            notes.append(f"{where}: {item.name} is on line {earlier.line} too{label}; drop one of them")
        if "\\" in item.name and not item.path.exists():
            notes.append(f"{where}: {item.name} holds '\\'; write paths with '/'")
    present = {item.label for item in items if item.label is not None}
    gaps = [str(label) for label in range(max(present, default=0)) if label not in present]
    if gaps:
        shown = ", ".join(gaps[:10]) + (f" or {len(gaps) - 10} more" if len(gaps) > 10 else "")
        notes.append(f"{list_file}: labels go up to {max(present)}, but none is {shown}; check the class map")
    return notes


def _said(item: ListItem) -> str:
    return "without label" if item.label is None else f"with label {item.label}"
