"""From a list of photos to a folder of clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from depthmotion.atomic_output import sweep_partials
from depthmotion.dataset.config import GenerateConfig
from depthmotion.dataset.local_engine import run_local
from depthmotion.dataset.make_clip import PARTIALS, Outcome
from depthmotion.dataset.manifest import is_finished, open_manifest, read_manifests
from depthmotion.dataset.photo_list import Failure, Item, read_items
from depthmotion.dataset.ray_engine import run_ray
from depthmotion.dataset.tasks import tasks_of
from depthmotion.depth_sources import load_depth
from depthmotion.errors import OutputError


@dataclass(frozen=True)
class GenerateSummary:
    """What a call of `generate` did: clips made now, clips that were there already, photos that failed."""

    made: int
    kept: int
    failures: list[Failure] = field(default_factory=list)


def generate(
    list_file: str | Path, out_dir: str | Path, config: GenerateConfig | None = None, *, progress: bool = True
) -> GenerateSummary:
    """Make a clip of every photo of a list file, in the published layout `OUT/CLASS/IMAGE_FILE_NAME/00000.jpg …`.

    CLASS is the photo's folder, or, in a flat `JPEGImages`, its name up to the last `_`. A clip is there whole or not
    at all; finished ones (in `manifest.jsonl`, made with the same settings, of the same bytes) are kept, so an
    interrupted call goes on where it stopped. A photo that cannot be used is reported in the summary and stops nothing
    else.

    Args:
        list_file: one `{path} {label}` per line (or only paths); relative paths are taken from its folder.
        out_dir: where the frames go.
        config: how clips are made.
        progress: show a progress bar.

    Raises:
        ConfigError: the list cannot be read, two photos would share a folder, or another process makes these clips.
        DepthError: the depth source cannot be used at all.
        OutputError: the disk is full; what is finished is kept.
    """
    config = config or GenerateConfig()
    out_dir = Path(out_dir)
    items, failures = read_items(Path(list_file), out_dir, config)
    out_dir.mkdir(parents=True, exist_ok=True)
    with open_manifest(out_dir, config.shard_of) as manifest:
        for folder in _partial_folders(out_dir, config):
            sweep_partials(folder)
        waiting = unfinished(items, out_dir, config, progress=progress)
        made = 0
        fingerprint, show = config.fingerprint, progress and bool(waiting)
        for outcome in tqdm(
            _outcomes(waiting, config), total=len(waiting), desc="clips", unit="clip", disable=not show
        ):
            if outcome.disk_full:
                raise OutputError(
                    f"{outcome.error}: clips cannot be written any more. {made} were made, and are kept; make room "
                    "and call again."
                )
            if outcome.digest is None:
                failures.append(Failure(outcome.item.photo, outcome.error or "unknown"))
                continue
            manifest.add(outcome.item, fingerprint=fingerprint, digest=outcome.digest, objects=outcome.objects)
            made += 1
        for folder in _partial_folders(out_dir, config):
            sweep_partials(folder)
    failures.sort(key=lambda failure: str(failure.path))
    return GenerateSummary(made, len(items) - len(waiting), failures)


def unfinished(items: list[Item], out_dir: Path, config: GenerateConfig, *, progress: bool) -> list[Item]:
    """Return the items whose clips are not there as the manifests say."""
    done, fingerprint = read_manifests(out_dir), config.fingerprint
    show = progress and bool(done) and config.verify
    return [
        item
        for item in tqdm(items, desc="verifying", unit="clip", disable=not show, leave=False)
        if not is_finished(item, done.get(item.name), fingerprint)
    ]


def _outcomes(items: list[Item], config: GenerateConfig) -> Iterator[Outcome]:
    if not items:
        return
    source = load_depth(config.depth, device=config.device, batch_size=config.depth_batch)
    tasks = tasks_of(items, source, batch=max(config.depth_batch, 1))
    if config.engine == "ray":
        yield from run_ray(tasks, in_flight=2 * config.workers)
    else:
        yield from run_local(tasks, workers=min(config.workers, len(items)))


def _partial_folders(out_dir: Path, config: GenerateConfig) -> list[Path]:
    return [folder / PARTIALS for folder in config.folders(out_dir).values()]
