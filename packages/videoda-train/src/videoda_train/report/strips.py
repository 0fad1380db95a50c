"""The strips of a page: photos made into clips, and videos to classify."""

from collections.abc import Sequence
from pathlib import Path

from videoda_train.data.list_file import ListItem, read_classes, read_labelled, read_list
from videoda_train.data.prepared import PreparedPaths
from videoda_train.errors import VideodaError
from videoda_train.recipes.config import TrainConfig
from videoda_train.report.clip_strip import frames_strip, source_strip, target_strip
from videoda_train.report.figures import png_data_uri
from videoda_train.run_folder import RunFolder

_MOST = 4


def items_of(config: TrainConfig, list_file: Path) -> list[ListItem]:
    """Return a run's videos, none where its list cannot be read any more: a page shows what there is."""
    try:
        return read_list(list_file, root=config.data.root)
    except VideodaError:
        return []


def source_strips(run_dirs: Sequence[Path]) -> list[dict[str, str]]:
    """Return strips of the first photo of up to four classes, from the first run that generated clips."""
    for path in run_dirs:
        folder = RunFolder(path)
        config = folder.read_config()
        paths = PreparedPaths(config.loading.prepared_dir or folder.root / "prepared")
        if config.motion.source == "static" or not paths.source_frames.is_dir():
            continue
        try:
            classes = read_classes(config.data.class_map)
            items = read_labelled(config.data.source_list, root=config.data.root, classes=classes)
        except VideodaError:
            continue
        bound = config.clip.flow_bound * config.motion.size / config.clip.resize
        strips = []
        for item in _one_per_class(items, _MOST):
            try:
                image = source_strip(item, paths, flow_bound=bound)
            except (VideodaError, OSError):
                image = None
            if image is not None:
                strips.append({"name": item.name, "image": png_data_uri(image)})
        return strips
    return []


def target_strips(folder: RunFolder) -> list[dict[str, str]]:
    """Return strips of one video of up to four classes, or of the first four videos where none has a label."""
    config = folder.read_config()
    paths = PreparedPaths(config.loading.prepared_dir or folder.root / "prepared")
    strips = []
    for item in _one_per_class(items_of(config, config.data.target_list), _MOST):
        try:
            shown = (
                target_strip(item, paths, flow_bound=config.clip.flow_bound)
                if shows_flow(config)
                else frames_strip(item)
            )
        except (VideodaError, OSError):
            continue
        strips.append({"name": item.name, "image": png_data_uri(shown)})
    return strips


def shows_flow(config: TrainConfig) -> bool:
    """Say whether a run has the flow of whole videos at hand."""
    return config.inputs == "streams" and config.uses_flow


def _one_per_class(items: Sequence[ListItem], count: int) -> list[ListItem]:
    """Return the first item of each class in the classes' order, filled up with items without label."""
    first: dict[int, ListItem] = {}
    for item in items:
        if item.label is not None:
            first.setdefault(item.label, item)
    without = [item for item in items if item.label is None]
    return [*(first[label] for label in sorted(first)), *without][:count]
