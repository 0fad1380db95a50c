"""Every block of the README runs as it is printed."""

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.cli import main
from depthmotion.cli.commands import parse_command

README = Path(__file__).parents[1] / "README.md"
MARK = "<!-- needs a download -->"
BLOCKS = re.findall(rf"^({MARK}\n)?```(\w*)\n(.*?)^```$", README.read_text(), re.M | re.S)
PYTHON = [(bool(mark), code) for mark, language, code in BLOCKS if language == "python"]
COMMANDS = [
    (bool(mark), shlex.split(line, comments=True)[1:])
    for mark, language, code in BLOCKS
    if language == ""
    for line in code.splitlines()
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with what the commands are about, and no network or cache of the user's in reach."""
    rng = np.random.default_rng(0)
    photo = cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (64, 48))
    cv2.imwrite(str(tmp_path / "photo.jpg"), photo)
    mask = np.zeros((48, 64), np.uint8)
    mask[8:30, 8:24], mask[12:40, 36:58] = 3, 7
    (tmp_path / "instances").mkdir()
    for place in (tmp_path / "mask.png", tmp_path / "instances" / "photo.png"):
        cv2.imwrite(str(place), mask)
    (tmp_path / "photos.txt").write_text("photo.jpg 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("DEPTHMOTION_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_readme_has_blocks_of_all_kinds():
    assert len(PYTHON) >= 4
    assert len(COMMANDS) >= 9
    assert {mark for mark, _ in PYTHON} == {mark for mark, _ in COMMANDS} == {True, False}
    assert all(language in ("", "python") for _, language, _ in BLOCKS)


def test_the_python_blocks_run_in_order(folder):
    pytest.importorskip("torch", reason="a block is about the torch engine")
    names: dict[str, object] = {}
    for place, (needs_download, code) in enumerate(PYTHON):
        compiled = compile(code, f"README.md, Python block {place + 1}", "exec")
        if not needs_download:
            exec(compiled, names)
    assert {"clip.mp4", "flow.npy"} <= {file.name for file in folder.iterdir()}
    assert names["depth"].shape == (120, 160)


@pytest.mark.timeout(300)
def test_the_commands_run_in_order(folder, monkeypatch):
    for needs_download, arguments in COMMANDS:
        if needs_download:
            parse_command(arguments)
            continue
        # Fewer frames than a user makes: what is tested is that the lines work.
        number = {"render": "--frames", "chained": "--frames", "generate": "--num-frames"}.get(arguments[0])
        short = [*arguments, number, "2"] if number else arguments
        monkeypatch.setattr(sys, "argv", ["depthmotion", *short])
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0, f"depthmotion {shlex.join(arguments)}: {errors.getvalue()}"
    assert dm.flowio.read(folder / "flow").shape == (1, 48, 64, 2)
    for name in ("clip.mp4", "two.mp4", "moving.mp4", "sheet.png", "images", "published", "frames", "moving", "depth"):
        assert (folder / name).exists(), name


@pytest.mark.parametrize("name", ["ground", "plane", "dir:depths"])
def test_a_depth_source_takes_a_photo_or_its_file(folder, name):
    Path("depths").mkdir()
    np.save("depths/photo.npy", np.random.default_rng(0).random((48, 64)))
    source, photo = dm.load_depth(name), dm.read_image("photo.jpg")
    depths = [source("photo.jpg"), source(Path("photo.jpg")), source(photo, file="photo.jpg")]
    assert all((depth.values == depths[0].values).all() for depth in depths)


def test_depth_by_name_says_what_to_give_where_it_gets_an_array(folder):
    Path("depths").mkdir()
    with pytest.raises(dm.DepthError, match=r"load_depth\(…\)\('photo.jpg'\)"):
        dm.load_depth("dir:depths")(dm.read_image("photo.jpg"))
