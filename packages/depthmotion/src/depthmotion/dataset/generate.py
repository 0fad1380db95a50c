"""From a list of photos to a folder of clips."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from depthmotion.atomic_output import owner, sweep_partials
from depthmotion.dataset.config import GenerateConfig
from depthmotion.dataset.kept_files import is_finished, one_line, put_clip, what_is_in_the_way, with_marks
from depthmotion.dataset.local_engine import run_local
from depthmotion.dataset.make_clip import PARTIALS, Outcome, is_disk_full
from depthmotion.dataset.manifest import Manifest, finished_of, open_manifest, read_manifests
from depthmotion.dataset.photo_list import Failure, Item, read_items, reason_of
from depthmotion.dataset.ray_engine import run_ray
from depthmotion.dataset.tasks import tasks_of
from depthmotion.depth_sources import load_depth
from depthmotion.errors import OutputError
from depthmotion.progress import with_progress


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
        progress: show progress on stderr: a bar on a terminal, elsewhere a line a minute.

    Raises:
        ConfigError: the list cannot be read, two photos would share a folder, or another process makes these clips.
        DepthError: the depth source cannot be used at all.
        OutputError: something that depthmotion did not write is where a clip belongs, or a clip made with other
            settings and `config.overwrite` is not given (nothing is made then); or the disk is full, and what is
            finished is kept.
    """
    config = config or GenerateConfig()
    out_dir = Path(out_dir)
    items, failures = read_items(Path(list_file), out_dir, config)
    with open_manifest(out_dir, config.shard_of) as manifest:
        call = f"{owner()}~{secrets.token_hex(4)}"
        for folder in _partial_folders(out_dir, config):
            sweep_partials(folder)
        rows = read_manifests(out_dir)
        waiting = unfinished(items, rows, config, progress=progress)
        made, fingerprint = 0, config.fingerprint
        outcomes = _outcomes(waiting, config, owned_by=call)
        shown = with_progress(outcomes, total=len(waiting), what="clips", unit="clip") if progress else outcomes
        try:
            for outcome in shown:
                failure = _finish(outcome, manifest, rows, fingerprint=fingerprint, made=made)
                failures += [] if failure is None else [failure]
                made += failure is None
        finally:
            outcomes.close()  # ends the workers: what they are at would not be swept otherwise
            for folder in _partial_folders(out_dir, config):
                sweep_partials(folder, own=call)
                _remove_if_empty(folder)
    failures.sort(key=lambda failure: str(failure.path))
    return GenerateSummary(made, len(items) - len(waiting), failures)


def unfinished(items: list[Item], rows: dict[str, list[str]], config: GenerateConfig, *, progress: bool) -> list[Item]:
    """Return the items whose clips are not there as the manifests' rows say.

    Raises:
        OutputError: where one of them belongs is something that may not be replaced.
    """
    fingerprint, missing, problems = config.fingerprint, [], []
    checked: Iterable[Item] = items
    if progress and rows and config.verify:
        checked = with_progress(items, total=len(items), what="verifying", unit="clip")
    for item in checked:
        try:
            row = with_marks(item, finished_of(rows.get(item.name, [])))
            problem = None
            if is_finished(item, row, fingerprint):
                continue
            problem = what_is_in_the_way(item, row, fingerprint)
        except (OSError, ValueError):  # such as a name that is too long: making the clip will say so
            problem = None
        missing.append(item)
        problems += [] if problem is None else [problem]
    if problem := one_line(problems):
        raise OutputError(problem)
    return missing


def _finish(
    outcome: Outcome, manifest: Manifest, rows: dict[str, list[str]], *, fingerprint: str, made: int
) -> Failure | None:
    """Put a clip into its place, or say why there is none.

    Raises:
        OutputError: the disk is full.
    """
    item, error, disk_full = outcome.item, outcome.error, outcome.disk_full
    if error is None:
        row = with_marks(item, finished_of(rows.get(item.name, [])))
        try:
            # Noted first: killed in between, a call finds the files that it put there known as its own.
            manifest.add(
                item,
                fingerprint=fingerprint,
                marks=outcome.marks,
                inputs=outcome.inputs,
                objects=outcome.objects,
            )
            put_clip(item, outcome.partials, outcome.marks, row)
        except Exception as caught:  # one clip must not cost all others
            manifest.add(item, fingerprint="not in its place", marks=outcome.marks, inputs={}, objects=())
            error, disk_full = reason_of(caught), is_disk_full(caught)
    if disk_full:
        free = shutil.disk_usage(item.out_dir).free
        raise OutputError(
            f"{error}: clips cannot be written into {item.out_dir} any more, {free} bytes are free there. "
            f"{made} were made, and are kept; make room and call again."
        )
    return None if error is None else Failure(item.photo, error, item.line)


def _outcomes(items: list[Item], config: GenerateConfig, *, owned_by: str) -> Generator[Outcome, None, None]:
    if not items:
        return
    source = load_depth(config.depth, device=config.device, batch_size=config.depth_batch)
    tasks = tasks_of(items, source, batch=max(config.depth_batch, 1), owned_by=owned_by)
    if config.engine == "ray":
        yield from run_ray(tasks, in_flight=2 * config.workers)
    else:
        yield from run_local(tasks, workers=min(config.workers, len(items)))


def _partial_folders(out_dir: Path, config: GenerateConfig) -> list[Path]:
    return [folder / PARTIALS for folder in config.folders(out_dir).values()]


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
