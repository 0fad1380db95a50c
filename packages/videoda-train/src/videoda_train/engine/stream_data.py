"""The data of two-stream methods: prepared files and datasets of both domains, each clip with the flow that is used."""

from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.fresh_clips import FreshClips
from videoda_train.data.item_facts import facts_of
from videoda_train.data.item_reader import is_photo
from videoda_train.data.list_file import ListItem
from videoda_train.data.prepared import PreparedPaths
from videoda_train.data.source_clips import generate_source_clips
from videoda_train.data.source_dataset import SourceDataset
from videoda_train.data.source_videos import SourceVideos
from videoda_train.data.step_batches import StepDataset
from videoda_train.data.target_dataset import TargetDataset
from videoda_train.data.target_flow import cache_target_flow
from videoda_train.recipes.config import TrainConfig


def prepare_streams(
    config: TrainConfig,
    source: Sequence[ListItem],
    target: Sequence[ListItem],
    evaluated: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    progress: bool,
) -> StepDataset:
    """Make what the source lacks and the flow that is used, and return the training data. Finished work is kept."""
    cache, data = ArrayCache(max_bytes=int(config.loading.cache_gib * 2**30)), config.data
    source_clips = prepare_source_clips(config, source, paths, cache=cache, progress=progress)
    target_clips = prepare_clips(config, target, paths, list_file=data.target_list, cache=cache, progress=progress)
    evaluated_clips = None
    if data.evaluation_list:
        evaluated_clips = prepare_clips(config, evaluated, paths, list_file=data.evaluation_list, progress=progress)
    return StepDataset(
        source_clips, target_clips, evaluated=evaluated_clips, batch_size=config.optim.batch_size, seed=config.seed
    )


def prepare_source_clips(
    config: TrainConfig, items: Sequence[ListItem], paths: PreparedPaths, *, cache: ArrayCache, progress: bool
) -> SourceDataset | SourceVideos:
    """Generate clips of photos; of videos, cache the flow if it is used."""
    if not is_photo(items[0].path):
        # With a cache of its own: the keys are those of the target's videos.
        own = ArrayCache(max_bytes=int(config.loading.cache_gib * 2**30))
        own_paths, list_file = PreparedPaths(paths.root / "source"), config.data.source_list
        return SourceVideos(prepare_clips(config, items, own_paths, list_file=list_file, cache=own, progress=progress))
    motion, fresh = config.motion, None
    if motion.source == "camera-motion":
        generate_source_clips(items, paths, config=config, progress=progress)
    elif motion.source == "fresh-camera-motion":
        fresh = FreshClips(items, motion=motion, clip=config.clip, cache=cache)
        fresh.check(progress=progress)
    return SourceDataset(items, paths, clip=config.clip, static=motion.source == "static", cache=cache, fresh=fresh)


def prepare_clips(
    config: TrainConfig,
    items: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    list_file: Path,
    cache: ArrayCache | None = None,
    progress: bool,
) -> TargetDataset:
    """Return a list's videos, with their flow cached if it is used.

    Those that are evaluated apart from the target's have a folder of their own: the lists may name files alike.
    """
    evaluation_list = config.data.evaluation_list
    if evaluation_list and list_file.resolve() == evaluation_list.resolve():
        paths = PreparedPaths(paths.root / "evaluation")
    workers = max(config.loading.num_workers, 1)
    if config.uses_flow:
        facts = cache_target_flow(
            items,
            paths,
            list_file=list_file,
            clip=config.clip,
            workers=workers,
            limit_s=config.loading.seconds_per_file,
            progress=progress,
        )
    else:
        facts = facts_of(
            items,
            paths.video_facts(list_file),
            list_file=list_file,
            workers=workers,
            limit_s=config.loading.seconds_per_file,
            progress=progress,
        )
    return TargetDataset(
        items,
        facts,
        paths,
        clip=config.clip,
        num_paces=config.cfb.num_paces,
        cache=cache or ArrayCache(max_bytes=0),
        with_flow=config.uses_flow,
    )
