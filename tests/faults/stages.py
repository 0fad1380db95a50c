"""What is killed: one command per stage, the way it is continued, and where its results are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from flowbank import FlowBank
from processes import Command
from videoda_bench import miniatures
from videoda_bench.miniature import MiniatureConfig, make_e2h
from videoda_train.data import packed_clips
from videoda_train.engine import checkpoint, run, training_loop
from videoda_train.engine.weight_update import WeightUpdate
from worlds import make_world, pack_videos

Phases = Mapping[str, tuple[Any, str]]


@dataclass(frozen=True)
class Stage:
    """One command in a folder of its own; all paths are relative to it."""

    name: str
    command: Command
    resume: Command
    outputs: tuple[str, ...]
    """Folders whose files are compared at the end."""
    make: Callable[[Path], None] = make_world
    """Writes the inputs."""
    first: tuple[Command, ...] = ()
    """Commands whose results are inputs too."""
    decoys: tuple[str, ...] = ()
    """Folders that hold the user's own files."""
    changing: tuple[str, ...] = ("*manifest*.jsonl",)
    """Files that are not final when they are first seen."""
    phases: Phases = field(default_factory=dict)
    before: Callable[[], None] | None = None
    """Called in the process before the command."""
    weight: int = 1
    """Its share of the kills."""


def _videoda(*arguments: str) -> Command:
    return Command("videoda", arguments)


def _generation(*, workers: int) -> Command:
    options = ("--num-frames", "6", "--size", "48", "64", "--workers", str(workers))
    folders = ("--out", "out/frames", "--flow-dir", "out/flow", "--mask-dir", "out/masks", "--depth-dir", "out/depth")
    return Command("depthmotion", ("generate", "--list", "photos.txt", *folders, *options))


def _list_command(name: str, *options: str) -> tuple[Command, Command]:
    # One worker and no limit: the work is done in the command's own process, which is the one that is killed.
    alone = ("--workers", "1", "--seconds-per-file", "0")
    command = _videoda("data", name, "videos.txt", "--out", "out", *alone, *options)
    return command, _resumed(command)


def _resumed(command: Command) -> Command:
    return replace(command, arguments=(*command.arguments, "--resume"))


_TRAINING = _videoda(
    *("train", "custom", "--source-list", "photos.txt", "--target-list", "videos.txt", "--classes", "classes.txt"),
    *("--run-dir", "run", "--device", "cpu", "--precision", "fp32"),
    *("--clip.num-frames", "4", "--clip.num-eval-frames", "8", "--clip.resize", "36", "--clip.crop", "32"),
    *("--clip.flow-bound", "5", "--motion.size", "48", "--motion.workers", "1"),
    *("--cfb.bank-size", "2", "--cfb.bank-from-epoch", "0"),
    *("--optim.lr", "0.02", "--optim.batch-size", "4", "--optim.lr-batch-size", "None", "--optim.epochs", "2"),
    *("--optim.milestones", "1", "--optim.ema-decay", "0.9"),
    *("--checkpoint.every-minutes", "0", "--checkpoint.keep-last", "2"),
    *("--checkpoint.keep-best", "information_maximisation"),
)
_VIEWS = _videoda(
    *("train", "custom", "--method", "glad_cfb", "--source-list", "photos.txt", "--target-list", "videos.txt"),
    *("--classes", "classes.txt", "--run-dir", "run", "--device", "cpu", "--precision", "fp32"),
    *("--clip.num-frames", "8", "--clip.num-eval-frames", "16", "--clip.resize", "36", "--clip.crop", "32"),
    *("--clip.flow-bound", "5", "--motion.source", "static", "--model.backbone", "i3d-r50-tiny"),
    *("--views.short-side", "36", "--views.crop", "32", "--glad.width", "32", "--cfb.bank-size", "2"),
    *("--cfb.bank-from-epoch", "0", "--optim.lr", "0.002", "--optim.batch-size", "4", "--optim.lr-batch-size", "None"),
    *("--optim.epochs", "2", "--optim.milestones", "1", "--checkpoint.every-minutes", "0"),
)
_TRAINING_PHASES: Phases = {
    "preparation": (run, "prepare_training"),
    "packing": (packed_clips, "_pack"),
    "a step": (WeightUpdate, "__call__"),
    "an evaluation": (training_loop, "evaluate"),
    "a checkpoint": (checkpoint, "write_bytes"),
    "a commit of the bank": (FlowBank, "commit"),
    "the report": (run, "write_report"),
}
_EVALUATION = _videoda("eval", "run", "--list", "videos.txt", "--out", "out/eval", "--device", "cpu")
_REPORT = _videoda("report", "run", "--out", "out/report.html")
_PREPARE = _videoda("data", "prepare", "e2h", "--eads", "eads", "--hmdb51", "hmdb51", "--out", "out")
_WORLD = Command("videoda-bench", ("world", "e2h", "--preset", "smoke", "--out", "out"))


def _packed_world(folder: Path) -> None:
    make_world(folder, classes=13, photos=1, videos=2)
    pack_videos(folder)


def _smaller_miniature() -> None:
    smallest = MiniatureConfig(stills_per_class=1, videos_per_class=1, num_frames=(4, 5), image_size=(48, 64))
    make = partial(make_e2h, config=smallest, workers=1)
    known: Any = miniatures.MINIATURES["e2h"]
    known["smoke"] = replace(known["smoke"], make=make)


def _with_workers(command: Command) -> Command:
    return replace(command, arguments=(*command.arguments, "--workers", "2", "--seconds-per-file", "600"))


def _overwritten(command: Command) -> Command:
    return replace(command, arguments=(*command.arguments, "--overwrite"))


_flow, _flow_again = _list_command("flow", "--short-side", "48")
_median, _median_again = _list_command("median")
_transcode, _transcode_again = _list_command("transcode")
_generate = _generation(workers=1)

STAGES = (
    Stage("generation", _generate, _generate, ("out",), decoys=("out/frames", "out/flow", "out/masks"), weight=4),
    Stage("generation, 2 workers", _generation(workers=2), _generation(workers=2), ("out",), decoys=("out/frames",)),
    Stage("flow", _flow, _flow_again, ("out",), decoys=("out",), weight=3),
    Stage("flow, 2 workers", _with_workers(_flow), _with_workers(_flow_again), ("out",), decoys=("out",)),
    Stage("medians", _median, _median_again, ("out",), decoys=("out",), weight=5),
    Stage(
        "prepare, with unpacking",
        _PREPARE,
        _PREPARE,
        ("out", "hmdb51"),
        make=_packed_world,
        decoys=("out", "hmdb51"),
        weight=5,
    ),
    Stage("transcode", _transcode, _transcode_again, ("out",), decoys=("out",), weight=3),
    Stage(
        "training, cfb",
        _TRAINING,
        _resumed(_TRAINING),
        ("run",),
        decoys=("run",),
        changing=("*",),
        phases=_TRAINING_PHASES,
        weight=5,
    ),
    Stage(
        "training, glad_cfb",
        _VIEWS,
        _resumed(_VIEWS),
        ("run",),
        changing=("*",),
        make=partial(make_world, photos=4),
        phases={name: place for name, place in _TRAINING_PHASES.items() if name != "packing"},
        weight=1,
    ),
    Stage(
        "evaluation",
        _EVALUATION,
        _overwritten(_EVALUATION),
        ("out",),
        first=(_TRAINING,),
        decoys=("out/eval",),
        weight=3,
    ),
    Stage("report", _REPORT, _overwritten(_REPORT), ("out",), first=(_TRAINING,), decoys=("out",), weight=3),
    Stage("making a miniature world", _WORLD, _WORLD, ("out",), before=_smaller_miniature, weight=2),
)
