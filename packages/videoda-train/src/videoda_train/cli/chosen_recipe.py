"""Which recipe a command line's defaults are: each method has its own."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from videoda_train.recipes.config import Inputs, MethodName


@dataclass(frozen=True)
class Chosen:
    """What the arguments say of `--method` and `--inputs`; `None` where they do not."""

    method: MethodName | None
    inputs: Inputs | None


def chosen(arguments: Sequence[str]) -> Chosen:
    """Look for `--method` and `--inputs`; values that are not allowed are left to the command's own parser."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--method")
    parser.add_argument("--inputs")
    try:
        found = parser.parse_known_args([a for a in arguments if a not in ("-h", "--help")])[0]
    except SystemExit:  # an option without its value
        return Chosen(None, None)
    return Chosen(
        method=found.method if found.method in get_args(MethodName) else None,
        inputs=found.inputs if found.inputs in get_args(Inputs) else None,
    )
