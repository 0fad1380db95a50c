"""The recipes that a task's data file can name."""

from videoda_train.recipes.b2u import B2U
from videoda_train.recipes.config import TrainOptions
from videoda_train.recipes.custom import CUSTOM
from videoda_train.recipes.e2h import E2H
from videoda_train.recipes.s2u import S2U

RECIPES: dict[str, TrainOptions] = {"e2h": E2H, "b2u": B2U, "s2u": S2U, "custom": CUSTOM}
"""Every setting of a run on real datasets; `custom` runs without weights."""
