"""Nothing that depthmotion did not write is ever lost: every command and every `save`, with everything in the way."""

import json
import os
import stat
import subprocess
import sys

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.cli import main

PRECIOUS = b"the only copy"


def picture(file, seed=0):
    file.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    cv2.imwrite(str(file), cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (32, 24)))
    return file


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of a user: photos, notes, and things that links lead to. The commands run in it."""
    home = tmp_path / "home"
    picture(home / "photos" / "photo.png")
    (home / "photos" / "list.txt").write_text("photo.png 0\n")
    (home / "full").mkdir()
    (home / "full" / "notes.txt").write_bytes(PRECIOUS)
    (home / "single.txt").write_bytes(PRECIOUS)
    dm.paths.dolly(2).save(home / "poses.json")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["depthmotion", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return (stop.value.code, *capsys.readouterr())

    return run


def everything(folder):
    """Return what there is below a folder: kind, and content or where a link leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = path.readlink() if path.is_symlink() else path.read_bytes() if stat.S_ISREG(mode) else None
        found[str(path.relative_to(folder))] = (stat.S_IFMT(mode), content)
    return found


def is_refused(call, home, arguments, *, names):
    before = everything(home)
    code, _, errors = call(*arguments)
    assert code == 2, errors
    assert errors.startswith("depthmotion: error: ")
    assert errors.count("\n") == 1
    assert str(names) in errors
    assert everything(home) == before


RENDER = ("render", "photos/photo.png", "--frames", "2")
CHAINED = ("chained", "photos/photo.png", "--frames", "2", "--size", "24", "32")
GENERATE = ("generate", "--list", "photos/list.txt", "--num-frames", "2", "--size", "24", "32")
DEPTH = ("depth", "photos/photo.png", "--model", "plane")

FOLDERS = {
    "render -o": (*RENDER, "-o"),
    "render --flow": (*RENDER, "-o", "new.mp4", "--flow"),
    "render --masks": (*RENDER, "-o", "new.mp4", "--masks"),
    "render --depth-out": (*RENDER, "-o", "new.mp4", "--depth-out"),
    "chained -o": (*CHAINED, "-o"),
    "chained --flow": (*CHAINED, "-o", "new.mp4", "--flow"),
    "chained --masks": (*CHAINED, "-o", "new.mp4", "--masks"),
}
FILES = {
    "render -o": ((*RENDER, "-o"), "x.mp4"),
    "render --flow": ((*RENDER, "-o", "new.mp4", "--flow"), "x.npz"),
    "render --sheet": ((*RENDER, "-o", "new.mp4", "--sheet"), "x.png"),
    "chained -o": ((*CHAINED, "-o"), "x.avi"),
    "paths -o": (("paths", "pan", "-o"), "x.png"),
    "paths --poses": (("paths", "pan", "--poses"), "x.npy"),
}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("place", ["full", ".", "photos", "..", "link"])
@pytest.mark.parametrize("command", FOLDERS)
def test_a_folder_that_holds_anything_is_refused_as_it_is(call, home, command, place, overwrite):
    (home / "link").symlink_to("full")
    is_refused(call, home.parent, [*FOLDERS[command], place, *["--overwrite"][:overwrite]], names=place)


@pytest.mark.parametrize("command", FOLDERS)
@pytest.mark.parametrize("kind", ["file", "link to file", "dangling link", "pipe"])
def test_what_is_no_folder_is_refused_where_a_folder_belongs(call, home, command, kind):
    make_irregular(home / "x", kind)
    is_refused(call, home, [*FOLDERS[command], "x"], names="x")


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["file", "link to file", "link to folder", "dangling link", "pipe", "folder"])
@pytest.mark.parametrize("command", FILES)
def test_a_file_that_is_there_is_refused_as_it_is(call, home, command, kind, overwrite):
    arguments, name = FILES[command]
    make_irregular(home / name, kind)
    is_refused(call, home, [*arguments, name, *["--overwrite"][:overwrite]], names=name)


def make_irregular(place, kind):
    if kind == "file":
        place.write_bytes(PRECIOUS)
    elif kind == "link to file":
        place.symlink_to("single.txt")
    elif kind == "link to folder":
        place.symlink_to("full")
    elif kind == "dangling link":
        place.symlink_to("nowhere")
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()


@pytest.mark.parametrize(
    "arguments",
    [
        (*RENDER, "-o", "new", "--flow", "new"),
        (*RENDER, "-o", "new", "--masks", "./new"),
        (*RENDER, "-o", "a.mp4", "--flow", "new", "--depth-out", "full/../new"),
        (*RENDER, "-o", "a.mp4", "--flow", "new.npz", "--sheet", "new.png", "--masks", "new", "--depth-out", "new"),
        (*CHAINED, "-o", "new", "--masks", "new"),
        ("paths", "pan", "-o", "new.png", "--poses", "new.png"),
        (*DEPTH, "--out", "new", "--preview", "new"),
        (*GENERATE, "--out", "new", "--depth-dir", "new"),
    ],
)
def test_two_outputs_in_one_place_are_refused(call, home, arguments):
    is_refused(call, home, arguments, names="new")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("paths", "file:poses.json", "--poses", "poses.json"), "poses.json"),
        ((*RENDER, "-o", "new.mp4", "--sheet", "photos/photo.png"), "photo.png"),
        ((*RENDER, "-o", "new.mp4", "--depth", "dir:full", "--depth-out", "full"), "full"),
        (("depth", "photos/photo.png", "--model", "plane", "--out", "."), "photos/photo.png"),
        (("depth", "photos/photo.png", "--model", "plane", "--out", "new", "--preview", "."), "photos/photo.png"),
        ((*GENERATE, "--out", "."), "photos/photo.png"),
        ((*GENERATE, "--out", "new", "--mask-dir", "."), "photos/photo.png"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_output_that_is_an_input_is_refused(call, home, arguments, name, overwrite):
    is_refused(call, home, [*arguments, *["--overwrite"][:overwrite]], names=name)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("command", "place"),
    [
        ((*DEPTH, "--out", "out"), "out/photos/photo.png"),
        ((*DEPTH, "--out", "out"), "out/photos/photo.camera.json"),
        ((*DEPTH, "--out", "out"), "out/photos"),
        ((*DEPTH, "--out", "new", "--preview", "out"), "out/photos/photo.png"),
        ((*GENERATE, "--out", "out"), "out/photos/photo.png"),
        ((*GENERATE, "--out", "out"), "out/photos"),
        ((*GENERATE, "--out", "out", "--frame-format", "mp4"), "out/photos/photo.png.mp4"),
        ((*GENERATE, "--out", "new", "--flow-dir", "out"), "out/photos/photo.png.npy"),
        ((*GENERATE, "--out", "new", "--depth-dir", "out"), "out/photos/photo.png"),
        ((*GENERATE, "--out", "new", "--mask-dir", "out"), "out/photos/photo.png"),
        ((*GENERATE, "--out", "out"), "out/manifest.jsonl"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "link to file", "link to folder", "dangling link", "pipe", "full folder"])
def test_what_is_in_the_way_of_a_dataset_is_refused_before_anything_is_made(
    call, home, command, place, kind, overwrite
):
    target = home / place
    target.parent.mkdir(parents=True)
    if kind == "full folder":
        target = target if target.suffix else target / "photo.png"
        target.mkdir(parents=True)
        (target / "notes.txt").write_bytes(PRECIOUS)
    else:
        make_irregular(target, kind)
    (home / "new").mkdir()
    is_refused(call, home, [*command, *["--overwrite"][:overwrite]], names=place)


@pytest.mark.parametrize(
    "command", [(*DEPTH, "--out", "full", "--preview", "photos"), (*GENERATE, "--out", "full", "--flow-dir", "photos")]
)
def test_datasets_go_beside_what_is_there(call, home, command):
    before = everything(home)
    assert call(*command)[0] == 0
    after = everything(home)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)


@pytest.mark.parametrize("command", FOLDERS)
@pytest.mark.parametrize("is_link", [False, True])
def test_an_empty_folder_is_filled_also_through_a_link(call, home, command, is_link):
    (home / "empty").mkdir()
    if is_link:
        (home / "x").symlink_to("empty")
    assert call(*FOLDERS[command], "x" if is_link else "empty")[0] == 0
    assert len([file for file in (home / "empty").rglob("*") if file.is_file()]) > 1
    assert is_link == (home / "x").is_symlink()
    assert not list(home.rglob("*partial*"))


@pytest.mark.parametrize("command", FOLDERS)
def test_overwriting_replaces_own_files_removes_own_old_ones_and_keeps_the_rest(call, home, command):
    longer = [part if part != "2" else "4" for part in FOLDERS[command]]
    assert call(*longer, "x")[0] == 0
    (home / "x" / "notes.txt").write_bytes(PRECIOUS)
    before = everything(home / "x")
    is_refused(call, home, [*FOLDERS[command], "x"], names="new.mp4" if "new.mp4" in FOLDERS[command] else "x")
    assert call(*FOLDERS[command], "x", "--overwrite")[0] == 0
    after = everything(home / "x")
    assert len(after) < len(before)
    assert after["notes.txt"][1] == PRECIOUS
    changed = next(home.joinpath("x").rglob("00000.*"))
    changed.write_bytes(PRECIOUS)
    is_refused(call, home, [*FOLDERS[command], "x", "--overwrite"], names=changed.relative_to(home))


@pytest.mark.parametrize("command", FILES)
def test_overwriting_replaces_a_file_until_the_user_changes_it(call, home, command):
    arguments, name = FILES[command]
    assert call(*arguments, name)[0] == 0
    first = (home / name).read_bytes()
    assert call(*arguments, name, "--overwrite")[0] == 0
    assert (home / name).read_bytes() == first
    (home / name).write_bytes(first + b"!")
    is_refused(call, home, [*arguments, name, "--overwrite"], names=name)


def test_depth_overwrites_its_own_files_alone(call, home):
    command = (*DEPTH, "--out", "out", "--preview", "previews")
    assert call(*command)[0] == 0
    is_refused(call, home, command, names="out/photos/photo.png")
    assert call(*command, "--overwrite")[0] == 0
    (home / "previews" / "photos" / "photo.png").write_bytes(PRECIOUS)
    is_refused(call, home, [*command, "--overwrite"], names="previews/photos/photo.png")


@pytest.mark.parametrize("command", [*FOLDERS.values(), (*DEPTH, "--out"), (*GENERATE, "--out")])
def test_a_mount_point_takes_files_and_stays_one(call, home, command):
    (home / "mount").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "depthmotion-test", str(home / "mount")]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        assert call(*command, "mount")[0] == 0
        assert (home / "mount").is_mount()
        assert len([file for file in (home / "mount").rglob("*") if file.is_file()]) > 1
    finally:
        subprocess.run(["umount", str(home / "mount")], check=True)


@pytest.fixture(scope="module")
def clip():
    photo = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    return dm.synthesize(photo, dm.load_depth("plane")(photo), dm.paths.dolly(3))


SAVES = {
    "clip.mp4": lambda clip, place, **how: clip.save(place, **how),
    "walk.json": lambda _, place, **how: dm.paths.dolly(3).save(place, **how),
    "walk.npy": lambda _, place, **how: dm.paths.dolly(3).save(place, **how),
    "walk.txt": lambda _, place, **how: dm.paths.dolly(3).save(place, **how),
    "flow.npz": lambda clip, place, **how: dm.flowio.write(place, clip.flow, **how),
    "flow.npy": lambda clip, place, **how: dm.flowio.write(place, clip.flow, **how),
    "flow.flo": lambda clip, place, **how: dm.flowio.write(place, clip.flow[0], **how),
    "flow.png": lambda clip, place, **how: dm.flowio.write(place, clip.flow[0], **how),
}
FOLDER_SAVES = {
    "clip": lambda clip, place, **how: clip.save(place, **how),
    "flow": lambda clip, place, **how: dm.flowio.write(place, clip.flow, **how),
    "uv": lambda clip, place, **how: dm.flowio.write_uv(place, clip.flow, **how),
}


@pytest.mark.parametrize("kind", ["link to file", "link to folder", "dangling link", "pipe", "folder"])
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", SAVES)
def test_a_function_never_writes_through_what_is_no_plain_file(clip, home, name, kind, overwrite):
    make_irregular(home / name, kind)
    before = everything(home)
    with pytest.raises(dm.OutputError, match=name):
        SAVES[name](clip, home / name, overwrite=overwrite)
    assert everything(home) == before


@pytest.mark.parametrize("name", SAVES)
def test_a_function_replaces_a_file_only_when_told_to(clip, home, name):
    (home / name).write_bytes(PRECIOUS)
    before = everything(home)
    with pytest.raises(dm.OutputError, match="overwrite=True"):
        SAVES[name](clip, home / name)
    assert everything(home) == before
    SAVES[name](clip, home / name, overwrite=True)
    assert everything(home).keys() == before.keys()
    if name == "clip.mp4":
        assert cv2.VideoCapture(str(home / name)).get(cv2.CAP_PROP_FRAME_COUNT) == 3
    else:
        SAVES[name](clip, home / f"other-{name}")
        assert (home / name).read_bytes() == (home / f"other-{name}").read_bytes()


@pytest.mark.parametrize("name", FOLDER_SAVES)
def test_a_function_never_empties_a_folder(clip, home, name):
    before = everything(home)
    with pytest.raises(dm.OutputError, match="full"):
        FOLDER_SAVES[name](clip, home / "full")
    assert everything(home) == before
    FOLDER_SAVES[name](clip, home / "full", overwrite=True)
    assert {key: everything(home)[key] for key in before} == before
    (home / "full" / ("u" if name != "clip" else "00000.jpg")).rename(home / "moved")
    (home / "full" / ("u" if name != "clip" else "00000.jpg")).symlink_to(home / "moved")
    before = everything(home)
    with pytest.raises(dm.OutputError, match="full"):
        FOLDER_SAVES[name](clip, home / "full", overwrite=True)
    assert everything(home) == before


@pytest.mark.parametrize("kind", ["file", "link to file", "link to folder", "dangling link", "pipe", "folder"])
def test_the_clips_writers_make_new_files_only(clip, home, kind):
    from depthmotion.clip_files import save_depth, save_flow, save_frames, save_masks

    (home / "x").mkdir()
    make_irregular(home / "x" / "00000.jpg", kind)
    make_irregular(home / "x" / "00000.png", kind)
    make_irregular(home / "x" / "u", kind if kind != "folder" else "file")
    make_irregular(home / "x" / "00000.flo", kind)
    before = everything(home)
    for write in (
        lambda: save_frames(home / "x", clip.frames),
        lambda: save_depth(home / "x", clip.depth),
        lambda: save_masks(home / "x", clip.valid),
        lambda: save_flow(home / "x", clip.flow, flow_format="flo"),
        lambda: save_flow(home / "x", clip.flow, flow_format="uv-jpeg"),
        lambda: save_flow(home / "x", clip.flow, flow_format="colour"),
    ):
        with pytest.raises(dm.OutputError, match="x/"):
            write()
    assert everything(home) == before


def test_unfinished_files_of_others_stay(call, home):
    """Only names that are ours beyond doubt, of processes that have ended, are removed."""
    import re
    import socket

    machine = re.sub("[^A-Za-z0-9-]", "_", socket.gethostname())
    kept = [
        "notes.tmp",
        ".partial",
        f".{socket.gethostname()}.999999999.0.jpg",
        f".depthmotion-partial~{machine}~1~a~b",
    ]
    left = f".depthmotion-partial~{machine}~999999999~a~b.mp4"
    for name in (*kept, left):
        (home / name).write_bytes(PRECIOUS)
    (home / f".depthmotion-partial~{machine}~999999999~c~d").symlink_to("full")
    assert call(*RENDER, "-o", "clip.mp4")[0] == 0
    assert all((home / name).read_bytes() == PRECIOUS for name in kept)
    assert not (home / left).exists()
    assert (home / "full" / "notes.txt").read_bytes() == PRECIOUS


@pytest.mark.parametrize("content", [b"mine\n", b'{"name": "of another program"}\n'])
def test_a_record_that_is_the_users_is_not_written_to(call, home, content):
    (home / ".depthmotion.jsonl").write_bytes(content)
    is_refused(call, home, [*RENDER, "-o", "clip.mp4"], names=".depthmotion.jsonl")


def test_a_record_names_nothing_outside_its_folder(call, home):
    """A forged or damaged record deletes nothing."""
    assert call(*RENDER, "-o", "x")[0] == 0
    mark = json.loads((home / "x" / ".depthmotion.jsonl").read_text().splitlines()[1])
    (home / "outside.jpg").write_bytes((home / "x" / "00000.jpg").read_bytes())
    rows = [mark | {"name": name} for name in ("../outside.jpg", str(home / "outside.jpg"), "", ".", "..")]
    with (home / "x" / ".depthmotion.jsonl").open("a") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    assert call(*RENDER, "-o", "x", "--overwrite")[0] == 0
    assert (home / "outside.jpg").exists()


def test_a_failure_while_writing_leaves_nothing(call, home, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr("depthmotion.cli.render.save_frames", fail)
    before = everything(home)
    assert call(*RENDER, "-o", "x")[0] == 2
    assert everything(home) == before
