"""From a run's configuration to its checked lists, prepared files and datasets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.list_file import ListItem, read_classes, read_list, require_files
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_clips import generate_source_clips
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.step_batches import StepDataset
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.recipes.config import TrainConfig


@dataclass(frozen=True)
class RunInputs:
    """The checked inputs of a run."""

    classes: list[str]
    source: list[ListItem]
    target: list[ListItem]
    test: list[ListItem]
    """Videos that are only classified, at the end; empty without `data.test_list`."""


def read_inputs(config: TrainConfig) -> RunInputs:
    """Read and check the class map and the lists.

    Raises:
        ListFileError: naming the file, the line and what is wrong with it.
    """
    data = config.data
    classes = read_classes(data.classes)
    source, target, test = (
        [] if list_file is None else read_items(list_file, root=data.root, num_classes=len(classes))
        for list_file in (data.source_list, data.target_list, data.test_list)
    )
    return RunInputs(classes=classes, source=source, target=target, test=test)


def read_items(list_file: Path, *, root: Path | None, num_classes: int) -> list[ListItem]:
    """Read a list whose files all exist.

    Raises:
        ListFileError: naming the file, the line and what is wrong with it.
    """
    items = read_list(list_file, root=root, num_classes=num_classes)
    require_files(items, list_file=list_file)
    return items


def prepared_paths(config: TrainConfig, run_dir: Path) -> PreparedPaths:
    """Return where a run keeps its generated clips and cached flow."""
    return PreparedPaths(config.loading.prepared_dir or run_dir / "prepared")


def prepare_training(config: TrainConfig, inputs: RunInputs, paths: PreparedPaths, *, progress: bool) -> StepDataset:
    """Generate the source clips, cache the target's flow, and return the training data. Finished work is kept."""
    static = config.motion.source == "static"
    if not static:
        generate_source_clips(inputs.source, paths, config=config, progress=progress)
    cache = ArrayCache(max_bytes=int(config.loading.cache_gib * 2**30))
    source = SourceDataset(inputs.source, paths, clip=config.clip, static=static, cache=cache)
    target = prepare_videos(
        config, inputs.target, paths, list_file=config.data.target_list, cache=cache, progress=progress
    )
    return StepDataset(source, target, batch_size=config.optim.batch_size, seed=config.seed)


def prepare_test(
    config: TrainConfig, inputs: RunInputs, paths: PreparedPaths, *, progress: bool
) -> TargetDataset | None:
    """Cache the flow of the videos that are classified at the end, if there are any, and return them."""
    if config.data.test_list is None:
        return None
    test_paths = PreparedPaths(paths.root / "test")
    return prepare_videos(config, inputs.test, test_paths, list_file=config.data.test_list, progress=progress)


def prepare_videos(
    config: TrainConfig,
    items: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    list_file: Path,
    cache: ArrayCache | None = None,
    progress: bool,
) -> TargetDataset:
    """Cache the flow of a list's videos and return them as evaluation data. Finished work is kept."""
    facts = cache_target_flow(items, paths, list_file=list_file, clip=config.clip, progress=progress)
    return TargetDataset(
        items,
        facts,
        paths,
        clip=config.clip,
        num_paces=config.cfb.num_paces,
        cache=cache or ArrayCache(max_bytes=0),
    )
