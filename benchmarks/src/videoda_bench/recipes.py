"""The recipes that a task's data file can name."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from videoda_train.recipes.b2u import B2U
from videoda_train.recipes.config import MethodName, TrainOptions
from videoda_train.recipes.custom import CUSTOM
from videoda_train.recipes.e2h import E2H
from videoda_train.recipes.k2b import K2B_TOL, k2b_options
from videoda_train.recipes.s2u import S2U

Recipe = Callable[[MethodName], TrainOptions]
"""Every setting of a run with a method."""


def _k2b(method: MethodName) -> TrainOptions:
    """The stages' own schedules; all from Kinetics weights, as rows say themselves where they start from a run."""
    options = k2b_options(method)
    return replace(options, model=replace(options.model, backbone_weights=K2B_TOL.model.backbone_weights))


RECIPES: Mapping[str, Recipe] = {
    "e2h": lambda method: E2H,
    "b2u": lambda method: B2U,
    "s2u": lambda method: S2U,
    "k2b": _k2b,
    "custom": lambda method: CUSTOM,
}
"""Recipes of real datasets; `custom` needs no weights."""
