"""Which recipe a command line's defaults are: each method has its own, and weights bring their network along."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from videoda_train.recipes.config import Inputs, MethodName
from videoda_train.recipes.custom import StreamWeights


@dataclass(frozen=True)
class Chosen:
    """What the arguments say of `--method`, `--inputs` and the streams' weights; `None` where they do not."""

    method: MethodName | None
    inputs: Inputs | None
    weights: StreamWeights = field(default_factory=StreamWeights)


def chosen(arguments: Sequence[str]) -> Chosen:
    """Look for the options that defaults depend on; values that are not allowed are left to the command's own parser.

    A weights file counts only where its stream's network is not named: who names one gets that.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--method")
    parser.add_argument("--inputs")
    for stream in ("rgb", "flow"):
        parser.add_argument(f"--model.{stream}", dest=stream)
        parser.add_argument(f"--model.{stream}-weights", f"--model.{stream}_weights", dest=f"{stream}_weights")
    try:
        found = parser.parse_known_args([a for a in arguments if a not in ("-h", "--help")])[0]
    except SystemExit:  # an option without its value
        return Chosen(None, None)
    return Chosen(
        method=found.method if found.method in get_args(MethodName) else None,
        inputs=found.inputs if found.inputs in get_args(Inputs) else None,
        weights=StreamWeights(
            rgb=None if found.rgb or found.rgb_weights in (None, "None") else Path(found.rgb_weights),
            flow=None if found.flow or found.flow_weights in (None, "None") else Path(found.flow_weights),
        ),
    )
