"""What the documents print works: Python as it stands, commands by their own parsers, short ones in full."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import videoda_bench.cli.commands
import videoda_train.cli.commands
from document_code import PROGRAMS, ROOT, Block, arguments_of, blocks, commands, pages
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_models import create_model
from videoda_train.cli.entry import exit_code
from videoda_train.recipes import custom

PARSERS = {
    "videoda": videoda_train.cli.commands.parse_command,
    "videoda-bench": videoda_bench.cli.commands.parse_command,
}
TINY = (
    *("--device", "cpu", "--optim.epochs", "1", "--optim.batch-size", "4", "--clip.num-frames", "4"),
    *("--clip.num-eval-frames", "8", "--clip.resize", "36", "--clip.crop", "32", "--motion.source", "static"),
)
RUN = (
    *("data list", "data check", "data transcode", "data flow ", "data flow-check", "data median", "models"),
    *("train custom --source-list", "eval", "report"),
)
"""What is run in full of videoda-train's README, in its order and in one folder; `train custom` for one epoch.
`models get` needs a network and is only parsed."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the documents name, small."""
    root = tmp_path_factory.mktemp("documents")
    photos, videos = [], []
    for label in range(2):
        for i in range(8):
            write_image(root / f"photos/{label}/{i}.jpg", textured_image(48, 64, 100 * label + i))
            photos.append(f"photos/{label}/{i}.jpg {label}")
        for i in range(2):
            write_video(root / f"videos/{label}/{i}.avi", moving_frames(12, seed=10 * label + i))
            videos.append(f"videos/{label}/{i}.avi {label}")
    (root / "photos.txt").write_text("\n".join(photos) + "\n")
    for name in ("videos.txt", "target.txt", "held_out.txt", "more.txt"):
        (root / name).write_text("\n".join(videos) + "\n")
    (root / "lists" / "e2h").mkdir(parents=True)
    absolute = "\n".join(f"{root}/{line}" for line in videos) + "\n"
    (root / "lists" / "e2h" / "target.txt").write_text(absolute)
    (root / "classes.txt").write_text("right\nleft\n")
    write_video(root / "v_Rowing_g02_c01.avi", moving_frames(120, seed=7))
    weights = create_model("i3d-inception-rgb", num_classes=400).state_dict()
    (root / "path" / "to").mkdir(parents=True)
    torch.save(weights, root / "path" / "to" / "rgb_imagenet.pt")
    cv2.imwrite(str(root / "photo.jpg"), np.full((90, 120, 3), 127, np.uint8))
    return root


@pytest.fixture
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    threads = torch.get_num_threads()
    monkeypatch.chdir(folder)
    yield folder
    torch.set_num_threads(threads)


PYTHON = [page for page in pages() if blocks(page, "python")]


@pytest.mark.parametrize("page", PYTHON, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_python_of_a_page_runs_as_it_is_printed(
    page: Path, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = replace(
        custom.CUSTOM,
        device="cpu",
        clip=replace(custom.CUSTOM.clip, num_frames=4, num_eval_frames=8, resize=36, crop=32),
        motion=replace(custom.CUSTOM.motion, source="static"),
        optim=replace(custom.CUSTOM.optim, epochs=1, milestones=(), batch_size=4),
    )
    monkeypatch.setattr(custom, "CUSTOM", short)  # an epoch of the recipe, not 24
    shutil.rmtree(in_folder / "runs", ignore_errors=True)
    names: dict[str, object] = {"__name__": "page"}
    ran = 0
    for block in blocks(page, "python"):
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        if not block.text.startswith("# needs "):
            exec(code, names)
            ran += 1
    assert ran


COMMANDS = [(where, command) for page in pages() for where, command in commands(page)]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_one_that_there_is(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for where, command in commands(page):
        for program, *arguments in arguments_of(command):
            try:
                assert hasattr(PARSERS[program](arguments), "run")
            except SystemExit as end:
                said = capsys.readouterr().err
                # Within a line a command is often only named, without all that it needs.
                is_named = ":" not in where and re.search(r": error: \S+ [\w -]+ needs ", said)
                if end.code != 0 and not is_named:
                    pytest.fail(f"{where}: {command}: {said}")


def test_the_pages_hold_the_commands_that_are_looked_for() -> None:
    programs = {argument[0] for _, command in COMMANDS for argument in arguments_of(command)}
    assert programs == set(PROGRAMS)
    assert len(COMMANDS) > 60


def test_a_command_that_there_is_not_is_found() -> None:
    for command in ("hatch run train:e3h", "videodo models", "python ci/no_such_file.py", "hatch run nothing:here"):
        with pytest.raises(ValueError, match="nothing here answers to"):
            arguments_of(command)
    with pytest.raises(SystemExit):
        PARSERS["videoda"](arguments_of("videoda eval runs/mine --lists more.txt")[0][1:])


def test_the_short_commands_of_the_readme_run_in_its_order(in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(in_folder / "runs", ignore_errors=True)
    ran = []
    for where, command in commands(ROOT / "packages" / "videoda-train" / "README.md"):
        if not command.startswith(tuple(f"videoda {each}" for each in RUN)) or ":" not in where or " get " in command:
            continue
        command = re.sub(r"--workers \d+", "--workers 1", command)
        for _, *arguments in arguments_of(command):
            if arguments[:2] == ["train", "custom"]:
                arguments += TINY
            if arguments[:2] == ["eval", "runs/mine"]:
                arguments += ["--device", "cpu"]
            if "runs/other" in arguments and not Path("runs/other").exists():
                shutil.copytree("runs/mine", "runs/other")
            if arguments[:2] == ["data", "flow-check"]:
                shutil.copytree("flow", "other_flow")
            code = exit_code("videoda", lambda words=tuple(arguments): PARSERS["videoda"](words).run())
            assert code == 0, f"{where}: {command}: {capsys.readouterr().err}"
            ran.append(arguments[0])
    assert {"data", "models", "train", "eval", "report"} <= set(ran)


def test_every_block_says_its_language() -> None:
    silent = [str(block) for page in pages() for block in blocks(page, "") if block.text.strip()]
    assert not silent, f"blocks without a language are not run: {', '.join(silent)}"


def test_a_block_that_is_not_run_says_what_it_needs() -> None:
    marked: list[Block] = [b for page in pages() for b in blocks(page, "python") if b.text.startswith("# needs ")]
    assert all(len(block.text.splitlines()[0]) > len("# needs a") for block in marked)
    assert len(marked) <= 2, "more and more of the documents is not run"
