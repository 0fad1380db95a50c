"""Workers that die, decoders that hang, inputs that vanish, a second run, clocks that jump: told, bounded, mended."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from environments import kill_one_worker
from processes import Command, Running, Watch, finish, preload, start
from stages import STAGES, Stage
from trees import differences, tree
from videoda_train.data.video_reader import _pyav
from videoda_train.engine.weight_update import WeightUpdate
from worlds import make_world

pytestmark = pytest.mark.slow
BOUND_S = 120.0


def stage_of(name: str) -> Stage:
    (stage,) = (stage for stage in STAGES if stage.name == name)
    return stage


def folder_of(stage: Stage, tmp_path: Path) -> Path:
    preload()
    folder = tmp_path / "world"
    folder.mkdir()
    stage.make(folder)
    return folder


def more(command: Command, *arguments: str) -> Command:
    return replace(command, arguments=(*command.arguments, *arguments))


def run(command: Command, folder: Path, **options: Any) -> tuple[int | None, str]:
    return finish(command, folder=folder, log=folder.with_name("log"), seconds=BOUND_S, **options)


def outputs(stage: Stage, folder: Path) -> dict[str, str]:
    return {f"{name}/{key}": own for name in stage.outputs for key, own in tree(folder / name).items()}


def wanted(stage: Stage, folder: Path) -> dict[str, str]:
    """Return what the stage gives where nothing is wrong, and remove it."""
    code, said = run(stage.command, folder)
    assert code == 0, said
    found = outputs(stage, folder)
    for name in stage.outputs:
        shutil.rmtree(folder / name)
    return found


@pytest.mark.parametrize("name", ["generation, 2 workers", "flow, 2 workers"])
def test_a_killed_worker_costs_at_most_its_own_item_which_is_named(tmp_path: Path, name: str) -> None:
    stage = stage_of(name)
    folder = folder_of(stage, tmp_path)
    whole = wanted(stage, folder)
    running = start(stage.command, folder=folder, log=tmp_path / "killed")
    kill_one_worker(running, seconds=BOUND_S)
    code = running.wait(BOUND_S)
    said = running.said()
    assert "Traceback" not in said
    if code == 2:  # it was still starting: nothing was in its hands
        assert "worker process cannot start" in said, said
    else:
        assert code in (0, 3), (code, said)
        assert code == 0 or "photo &" in said or "#video " in said, said
    assert not running.left_after(20)
    code, said = run(stage.resume, folder)
    assert code == 0, said
    assert differences(whole, outputs(stage, folder)) == []


def test_a_decoder_that_hangs_is_stopped_and_its_video_is_named(tmp_path: Path) -> None:
    stage = stage_of("medians")
    folder = folder_of(stage, tmp_path)
    hanging = next((folder / "hmdb51").rglob("#video 0*"))
    hanging.unlink()
    os.mkfifo(hanging)  # whoever opens it waits for ever
    command = Command("videoda", ("data", "check", "videos.txt", "--out", "t.csv", "--seconds-per-file", "5"))
    begun = time.monotonic()
    code, said = run(command, folder)
    assert code == 3, (code, said)
    assert time.monotonic() - begun < BOUND_S
    assert hanging.name in (folder / "t.csv").read_text() + said


def slow_decoder(folder: Path) -> Callable[[], None]:
    """Return what makes reading wait until the test has done something to the folder."""

    def patch() -> None:
        inner = _pyav.open_stream

        def waiting(*arguments: Any, **named: Any) -> Any:
            (folder / "reading").touch()
            limit = time.monotonic() + BOUND_S
            while not (folder / "done").exists() and time.monotonic() < limit:
                time.sleep(0.01)
            return inner(*arguments, **named)

        for module in list(sys.modules.values()):
            if getattr(module, "open_stream", None) is inner:
                module.open_stream = waiting  # type: ignore[attr-defined]

    return patch


@pytest.mark.parametrize("name", ["medians", "flow", "transcode"])
def test_a_video_that_vanishes_while_it_is_worked_on_is_named_and_the_others_are_done(
    tmp_path: Path, name: str
) -> None:
    stage = stage_of(name)
    folder = folder_of(stage, tmp_path)
    whole = wanted(stage, folder)
    running = start(stage.command, folder=folder, log=tmp_path / "vanished", before=slow_decoder(folder))
    while running.alive and not (folder / "reading").exists():
        time.sleep(0.01)
    gone = sorted((folder / "hmdb51").rglob("#video*"))[-1]
    gone.rename(tmp_path / "kept.avi")
    (folder / "done").touch()
    code = running.wait(BOUND_S)
    said = running.said()
    assert code == 3, (code, said)
    assert gone.name in said
    assert "Traceback" not in said
    (tmp_path / "kept.avi").rename(gone)
    code, said = run(stage.resume, folder)
    assert code == 0, said
    assert differences(whole, outputs(stage, folder)) == []


def begun_training(stage: Stage, folder: Path, log: Path, *, seconds: float = BOUND_S) -> Running:
    """Start a run, and return it in its second step."""
    watch = Watch(["a step"])
    phases = {"a step": (WeightUpdate, "__call__")}
    running = start(stage.command, folder=folder, log=log, watch=watch, phases=phases)
    limit = time.monotonic() + seconds
    while running.alive and watch.entered("a step") < 2 and time.monotonic() < limit:
        time.sleep(0.0005)
    assert running.alive, running.said()
    return running


def test_a_photo_that_vanishes_under_a_run_does_not_stop_it_and_a_video_is_named(tmp_path: Path) -> None:
    stage = stage_of("training, cfb")
    folder = folder_of(stage, tmp_path)
    whole = wanted(stage, folder)
    running = begun_training(stage, folder, tmp_path / "log1")
    shutil.move(folder / "eads", tmp_path / "eads")
    shutil.move(folder / "hmdb51", tmp_path / "hmdb51")
    code = running.wait(BOUND_S)
    said = running.said()
    assert code in (0, 2), (code, said)
    assert "Traceback" not in said, said
    if code == 2:
        assert "hmdb51" in said or "eads" in said, said
    shutil.move(tmp_path / "eads", folder / "eads")
    shutil.move(tmp_path / "hmdb51", folder / "hmdb51")
    code, said = run(stage.resume, folder)
    assert code == 0, said
    assert differences(whole, outputs(stage, folder)) == []


def test_a_second_run_on_a_folder_is_refused_and_told_whose_it_is(tmp_path: Path) -> None:
    stage = stage_of("training, cfb")
    folder = folder_of(stage, tmp_path)
    whole = wanted(stage, folder)
    running = begun_training(stage, folder, tmp_path / "log1")
    os.kill(running.pid, signal.SIGSTOP)
    try:
        code, said = run(stage.resume, folder)
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert code == 2, said
    assert str(running.pid) in said
    assert running.wait(BOUND_S) == 0, running.said()
    assert differences(whole, outputs(stage, folder)) == []


def test_a_second_generation_into_a_folder_is_refused(tmp_path: Path) -> None:
    stage = stage_of("generation")
    folder = folder_of(stage, tmp_path)
    whole = wanted(stage, folder)
    running = start(stage.command, folder=folder, log=tmp_path / "first")
    while running.alive and not any(file.stat().st_size for file in folder.glob("out/frames/manifest*.jsonl")):
        time.sleep(0.001)
    os.kill(running.pid, signal.SIGSTOP)
    try:
        code, said = run(stage.resume, folder)
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert code == 2, said
    assert "another process" in said or str(running.pid) in said
    assert running.wait(BOUND_S) == 0, running.said()
    assert differences(whole, outputs(stage, folder)) == []


def jump(seconds: float) -> Callable[[], None]:
    """Return what sets a process's clock off by so much."""

    def patch() -> None:
        true, true_ns = time.time, time.time_ns
        time.time = lambda: true() + seconds
        time.time_ns = lambda: true_ns() + int(seconds * 1e9)

    return patch


@pytest.mark.parametrize("years", [-30, 30])
@pytest.mark.parametrize("name", ["generation", "flow", "medians", "transcode", "training, cfb"])
def test_times_far_in_the_past_or_future_change_nothing(tmp_path: Path, name: str, years: int) -> None:
    stage = stage_of(name)
    folder = folder_of(stage, tmp_path)
    seconds = years * 365 * 86400.0
    then = time.time() + seconds
    for file in [*folder.rglob("*.jpg"), *folder.rglob("*.avi")]:
        os.utime(file, (then, then))
    whole = wanted(stage, folder)
    code, said = run(stage.command, folder, before=jump(seconds))
    assert code == 0, said
    assert differences(whole, outputs(stage, folder)) == []
    made = {file: file.stat().st_mtime_ns for file in folder.rglob("*.npy")}
    code, said = run(stage.resume, folder, before=jump(-seconds))
    assert code == 0, said
    assert differences(whole, outputs(stage, folder)) == []
    assert all(file.stat().st_mtime_ns == when for file, when in made.items()), "something was made anew"


def test_a_replaced_video_of_the_same_size_and_time_order_is_worked_on_again(tmp_path: Path) -> None:
    stage = stage_of("medians")
    folder = folder_of(stage, tmp_path)
    code, said = run(stage.command, folder)
    assert code == 0, said
    first = outputs(stage, folder)
    other = tmp_path / "other"
    other.mkdir()
    make_world(other, classes=3, photos=1, videos=4)
    old, new = folder / "hmdb51/clap/#video 0 (a).avi", other / "hmdb51/clap/#video 3 (a).avi"
    shutil.copyfile(new, old)
    past = time.time() - 10 * 365 * 86400
    os.utime(old, (past, past))  # an older file took its place
    code, said = run(stage.resume, folder)
    assert code == 0, said
    changed = [name for name in first if first[name] != outputs(stage, folder).get(name)]
    assert any("#video 0" in name for name in changed), "the old video's median is still there"
