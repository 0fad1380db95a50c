"""Configurations whose paths may be given as text."""

from dataclasses import fields
from pathlib import Path
from typing import get_args


class PathFields:
    """A part of a configuration whose paths may be given as text."""

    def __post_init__(self) -> None:
        """Make paths of text."""
        for name, kind in ((f.name, f.type) for f in fields(self)):  # type: ignore[arg-type]
            value = getattr(self, name)
            if isinstance(value, str) and Path in (kind, *get_args(kind)):
                object.__setattr__(self, name, Path(value))
