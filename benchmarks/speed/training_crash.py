"""Kill training runs with SIGKILL wherever they are and continue them: `python benchmarks/speed/training_crash.py`."""

import argparse
import hashlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
import torch
from flowbank import FlowBank
from measurements import row, write_section
from videoda_train.engine import checkpoint, run_training, training_loop
from videoda_train.engine.checkpoint import load_checkpoint
from videoda_train.engine.weight_update import WeightUpdate
from videoda_train.recipes.config import (
    CfbConfig,
    CheckpointConfig,
    ClipConfig,
    DataConfig,
    LoadingConfig,
    MethodName,
    ModelConfig,
    MotionConfig,
    OptimConfig,
    TrainConfig,
)
from videoda_train.recipes.views_config import GladConfig, ViewsConfig
from videoda_train.run_folder import RunFolder

METHODS: tuple[MethodName, ...] = ("cfb", "glad", "glad_cfb")
CLASSES, VIDEOS, FRAMES, SIDE = 3, 4, 24, 48
PHASES: dict[str, tuple[Any, str]] = {
    "a step": (WeightUpdate, "__call__"),
    "an evaluation": (training_loop, "evaluate"),
    "a checkpoint": (checkpoint, "write_bytes"),
    "a commit of the bank": (FlowBank, "commit"),
}


def make_videos(folder: Path, *, seed: int) -> Path:
    """Write videos of moving soft noise, one direction per class, and their list; return the list."""
    lines = []
    for label in range(CLASSES):
        for number in range(VIDEOS):
            file = folder / f"class{label}" / f"video{number}.avi"
            file.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng([seed, label, number])
            image = cv2.resize(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8), (64, SIDE))
            writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 12, (64, SIDE))
            for frame in range(FRAMES):
                writer.write(np.roll(image, frame * (label - 1) * 2, axis=1))
            writer.release()
            lines.append(f"{file} {label}")
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    return folder / "list.txt"


def make_photos(folder: Path) -> Path:
    """Write photos of soft noise and their list; return the list."""
    lines = []
    for label in range(CLASSES):
        for number in range(VIDEOS):
            file = folder / f"class{label}" / f"photo{number}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng([label, number])
            cv2.imwrite(str(file), cv2.resize(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8), (64, SIDE)))
            lines.append(f"{file} {label}")
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    return folder / "list.txt"


def config_of(method: MethodName, folder: Path) -> TrainConfig:
    """Return a run of seconds that saves after every step."""
    (folder / "classes.txt").write_text("left\nstill\nright\n")
    source = make_photos(folder / "photos") if method == "cfb" else make_videos(folder / "source", seed=0)
    target = make_videos(folder / "target", seed=1)
    base = TrainConfig(
        data=DataConfig(source, target, folder / "classes.txt"),
        device="cpu",
        precision="fp32",
        model=ModelConfig(rgb="i3d-inception-tiny-rgb", flow="i3d-inception-tiny-flow", backbone="i3d-r50-tiny"),
        motion=MotionConfig(source="static"),
        clip=ClipConfig(num_frames=4, num_eval_frames=8, resize=36, crop=32, flow_bound=5.0),
        cfb=CfbConfig(bank_size=2, bank_from_epoch=0),
        optim=OptimConfig(lr=0.02, batch_size=4, epochs=4, milestones=(3,), ema_decay=0.9),
        checkpoint=CheckpointConfig(every_minutes=0.0, keep_last=2, keep_best="information_maximisation"),
        loading=LoadingConfig(prepared_dir=folder / "prepared"),
    )
    if method == "cfb":
        return base
    clip, views = replace(base.clip, num_frames=8, num_eval_frames=16), ViewsConfig(short_side=36, crop=32)
    return replace(
        base,
        method=method,
        inputs="views",
        clip=clip,
        views=views,
        glad=GladConfig(width=32),
        model=replace(base.model, batch_norm_momentum=0.1),
        optim=replace(base.optim, lr=0.002),
    )


def announced(function: Callable[..., Any], number: int, inside: "SynchronizedArray[int]") -> Callable[..., Any]:
    """Return the function, with how often it was entered and whether it is running told in shared memory."""

    def call(*arguments: Any, **named: Any) -> Any:
        inside[2 * number] += 1
        inside[2 * number + 1] = 1
        try:
            return function(*arguments, **named)
        finally:
            inside[2 * number + 1] = 0

    return call


def train(config: TrainConfig, run_dir: Path, inside: "SynchronizedArray[int]") -> None:
    """Run or continue, telling where it is."""
    with ExitStack() as patched:
        for number, (owner, name) in enumerate(PHASES.values()):
            told = announced(getattr(owner, name), number, inside)
            patched.enter_context(mock.patch.object(owner, name, told))
        run_training(config, run_dir, resume=True, progress=False)


def digest(run_dir: Path) -> str:
    """Return a hash of everything a finished run's checkpoint holds but the time it took, and of its predictions."""
    folder = RunFolder(run_dir)
    content = load_checkpoint(folder.checkpoint_file)
    del content["elapsed_seconds"]
    sums = hashlib.sha256(folder.predictions_file.read_bytes())
    add(content, sums.update)
    for record in folder.read_metrics():
        sums.update(repr([record["epoch"], record["losses"], record["criteria"], record.get("bank_counts")]).encode())
    return sums.hexdigest()


def add(value: Any, update: Callable[[bytes], object]) -> None:
    """Feed the bytes of nested tensors and plain values to a hash."""
    if isinstance(value, dict):
        for key in value:
            update(repr(key).encode())
            add(value[key], update)
    elif isinstance(value, list | tuple):
        for item in value:
            add(item, update)
    else:
        update(value.numpy().tobytes() if isinstance(value, torch.Tensor) else repr(value).encode())


def trial(method: MethodName, *, kills: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Kill one run again and again, finish it, compare it with a run that was left alone; return the table's rows."""
    context = multiprocessing.get_context("fork")
    phases = list(PHASES)[: 3 if method == "glad" else 4]
    killed_in = dict.fromkeys(["between these", *phases], 0)
    with tempfile.TemporaryDirectory() as name:
        config = config_of(method, Path(name))
        calm, hit = Path(name) / "calm", Path(name) / "hit"
        run_training(config, calm, progress=False)
        for kill in range(kills):
            inside: Any = context.Array("q", 2 * len(PHASES), lock=False)
            process = context.Process(target=train, args=(config, hit, inside))
            process.start()
            wanted = phases.index(phases[kill % len(phases)])
            entries = int(rng.integers(1, 3))
            while process.is_alive() and inside[2 * wanted] < entries:
                time.sleep(0.0002)
            time.sleep(float(rng.uniform(0, 0.02)))
            assert process.is_alive(), "the run ended before it was killed; lower --kills"
            process.kill()
            process.join()
            running = [phase for number, phase in enumerate(PHASES) if inside[2 * number + 1]]
            killed_in[running[-1] if running else "between these"] += 1
        left = load_checkpoint(RunFolder(hit).checkpoint_file)
        run_training(config, hit, resume=True, progress=False)
        same = digest(calm) == digest(hit)
    places = [f"{count} in {phase}" if phase in phases else f"{count} {phase}" for phase, count in killed_in.items()]
    where = ", ".join(places)
    return [
        row(f"{method}: SIGKILLs while running", f"{kills}: {where}", target="10", met=kills >= 10),
        row(f"{method}: after the last one it went on from", f"epoch {left['epoch']}, step {left['step']}"),
        row(f"{method}: weights, optimiser, losses, scores as in a run left alone", str(same), target="True", met=same),
    ]


def main() -> None:
    """Run the trials and store what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    rows = [one for method in arguments.methods for one in trial(method, kills=arguments.kills, rng=rng)]
    write_section("training-crash", "training runs killed with SIGKILL wherever they were", rows)


if __name__ == "__main__":
    main()
