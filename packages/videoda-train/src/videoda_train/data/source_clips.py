"""Stage A: every still becomes a clip with exact flow."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import depthmotion

from videoda_train.data.clip_photos import require_same_photos
from videoda_train.data.list_file import ListItem, write_list
from videoda_train.data.packed_clips import pack_clips
from videoda_train.data.prepared import PreparedPaths, require_distinct, require_same_settings, source_clip_name
from videoda_train.errors import MediaError
from videoda_train.recipes.config import TrainConfig


def generate_source_clips(
    items: Sequence[ListItem], paths: PreparedPaths, *, config: TrainConfig, progress: bool
) -> None:
    """Generate a clip and its flow for every listed still; finished ones are kept and skipped.

    Clips are packed as they are loaded afterwards, as many as `loading.packed_gib` allows.

    Flow is stored at the clips' own scale, clipped at the bound that `clip.flow_bound` is there.

    Raises:
        MediaError: naming the stills that could not be read; all others are finished.
        ConfigError: the folder holds clips made with other settings, or of other photos of these names.
    """
    motion, clip = config.motion, config.clip
    require_distinct([source_clip_name(item) for item in items], list_file=config.data.source_list)
    settings: dict[str, object] = {
        "seed": config.seed,
        "depth": motion.depth,
        "num_frames": clip.num_frames,
        "size": motion.size,
        "translation": list(motion.translation),
        "rotation_deg": list(motion.rotation_deg),
        "flow_bound": generated_flow_bound(config),
    }
    require_same_settings(paths.source_frames, settings | {"photos": "by content"})
    require_same_photos(items, paths)
    with tempfile.TemporaryDirectory() as folder:
        list_file = Path(folder) / "source.txt"
        write_list(list_file, [(str(item.path.resolve()), item.label) for item in items])
        summary = depthmotion.generate(
            list_file,
            paths.source_frames,
            depthmotion.GenerateConfig(
                depth=motion.depth,
                num_frames=clip.num_frames,
                size=(motion.size, motion.size),
                path="random_walk",
                translation=motion.translation,
                rotation_deg=motion.rotation_deg,
                seed=config.seed,
                workers=motion.workers,
                flow_dir=paths.source_flow,
                flow_format="compact",
                flow_bound=generated_flow_bound(config),
            ),
            progress=progress,
        )
    if summary.failures:
        shown = "\n  ".join(f"{failure.path}: {failure.reason}" for failure in summary.failures[:10])
        raise MediaError(
            f"{len(summary.failures)} of {len(items)} photos in {config.data.source_list} cannot be used:\n  {shown}"
        )
    pack_clips(
        items,
        paths,
        clip=clip,
        made_with=settings,
        max_bytes=int(config.loading.packed_gib * 2**30),
        workers=motion.workers,
        progress=progress,
    )


def generated_flow_bound(config: TrainConfig) -> float:
    """Return the flow bound at the generated clips' scale [px]."""
    return config.clip.flow_bound * config.motion.size / config.clip.resize
