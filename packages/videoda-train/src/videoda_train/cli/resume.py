"""`--resume`, alone or as `--resume auto`."""

from typing import Annotated

import tyro


def _read(words: list[str]) -> bool:
    if words not in ([], ["auto"], ["never"]):
        raise ValueError(f"--resume is {' '.join(words)!r}; allowed: nothing, auto, never")
    return words != ["never"]


Resume = Annotated[
    bool,
    tyro.conf.FlagConversionOff,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="[auto|never]",
        instance_from_str=_read,
        is_instance=lambda value: isinstance(value, bool),
        str_from_instance=lambda value: ["auto" if value else "never"],
    ),
]
"""Continue the run in the run folder if there is one, begin it otherwise; a complete one is left as it is."""
