"""The commands, as a user types them."""

import json
import os
import signal
import struct
import sys
import time
import zipfile

import cv2
import depthmotion as dm
import numpy as np
import pytest
from depthmotion.cli import main


@pytest.fixture
def photo(tmp_path):
    rng = np.random.default_rng(0)
    file = tmp_path / "photos" / "photo.png"
    file.parent.mkdir()
    cv2.imwrite(str(file), cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (64, 48)))
    return file


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*arguments):
        """Return exit code, output and errors of a command line."""
        monkeypatch.setattr(sys, "argv", ["depthmotion", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return (stop.value.code, *capsys.readouterr())

    return run


def test_render_writes_a_video(call, photo, tmp_path):
    code, output, _ = call("render", photo, "-o", tmp_path / "clip.mp4", "--frames", "3")
    assert code == 0
    assert "3 frames of 64×48" in output
    video = cv2.VideoCapture(str(tmp_path / "clip.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 3


def test_render_writes_everything_that_is_asked_for(call, photo, tmp_path):
    names = {"--flow": "flow", "--depth-out": "depth", "--masks": "masks", "--sheet": "sheet.png"}
    wanted = [part for option, name in names.items() for part in (option, tmp_path / name)]
    code, *_ = call("render", photo, "-o", tmp_path / "frames", "--frames", "3", "--image-format", "png", *wanted)
    assert code == 0
    assert len(list((tmp_path / "frames").glob("*.png"))) == 3
    assert [dm.flowio.read(file).shape for file in sorted((tmp_path / "flow").glob("*.flo"))] == [(48, 64, 2)] * 2
    assert len(list((tmp_path / "masks" / "valid").iterdir())) == 3
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
    depth = dm.load_depth(f"dir:{tmp_path / 'depth'}")(np.zeros((48, 64, 3), np.uint8), file=tmp_path / "00000.jpg")
    ground = dm.load_depth("ground")(np.zeros((48, 64, 3), np.uint8))
    assert np.allclose(depth.values, ground.values, rtol=0.02)


def test_render_takes_a_file_of_poses(call, photo, tmp_path):
    assert call("paths", "pan:yaw_deg=3", "--frames", "4", "--poses", tmp_path / "poses.json")[0] == 0
    code, output, _ = call("render", photo, "-o", tmp_path / "clip", "--path", f"file:{tmp_path / 'poses.json'}")
    assert code == 0
    assert "4 frames" in output


@pytest.mark.parametrize("correct", [False, True])
def test_chained_writes_what_the_published_procedure_makes(call, photo, tmp_path, correct):
    files = ["-o", tmp_path / "clip", "--flow", tmp_path / "flow", "--masks", tmp_path / "masks"]
    options = ["--frames", "3", "--size", "40", "56", "--seed", "4", *["--correct"][:correct]]
    assert call("chained", photo, *files, *options)[0] == 0
    walk = dm.paths.random_walk(4, np.random.default_rng(4)).poses[1:]
    source, still = dm.load_depth("ground"), cv2.resize(dm.read_image(photo), (56, 40), interpolation=cv2.INTER_AREA)
    expected = dm.synthesize_chained(still, source, walk, published=not correct)
    frames = np.stack([dm.read_image(tmp_path / "clip" / f"{t:05d}.jpg") for t in range(3)])
    assert (frames == expected.frames).all()
    assert (dm.flowio.read(tmp_path / "flow") == expected.flow).all()
    hit = cv2.imread(str(tmp_path / "masks" / "H" / "00002.png"), cv2.IMREAD_UNCHANGED) > 0
    assert (hit == expected.masks[2].hit).all()
    assert {folder.name for folder in (tmp_path / "masks").iterdir()} == {
        *("H", "M", "M-dilated", "P", "H-clear"),
        ".depthmotion.jsonl",
    }


def test_paths_lists_every_path_with_its_options(call):
    code, output, _ = call("paths")
    assert code == 0
    assert all(name in output for name in dm.paths.NAMES)
    assert "orbit:pivot_depth=the scene's middle:angle_deg=8" in output


def test_paths_draws(call, tmp_path):
    assert call("paths", "smooth", "orbit+handheld", "-o", tmp_path / "paths.png")[0] == 0
    assert cv2.imread(str(tmp_path / "paths.png")) is not None


def test_depth_of_photos_reads_back_as_a_folder(call, photo, tmp_path):
    out, preview = tmp_path / "depth", tmp_path / "preview"
    assert call("depth", photo, "--out", out, "--model", "ground", "--preview", preview)[0] == 0
    assert json.loads((out / "depth.json").read_text()) == {"kind": "depth", "scale": 0.001}
    image = dm.read_image(photo)
    back = dm.load_depth(f"dir:{out}")(image, file=photo)
    assert np.abs(back.values - dm.load_depth("ground")(image).values).max() <= 0.0006
    assert cv2.imread(str(preview / "photos" / "photo.png")).shape == (48, 64, 3)


def test_a_camera_goes_from_depth_to_render_and_generate(call, photo, tmp_path, monkeypatch):
    """A depth source that knows the camera, as Depth Pro does: every command makes the flow of that camera."""

    class WithCamera(dm.DepthSource):
        def __call__(self, image, *, file=None):
            return dm.DepthMap(
                np.full(image.shape[:2], 5.0, np.float32), "metric", dm.Intrinsics(90.0, 90.0, 31.5, 23.5)
            )

    monkeypatch.setattr("depthmotion.depth_export.load_depth", lambda *_, **__: WithCamera())
    assert call("depth", photo, "--out", tmp_path / "depth", "--model", "any")[0] == 0
    (tmp_path / "list.txt").write_text("photos/photo.png 1\n")
    path = ["--path", "dolly:direction=-1,0,0:distance=0.1"]
    depth = ["--depth", f"dir:{tmp_path / 'depth'}", *path]
    render = ["render", photo, "-o", tmp_path / "clip", "--frames", "2", "--flow", tmp_path / "flow.npz"]
    generate = ["generate", "--list", tmp_path / "list.txt", "--out", tmp_path / "out", "--num-frames", "2"]
    files = ["--flow-dir", tmp_path / "flow", "--flow-format", "npz", "--size", "24", "64"]
    assert call(*render, *depth)[0] == 0
    assert call(*generate, *files, *depth)[0] == 0
    # 0.1 of the nearest distance, at 90 pixels of focal length; half the height leaves u alone.
    assert np.allclose(dm.flowio.read(tmp_path / "flow.npz"), (9.0, 0), atol=1e-3)
    assert np.allclose(dm.flowio.read(tmp_path / "flow" / "photos" / "photo.png.npz"), (9.0, 0), atol=1e-3)


def test_depth_without_a_camera_removes_the_one_of_before_where_that_is_its_own(call, photo, tmp_path, monkeypatch):
    class WithCamera(dm.DepthSource):
        def __call__(self, image, *, file=None):
            return dm.DepthMap(np.ones(image.shape[:2], np.float32), "depth", dm.Intrinsics(90.0, 90.0, 31.5, 23.5))

    camera = tmp_path / "depth" / "photos" / "photo.camera.json"
    depth = ["depth", photo, "--out", tmp_path / "depth", "--model", "ground", "--overwrite"]
    with monkeypatch.context() as patched:
        patched.setattr("depthmotion.depth_export.load_depth", lambda *_, **__: WithCamera())
        assert call(*depth)[0] == 0
    assert camera.exists()
    assert call(*depth)[0] == 0
    assert not camera.exists()
    camera.write_text("by hand")
    code, _, errors = call(*depth)
    assert (code, camera.read_text()) == (2, "by hand")
    assert str(camera) in errors


def test_depth_lists_what_failed_and_does_the_rest(call, photo, tmp_path):
    (photo.parent / "empty.jpg").write_bytes(b"")
    (tmp_path / "list.txt").write_text("photos/empty.jpg 0\nphotos/photo.png 1\n")
    code, output, errors = call(
        "depth", "--list", tmp_path / "list.txt", "--out", tmp_path / "depth", "--model", "plane"
    )
    assert code == 3, errors
    assert "1 depth maps" in output
    assert "empty (0 bytes)" in errors


def test_generate_makes_a_dataset_and_lists_what_failed(call, photo, tmp_path):
    (photo.parent / "cut off.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "list.txt").write_text("photos/cut off.jpg 0\nphotos/photo.png 1\n")
    options = ("--num-frames", "2", "--size", "24", "32", "--path", "orbit+handheld")
    code, output, errors = call("generate", "--list", tmp_path / "list.txt", "--out", tmp_path / "out", *options)
    assert code == 3, errors
    assert "1 clips made, 0 kept, 1 photos failed" in output
    assert "truncated" in errors
    assert (tmp_path / "out" / "photos" / "photo.png" / "00001.jpg").exists()


def test_a_dry_run_writes_nothing(call, photo, tmp_path):
    (tmp_path / "list.txt").write_text("photos/photo.png 1\n")
    options = ("--num-frames", "2", "--size", "24", "32", "--dry-run")
    code, output, _ = call("generate", "--list", tmp_path / "list.txt", "--out", tmp_path / "out", *options)
    assert code == 0
    assert "1 clips to make" in output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", "missing.jpg"),
        ("render", "PHOTO", "--path", "fly"),
        ("render", "PHOTO", "--depth", "nothing"),
        ("render", "PHOTO", "--depth", "dir:missing"),
        ("render", "PHOTO", "-o", "clip.gif"),
        ("render", "PHOTO", "-o", "OUT/clip.mp4", "--fps", "0"),
        ("render", "PHOTO", "-o", "OUT/clip", "--flow", "flow.xyz"),
        ("render", "PHOTO", "-o", "OUT/clip", "--sheet", "sheet.tiff"),
        ("generate", "--list", "missing.txt", "--out", "OUT"),
        ("paths", "fly"),
        ("paths", "pan", "dolly", "--poses", "OUT/poses.npy"),
        ("depth", "--out", "OUT"),
        ("chained", "PHOTO", "-o", "OUT/clip", "--depth", "dir:OUT"),
        ("chained", "PHOTO", "-o", "OUT/clip", "--size", "1", "1"),
        ("render", "PHOTO", "-o", "OUT/clip", "--fov-deg", "180"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(call, photo, tmp_path, arguments):
    places = {"PHOTO": str(photo), "OUT": str(tmp_path / "out")}
    filled = [places.get(part, part.replace("OUT/", f"{tmp_path}/out/")) for part in arguments]
    code, output, errors = call(*filled)
    assert code == 2
    assert errors.startswith("depthmotion: error: ")
    assert errors.count("\n") == 1
    assert output == ""
    assert not list(tmp_path.glob("out/*"))


def test_one_pixel_becomes_images(call, tmp_path):
    cv2.imwrite(str(tmp_path / "dot.png"), np.full((1, 1, 3), 9, np.uint8))
    code, *_ = call("render", tmp_path / "dot.png", "-o", tmp_path / "frames", "--frames", "2")
    assert code == 0
    assert dm.read_image(tmp_path / "frames" / "00001.jpg").shape == (1, 1, 3)


@pytest.mark.parametrize("command", ["render", "generate", "depth", "chained", "paths"])
def test_help_shows_examples(call, command):
    code, output, _ = call(command, "--help")
    assert code == 0
    assert f"depthmotion {command} " in output.split("usage:")[1].split("options")[0].replace("[-h]", "", 1)
    assert "For example" in output


def test_a_bug_is_a_traceback_one_line_and_exit_code_1(call, photo, monkeypatch):
    def break_down(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr("depthmotion.cli.render.clip_of_photo", break_down)
    code, _, errors = call("render", photo, "-o", photo.with_name("clip.mp4"))
    assert code == 1
    assert "Traceback" in errors
    assert errors.splitlines()[-1] == "depthmotion: internal error, please report it: RuntimeError: boom"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_command_with_130_and_leaves_nothing(call, photo, monkeypatch, number):
    def write_and_stop(file, *_, **__):
        file.write_bytes(b"half a clip")
        os.kill(os.getpid(), number)
        time.sleep(5)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("depthmotion.cli.render.save_frames", write_and_stop)
    code, _, errors = call("render", photo, "-o", photo.with_name("clip.mp4"), "--frames", "2")
    assert code == 130
    assert "interrupted" in errors
    assert [file.name for file in photo.parent.iterdir()] == ["photo.png"]
    assert signal.getsignal(signal.SIGTERM) is before


ERRORS = [
    OSError(5, "Input/output error", "photo.png"),
    MemoryError(),
    cv2.error("no such colour"),
    ValueError("two\nlines"),
    KeyError("depth"),
    zipfile.BadZipFile("no archive"),
    struct.error("cut off"),
    RecursionError("too deep"),
    dm.DepthError("no depth"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("command", ["generate", "depth"])
def test_any_error_of_a_photo_is_a_row_and_the_rest_goes_on(call, photo, tmp_path, monkeypatch, command, error):
    (photo.parent / "odd.png").write_bytes(photo.read_bytes())
    (tmp_path / "list.txt").write_text("\nphotos/odd.png 0\nphotos/photo.png 1\n")

    def read(file):
        if file.name == "odd.png":
            raise error
        return dm.read_image(file)

    module = "dataset.make_clip" if command == "generate" else "depth_export"
    monkeypatch.setattr(f"depthmotion.{module}.read_image", read)
    options = ["--num-frames", "2", "--size", "24", "32"] if command == "generate" else ["--model", "plane"]
    code, output, errors = call(command, "--list", tmp_path / "list.txt", "--out", tmp_path / "out", *options)
    assert code == 3, errors
    assert "1 photos failed" in output
    assert output.startswith("1 ")
    row = errors.splitlines()[-1]
    assert row.startswith(f"  line 2: {photo.parent / 'odd.png'}: {type(error).__name__}: ")
    assert " ".join(str(error.args[-1] if error.args else "").split()).strip("'") in row
    assert list((tmp_path / "out" / "photos").glob("photo.png*"))


ODD_FILES = {
    "empty.png": b"",
    "text.jpg": b"no picture",
    "huge.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBBI", 40_000, 40_000, 8, 2, 0, 0, 0, 0) + b"IEND",
    "cut.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
}


@pytest.mark.parametrize("command", ["generate", "depth"])
def test_odd_photos_and_lines_are_rows_with_their_lines(call, photo, tmp_path, command):
    for name, data in ODD_FILES.items():
        (photo.parent / name).write_bytes(data)
    os.mkfifo(photo.parent / "pipe.png")
    (photo.parent / "folder.png").mkdir()
    odd = [*ODD_FILES, "pipe.png", "folder.png", "missing.png", "odd.png ²", "x" * 300 + ".png", "nul\0.png"]
    names = [*(f"photos/{name}" for name in odd), "../..", "photos/photo.png"]
    (tmp_path / "list.txt").write_text("".join(f"{name} 0\n" for name in names))
    options = ["--num-frames", "2", "--size", "24", "32"] if command == "generate" else ["--model", "plane"]
    code, output, errors = call(command, "--list", tmp_path / "list.txt", "--out", tmp_path / "out", *options)
    assert code == 3, errors
    assert output.startswith("1 ")
    rows = [row for row in errors.splitlines() if row.startswith("  line ")]
    assert {int(row.split()[1].rstrip(":")) for row in rows} == set(range(1, len(names)))


def test_depth_from_odd_files_is_rows(call, photo, tmp_path):
    """Every kind of depth file, damaged: each is a row that names it."""
    depth = tmp_path / "depth" / "photos"
    depth.mkdir(parents=True)
    names = ["a.npy", "b.pfm", "c.png", "d.npy", "e.png"]
    for name in names:
        (photo.parent / f"{name[0]}.png").write_bytes(photo.read_bytes())
        (depth / name).write_bytes(b"damaged")
    np.save(depth / "d.npy", np.array([{}], dtype=object), allow_pickle=True)
    cv2.imwrite(str(depth / "e.png"), np.full((48, 64), 7, np.uint16))
    (depth / "e.camera.json").write_text("[" * 100_000)
    (tmp_path / "list.txt").write_text("".join(f"photos/{name[0]}.png 0\n" for name in names))
    for command, *options in (("generate", "--depth"), ("depth", "--model")):
        out = [
            "--list",
            tmp_path / "list.txt",
            "--out",
            tmp_path / f"out-{command}",
            *options,
            f"dir:{tmp_path / 'depth'}",
        ]
        code, _, errors = call(command, *out)
        assert code == 3, errors
        rows = [row for row in errors.splitlines() if row.startswith("  line ")]
        assert len(rows) == len(names)
        assert all(f"/depth/photos/{name[0]}" in row for name, row in zip(names, rows, strict=True))


def test_a_missing_library_of_opencv_names_both_cures(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    code, _, errors = call("render", "photo.jpg")
    assert code == 2
    assert "libgl1" in errors
    assert "opencv-python-headless" in errors
