"""From a run's configuration to its checked lists, prepared files and datasets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.data.clip_orders import order_names, with_random_orders
from videoda_train.data.list_file import ListItem, read_classes, read_labelled, read_list, require_files, require_labels
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.training_data import EvaluationData, TrainingData
from videoda_train.engine.stream_data import prepare_clips, prepare_streams
from videoda_train.engine.view_data import prepare_evaluation_views, prepare_views
from videoda_train.recipes.config import TrainConfig


@dataclass(frozen=True)
class RunInputs:
    """The checked inputs of a run."""

    classes: list[str]
    source: list[ListItem]
    target: list[ListItem]
    evaluated: list[ListItem]
    """What is classified after every epoch: `data.evaluation_list`, or the target."""
    test: list[ListItem]
    """Videos that are only classified, at the end; empty without `data.test_list`."""


def read_inputs(config: TrainConfig) -> RunInputs:
    """Read and check the class map and the lists.

    Raises:
        ListFileError: naming the file, the line and what is wrong with it.
    """
    data = config.data
    source = read_source(config)
    require_files(source, list_file=data.source_list)
    target = _read_items(config, data.target_list, root=data.root)
    if config.method == "supervised":
        require_labels(target, list_file=data.target_list)
    evaluated, test = (
        [] if list_file is None else read_evaluated(config, list_file, root=data.root)
        for list_file in (evaluated_list(config), data.test_list)
    )
    return RunInputs(classes=class_names(config), source=source, target=target, evaluated=evaluated, test=test)


def read_source(config: TrainConfig) -> list[ListItem]:
    """Read the labelled photos or videos.

    Raises:
        ListFileError: naming the file, the line and what is wrong with it.
    """
    data = config.data
    return read_labelled(data.source_list, root=data.root, classes=read_classes(data.class_map))


def evaluated_list(config: TrainConfig) -> Path:
    """Return the list of the videos that are classified after every epoch."""
    return config.data.evaluation_list or config.data.target_list


def class_names(config: TrainConfig) -> list[str]:
    """Return the names of what a run tells apart: the classes, or with TOL the orders of a video's clips."""
    return order_names(config.tol.num_clips) if config.method == "tol" else read_classes(config.data.class_map)


def read_evaluated(config: TrainConfig, list_file: Path, *, root: Path | str | None) -> list[ListItem]:
    """Read a list of videos to classify; with TOL each is labelled by the order that its clips are shown in.

    Raises:
        ListFileError: naming the file, the line and what is wrong with it.
    """
    items = _read_items(config, list_file, root=root)
    if config.method == "tol":
        return with_random_orders(items, num_clips=config.tol.num_clips, seed=config.seed)
    return items


def _read_items(config: TrainConfig, list_file: Path, *, root: Path | str | None) -> list[ListItem]:
    items = read_list(list_file, root=root, num_classes=len(read_classes(config.data.class_map)))
    require_files(items, list_file=list_file)
    return items


def prepared_paths(config: TrainConfig, run_dir: Path) -> PreparedPaths:
    """Return where a run keeps its generated clips and cached flow."""
    return PreparedPaths(config.loading.prepared_dir or run_dir / "prepared")


def prepare_training(config: TrainConfig, inputs: RunInputs, paths: PreparedPaths, *, progress: bool) -> TrainingData:
    """Make what the source lacks and the target's flow, and return the training data. Finished work is kept."""
    if config.inputs == "views":
        return prepare_views(config, inputs.source, inputs.target, inputs.evaluated, paths, progress=progress)
    return prepare_streams(config, inputs.source, inputs.target, inputs.evaluated, paths, progress=progress)


def prepare_test(
    config: TrainConfig, inputs: RunInputs, paths: PreparedPaths, *, progress: bool
) -> EvaluationData | None:
    """Prepare the videos that are classified at the end, if there are any, and return them."""
    if config.data.test_list is None:
        return None
    test_paths = PreparedPaths(paths.root / "test")
    return prepare_videos(config, inputs.test, test_paths, list_file=config.data.test_list, progress=progress)


def prepare_videos(
    config: TrainConfig, items: Sequence[ListItem], paths: PreparedPaths, *, list_file: Path, progress: bool
) -> EvaluationData:
    """Prepare a list's videos and return them as evaluation data. Finished work is kept."""
    if config.inputs == "views":
        return prepare_evaluation_views(config, items, paths, list_file=list_file, progress=progress)
    return prepare_clips(config, items, paths, list_file=list_file, progress=progress)
