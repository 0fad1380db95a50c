"""The data of methods that see videos through views: prepared files and datasets of both domains."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from videoda_train.data.array_cache import ArrayCache
from videoda_train.data.clip_orders import OrderedVideos
from videoda_train.data.item_facts import facts_of
from videoda_train.data.item_reader import is_photo
from videoda_train.data.list_file import ListItem
from videoda_train.data.made_files import state_of
from videoda_train.data.median_list import make_medians
from videoda_train.data.no_training import NoTraining
from videoda_train.data.prepared import PreparedPaths, require_distinct, source_clip_name, target_video_name
from videoda_train.data.resize import resize_short_side, squash
from videoda_train.data.source_clips import generate_source_clips
from videoda_train.data.source_key import source_key
from videoda_train.data.training_data import TrainingData
from videoda_train.data.view_augmentation import RandomBackground, RandomCrop, keep
from videoda_train.data.view_batches import Augment, ViewsData
from videoda_train.data.view_flow_batches import ViewsFlowData, ViewsFlowVideos
from videoda_train.data.view_plan import ViewPlan
from videoda_train.data.view_videos import ViewVideos
from videoda_train.engine.stream_data import prepare_clips, prepare_source_clips
from videoda_train.errors import MediaError
from videoda_train.methods.zero_shot import image_side
from videoda_train.recipes.config import TrainConfig


def prepare_views(
    config: TrainConfig,
    source: Sequence[ListItem],
    target: Sequence[ListItem],
    evaluated: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    progress: bool,
) -> TrainingData:
    """Look at the videos, make what the source lacks (clips of photos, backgrounds), and return the training data.

    Finished work is kept. The supervised upper bound has the target's labelled videos for a source. With CFB's parts
    there is a clip with flow of every video beside its views.
    """
    if config.method == "zero_shot":
        return NoTraining(prepare_evaluation_views(config, evaluated, paths, progress=progress))
    supervised = config.method == "supervised"
    cache = ArrayCache(max_bytes=int(config.loading.cache_gib * 2**30))
    photos_or_videos = source
    if supervised:
        source = target
    elif config.motion.source == "camera-motion" and is_photo(source[0].path):
        source = _generated(config, source, paths, progress=progress)
    videos = partial(_videos, config, paths=paths, cache=cache, progress=progress)
    data, is_tol = config.data, config.method == "tol"
    target_views = videos(target, list_file=data.target_list)
    evaluated_videos = prepare_evaluation_views(config, evaluated, paths, cache=cache, progress=progress)
    views = ViewsData(
        videos(source, list_file=data.target_list if supervised else data.source_list, is_source=True),
        target_views,
        evaluated_videos,
        random_target=is_tol,
        augment_source=keep if is_tol else _source_augmentation(config, source, paths, cache=cache, progress=progress),
        augment_target=keep if is_tol else _random_crop(config),
        batch_size=config.optim.batch_size,
        seed=config.seed,
    )
    if not isinstance(evaluated_videos, ViewsFlowVideos):
        return views
    clips = prepare_clips(config, target, paths, list_file=data.target_list, cache=cache, progress=progress)
    return ViewsFlowData(
        views,
        source_clips=prepare_source_clips(config, photos_or_videos, paths, cache=cache, progress=progress),
        target_clips=clips,
        evaluated=evaluated_videos,
        adapted=ViewsFlowVideos(target_views, clips) if data.evaluation_list else evaluated_videos,
        seed=config.seed,
    )


def prepare_evaluation_views(
    config: TrainConfig,
    items: Sequence[ListItem],
    paths: PreparedPaths,
    *,
    list_file: Path | None = None,
    cache: ArrayCache | None = None,
    progress: bool,
) -> ViewVideos | ViewsFlowVideos:
    """Look at the videos to classify and return them as evaluation data."""
    list_file = list_file or config.data.evaluation_list or config.data.target_list
    views = _videos(
        config,
        items,
        list_file=list_file,
        paths=paths,
        cache=cache or ArrayCache(max_bytes=0),
        progress=progress,
        is_evaluation=True,
    )
    if config.method != "glad_cfb":
        return views
    return ViewsFlowVideos(views, prepare_clips(config, items, paths, list_file=list_file, progress=progress))


def _videos(
    config: TrainConfig,
    items: Sequence[ListItem],
    *,
    list_file: Path,
    paths: PreparedPaths,
    cache: ArrayCache,
    progress: bool,
    is_source: bool = False,
    is_evaluation: bool = False,
) -> ViewVideos:
    views, size = config.views, config.views.crop
    if config.method == "tol":
        kind: type[ViewVideos] = OrderedVideos if is_evaluation else ViewVideos
        tol = config.tol
        plan = ViewPlan(
            num_clips=tol.num_clips,
            num_frames=views.num_frames,
            interval=tol.source_interval if is_source else tol.target_interval,
            local_clips=range(tol.num_clips),
        )
        resize = partial(squash, size=views.crop, short_side=views.short_side if is_source else None)
    elif config.method == "zero_shot":
        # Frames alone: a grid of one column.
        kind, size = ViewVideos, image_side(config.zero_shot.model)
        plan = ViewPlan(
            num_clips=config.zero_shot.num_frames, num_frames=1, interval=1, local_clips=(), global_columns=(0,)
        )
        resize = partial(resize_short_side, side=size)
    else:
        kind = ViewVideos
        plan = ViewPlan(
            num_clips=views.num_clips,
            num_frames=views.num_frames,
            interval=views.source_interval if is_source else views.target_interval,
            local_clips=views.local_clips,
            global_columns=views.global_columns,
        )
        resize = partial(resize_short_side, side=views.short_side)
    workers = max(config.loading.num_workers, 1)
    facts = facts_of(
        items,
        paths.video_facts(list_file),
        list_file=list_file,
        workers=workers,
        limit_s=config.loading.seconds_per_file,
        progress=progress,
    )
    name = f"{'evaluation' if is_evaluation else 'source' if is_source else 'target'}-views"
    return kind(items, facts, plan=plan, resize=resize, size=size, cache=cache, name=name)


def _generated(
    config: TrainConfig, source: Sequence[ListItem], paths: PreparedPaths, *, progress: bool
) -> list[ListItem]:
    """Return the clips that a moving camera makes of photos, as folders of frames."""
    generate_source_clips(source, paths, config=config, progress=progress)
    return [replace(item, path=paths.source_frames / source_clip_name(item)) for item in source]


def _random_crop(config: TrainConfig) -> RandomCrop:
    views = config.views
    return RandomCrop(size=views.crop, scales=views.crop_scales, flip_probability=views.flip_probability)


def _source_augmentation(
    config: TrainConfig, source: Sequence[ListItem], paths: PreparedPaths, *, cache: ArrayCache, progress: bool
) -> Augment:
    crop, glad = _random_crop(config), config.glad
    if config.method not in ("glad", "glad_cfb") or not glad.background:
        return crop
    return RandomBackground(
        augment=crop,
        backgrounds=_medians(config, source, paths, progress=progress),
        short_side=config.views.short_side,
        probability=glad.background_probability,
        weight=glad.background_weight,
        cache=cache,
    )


def _medians(config: TrainConfig, source: Sequence[ListItem], paths: PreparedPaths, *, progress: bool) -> list[Path]:
    """Return the median image of every source video, over all of its frames, making those that are missing."""
    videos = [replace(item, stretch=None) for item in {item.path: item for item in source}.values()]
    given, list_file = config.glad.medians, config.data.source_list
    if given is None:
        folder, places = paths.root / "median", [paths.median_file(video) for video in videos]
    else:
        names = [target_video_name(video) for video in videos]
        require_distinct(names, list_file=list_file)
        folder, places = given, [given / f"{name}.jpg" for name in names]
    wanted = dict(zip(places, videos, strict=True))
    if given:  # a picture that `data median` did not make is the user's word for the background
        wanted = {
            place: video
            for place, video in wanted.items()
            if state_of([place], made_from=source_key(video), inside=given) != "foreign"
        }
    summary = make_medians(
        wanted,
        list_file=list_file,
        out_dir=folder,
        workers=max(config.loading.num_workers, 1),
        resume=True,
        limit_s=config.loading.seconds_per_file,
        progress=progress,
    )
    if summary.failures:
        shown = "\n  ".join(summary.failures[:10])
        raise MediaError(f"{len(summary.failures)} backgrounds cannot be made:\n  {shown}")
    return places
