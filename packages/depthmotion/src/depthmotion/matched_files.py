"""Files in a folder that are named like photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def find_matching(folder: Path, photo: Path, suffixes: Sequence[str]) -> Path | None:
    """Return `FOLDER/CLASS/NAME` or `FOLDER/NAME` with the first of the extensions that exists; CLASS is the folder."""
    for name in _names(folder, photo):
        for suffix in suffixes:
            candidate = name.with_name(name.name + suffix)
            if candidate.exists():
                return candidate
    return None


def looked_for(folder: Path, photo: Path, suffixes: Sequence[str]) -> str:
    """Say where `find_matching` looked."""
    first, second = _names(folder, photo)
    return f"looked for {first}{suffixes[0]}{''.join(f', {suffix}' for suffix in suffixes[1:])} and {second}.*"


def aspect_problem(shape: tuple[int, ...], photo: tuple[int, ...], *, name: str) -> str | None:
    """Say what is wrong if a map (H, W) and a photo (H, W, …) differ in shape by over 3 % and two pixels of the map."""
    expected = shape[0] * photo[1] / photo[0]
    if abs(shape[1] - expected) <= max(0.03 * expected, 2 * max(1.0, photo[1] / photo[0])):
        return None
    return (
        f"{name} is {shape[1]}×{shape[0]} but its photo {photo[1]}×{photo[0]}: the two do not belong together, "
        "or one is turned or cropped. Give one of the photo's aspect."
    )


def _names(folder: Path, photo: Path) -> tuple[Path, Path]:
    return folder / photo.parent.name / photo.stem, folder / photo.stem
