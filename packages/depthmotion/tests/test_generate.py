"""Datasets: layout, determinism, resume, bad photos."""

import errno
import fcntl
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time

import cv2
import depthmotion as dm
import numpy as np
import pytest


@pytest.fixture
def listing(tmp_path):
    rng = np.random.default_rng(0)
    lines = []
    for name in ("run/a b#1.png", "run/c.jpg", "JPEGImages/blowing_bubbles_001.jpg"):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (64, 48)))
        lines.append(f"{name} 0")
    (tmp_path / "photos" / "list.txt").write_text("\n".join(lines))
    return tmp_path / "photos" / "list.txt"


def config(folder, **changes):
    return dm.GenerateConfig(**({"num_frames": 3, "size": (40, 56), "flow_dir": folder / "flow"} | changes))


def contents(folder):
    files = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("manifest"))
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_the_layout_is_the_published_one(listing, tmp_path):
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, summary.kept, summary.failures) == (3, 0, [])
    names = set(contents(tmp_path / "out"))
    assert "run/a b#1.png/00002.jpg" in names
    assert "blowing_bubbles/blowing_bubbles_001.jpg/00000.jpg" in names
    assert dm.flowio.read(tmp_path / "flow" / "run" / "c.jpg.npy").shape == (2, 40, 56, 2)


def test_order_and_seed_decide_nothing_but_the_seed_does(listing, tmp_path):
    dm.generate(listing, tmp_path / "one", config(tmp_path / "one"), progress=False)
    listing.write_text("\n".join(reversed(listing.read_text().splitlines())))
    dm.generate(listing, tmp_path / "two", config(tmp_path / "two"), progress=False)
    dm.generate(listing, tmp_path / "three", config(tmp_path / "three", seed=1), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "three")


@pytest.mark.slow
def test_workers_make_the_same_bytes(listing, tmp_path):
    dm.generate(listing, tmp_path / "one", config(tmp_path / "one"), progress=False)
    dm.generate(listing, tmp_path / "two", config(tmp_path / "two", workers=2), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_finished_clips_are_kept_and_missing_ones_made_again(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    before = contents(tmp_path / "out")
    (tmp_path / "flow" / "run" / "c.jpg.npy").unlink()
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, summary.kept) == (1, 2)
    assert contents(tmp_path / "out") == before


def test_a_bad_photo_is_reported_and_stops_nothing(listing, tmp_path):
    (listing.parent / "run" / "c.jpg").write_bytes(b"")
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert summary.made == 2
    assert [failure.path.name for failure in summary.failures] == ["c.jpg"]
    assert "empty" in summary.failures[0].reason


def test_shards_together_make_what_one_call_makes(listing, tmp_path):
    dm.generate(listing, tmp_path / "one", config(tmp_path / "one"), progress=False)
    for shard in ("0/2", "1/2"):
        dm.generate(listing, tmp_path / "two", config(tmp_path / "two", shard=shard), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    again = dm.generate(listing, tmp_path / "two", config(tmp_path / "two"), progress=False)
    assert (again.made, again.kept) == (0, 3)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_changed_frame_is_named_and_kept_and_made_again_once_it_is_gone(listing, tmp_path, overwrite):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    before = contents(tmp_path)
    frame = tmp_path / "out" / "run" / "c.jpg" / "00001.jpg"
    frame.write_bytes(frame.read_bytes()[:-1] + b"x")
    changed = contents(tmp_path)
    assert dm.generate(listing, tmp_path / "out", config(tmp_path, verify=False), progress=False).made == 0
    with pytest.raises(dm.OutputError, match=r"c\.jpg/00001\.jpg is not as it was made"):
        dm.generate(listing, tmp_path / "out", config(tmp_path, overwrite=overwrite), progress=False)
    assert contents(tmp_path) == changed
    frame.unlink()
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).made == 1
    assert contents(tmp_path) == before


def test_a_frame_that_a_power_cut_left_empty_is_made_again(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    before = contents(tmp_path)
    (tmp_path / "out" / "run" / "c.jpg" / "00001.jpg").write_bytes(b"")
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).made == 1
    assert contents(tmp_path) == before


def test_clips_of_other_settings_are_kept_unless_they_are_to_be_overwritten(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    note = tmp_path / "out" / "run" / "c.jpg" / "note.txt"
    note.write_text("mine")
    before = contents(tmp_path)
    other = {"path": "pan", "num_frames": 2}
    with pytest.raises(dm.OutputError, match="other settings"):
        dm.generate(listing, tmp_path / "out", config(tmp_path, **other), progress=False)
    assert contents(tmp_path) == before
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path, overwrite=True, **other), progress=False)
    assert (summary.made, summary.failures) == (3, [])
    assert {file.name for file in note.parent.iterdir()} == {"00000.jpg", "00001.jpg", "note.txt"}
    assert dm.generate(listing, tmp_path / "out", config(tmp_path, **other), progress=False).kept == 3


def test_a_clip_of_a_photo_that_has_been_replaced_is_not_taken_for_the_new_ones(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    before, photo = contents(tmp_path), listing.parent / "run" / "c.jpg"
    os.utime(photo)  # the same photo, copied
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).kept == 3
    photo.write_bytes((listing.parent / "run" / "a b#1.png").read_bytes())
    with pytest.raises(dm.OutputError, match=r"was made from another .*run/c\.jpg"):
        dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path, overwrite=True), progress=False)
    assert (summary.made, summary.kept) == (1, 2)
    changed = {name for name, data in contents(tmp_path).items() if data != before[name]}
    assert "out/run/c.jpg/00001.jpg" in changed
    assert all("c.jpg" in name for name in changed)
    photo.unlink()
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).kept == 3


def test_a_clip_of_depth_that_has_been_replaced_is_not_taken_for_the_new_ones(listing, tmp_path):
    (tmp_path / "depth").mkdir()
    for name in ("c", "a b#1", "blowing_bubbles_001"):
        np.save(tmp_path / "depth" / f"{name}.npy", np.random.default_rng(0).random((48, 64)))
    depth = config(tmp_path, depth=f"dir:{tmp_path / 'depth'}")
    assert dm.generate(listing, tmp_path / "out", depth, progress=False).made == 3
    assert dm.generate(listing, tmp_path / "out", depth, progress=False).kept == 3
    np.save(tmp_path / "depth" / "c.npy", np.random.default_rng(1).random((48, 64)))
    with pytest.raises(dm.OutputError, match=r"was made from another .*depth/c\.npy"):
        dm.generate(listing, tmp_path / "out", depth, progress=False)


def test_an_error_while_a_clip_gets_its_place_ends_the_workers_and_leaves_nothing(listing, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["depthmotion.dataset.generate"], "put_clip", interrupt)
    with pytest.raises(KeyboardInterrupt):
        dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert not list(tmp_path.rglob("*depthmotion-partial*"))


def test_clips_of_a_manifest_without_marks_are_kept(listing, tmp_path):
    """As versions before wrote it: one hash over all files of a clip."""
    from depthmotion.dataset.manifest import content_hash

    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    manifest = tmp_path / "out" / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for row in rows:
        del row["files"], row["inputs"]
        row["hash"] = content_hash([tmp_path / "out" / row["item"], tmp_path / "flow" / (row["item"] + ".npy")])
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).kept == 3


def test_what_a_killed_call_left_is_removed(listing, tmp_path):
    machine = re.sub("[^A-Za-z0-9-]", "_", socket.gethostname())
    left = tmp_path / "out" / ".depthmotion-partial" / f".depthmotion-partial~{machine}~999999999~ab~cd.jpg"
    left.mkdir(parents=True)
    (tmp_path / "out" / "manifest.jsonl").write_text('{"item": "run/c.j')
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).made == 3
    assert not left.parent.exists()
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).kept == 3


def test_the_manifest_says_how_each_clip_was_made(listing, tmp_path):
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    rows = [json.loads(line) for line in (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()]
    assert {row["item"] for row in rows} == {"run/a b#1.png", "run/c.jpg", "blowing_bubbles/blowing_bubbles_001.jpg"}
    assert {(row["depth"], row["path"]) for row in rows} == {("ground", "random_walk")}
    assert all(row.keys() >= {"seed", "hash"} for row in rows)


def test_a_second_call_on_the_same_folder_is_refused(listing, tmp_path):
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / "manifest.jsonl").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(dm.ConfigError, match="--shard"):
            dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)


@pytest.mark.parametrize(
    "full", [OSError(errno.ENOSPC, "No space left on device"), OSError("30720 requested and 8064 written")], ids=str
)
def test_a_full_disk_ends_the_call_and_keeps_what_is_finished(listing, tmp_path, monkeypatch, full):
    from depthmotion.dataset import make_clip

    save_frames, written = make_clip.save_frames, []

    def fill_up(file, frames, **options):
        if written:
            raise full
        written.append(file)
        save_frames(file, frames, **options)

    monkeypatch.setattr(make_clip, "save_frames", fill_up)
    with pytest.raises(dm.OutputError, match=r"(No space left|8064 written).*into .*, \d+ bytes are free"):
        dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    monkeypatch.undo()
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, summary.kept) == (2, 1)


def test_a_file_that_cannot_be_written_is_a_failure_and_leaves_nothing(listing, tmp_path, monkeypatch):
    from depthmotion.dataset import make_clip

    save_flow, written = make_clip.save_flow, []

    def refuse_one(file, flow, **options):
        written.append(file)
        if len(written) == 1:
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        save_flow(file, flow, **options)

    monkeypatch.setattr(make_clip, "save_flow", refuse_one)
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, len(summary.failures)) == (2, 1)
    assert summary.failures[0].reason.startswith("PermissionError: Permission denied")
    assert not list(tmp_path.rglob("*depthmotion-partial*"))
    assert not (tmp_path / "out" / "blowing_bubbles").exists() or not any(
        (tmp_path / "out" / "blowing_bubbles").iterdir()
    )


def test_a_line_that_leaves_the_folder_is_a_failure_and_stops_nothing(listing, tmp_path):
    listing.write_text(listing.read_text() + "\n../../photo.jpg 0\n../.. 0")
    summary = dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    assert (summary.made, len(summary.failures)) == (3, 2)
    assert all("outside" in failure.reason for failure in summary.failures)


def test_a_photo_listed_twice_is_one_clip(listing, tmp_path):
    listing.write_text("run/c.jpg 0\nrun/c.jpg 1")
    assert dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False).made == 1


def test_two_photos_of_one_name_are_refused(listing, tmp_path):
    listing.write_text("run/c.jpg 0\nother/run/c.jpg 1")
    with pytest.raises(dm.ConfigError, match="share"):
        dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)


@pytest.mark.parametrize(
    ("frame_format", "name"), [("png", "c.jpg/00002.png"), ("mp4", "c.jpg.mp4"), ("avi", "c.jpg.avi")]
)
def test_frames_take_the_format_that_is_asked_for(listing, tmp_path, frame_format, name):
    dm.generate(listing, tmp_path / "out", config(tmp_path, frame_format=frame_format), progress=False)
    assert (tmp_path / "out" / "run" / name).stat().st_size > 0


@pytest.mark.parametrize("flow_format", ["npz", "uv-jpeg", "flo", "kitti", "colour"])
def test_flow_takes_the_format_that_is_asked_for(listing, tmp_path, flow_format):
    dm.generate(listing, tmp_path / "out", config(tmp_path, flow_format=flow_format), progress=False)
    flow = tmp_path / "flow" / "run" / ("c.jpg.npz" if flow_format == "npz" else "c.jpg")
    if flow_format in ("npz", "uv-jpeg"):
        assert dm.flowio.read(flow).shape == (2, 40, 56, 2)
    elif flow_format == "colour":
        assert len(list(flow.iterdir())) == 2
    else:
        dm.generate(listing, tmp_path / "other", config(tmp_path / "float", flow_format="npz"), progress=False)
        exact = dm.flowio.read(tmp_path / "float" / "flow" / "run" / "c.jpg.npz")
        assert np.abs(dm.flowio.read(flow) - exact).max() <= (0 if flow_format == "flo" else 1 / 128)


def test_depth_and_masks_are_written_and_verified_as_frames_are(listing, tmp_path):
    more = config(tmp_path, depth_dir=tmp_path / "depth", mask_dir=tmp_path / "masks")
    dm.generate(listing, tmp_path / "out", more, progress=False)
    before = contents(tmp_path)
    first = dm.load_depth(f"dir:{tmp_path / 'depth' / 'run' / 'c.jpg'}")
    depth = first(np.zeros((40, 56, 3), np.uint8), file=tmp_path / "00000.jpg").values
    ground = dm.load_depth("ground")(dm.read_image(listing.parent / "run" / "c.jpg")).resized(40, 56).values
    assert np.allclose(depth, ground, rtol=0.02)
    valid = cv2.imread(str(tmp_path / "masks" / "run" / "c.jpg" / "valid" / "00000.png"), cv2.IMREAD_UNCHANGED)
    assert valid.shape == (40, 56)
    assert (valid == 255).all()
    (tmp_path / "masks" / "run" / "c.jpg" / "visible_next" / "00001.png").unlink()
    assert dm.generate(listing, tmp_path / "out", more, progress=False).made == 1
    assert contents(tmp_path) == before
    assert not list(tmp_path.rglob(".depthmotion-partial"))


def test_outputs_that_would_overwrite_each_other_are_refused(listing, tmp_path):
    with pytest.raises(dm.ConfigError, match="overwrite"):
        dm.generate(listing, tmp_path / "out", config(tmp_path, depth_dir=tmp_path / "out"), progress=False)


def test_flow_from_the_first_frame_to_the_next_is_the_flow_between_them(listing, tmp_path):
    stored = {}
    for between in ("next", "from-first", "to-first"):
        changed = config(tmp_path / between, flow_between=between, flow_format="npz")
        dm.generate(listing, tmp_path / between / "out", changed, progress=False)
        stored[between] = dm.flowio.read(tmp_path / between / "flow" / "run" / "c.jpg.npz")
    assert {flow.shape for flow in stored.values()} == {(2, 40, 56, 2)}
    assert np.allclose(stored["next"][0], stored["from-first"][0], atol=1e-4)
    # Back and forth over a plane of points: about the opposite.
    assert np.allclose(np.median(stored["to-first"][1]), -np.median(stored["from-first"][1]), atol=0.3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_frames": 1},
        {"size": (1, 1)},
        {"path": "fly"},
        {"path": "pan", "translation": (0.1, 0.2)},
        {"shard": "2/2"},
        {"shard": "x"},
        {"max_holes": 0.0},
        {"flow_bound": 0.0},
    ],
)
def test_a_wrong_setting_is_refused_at_once(wrong):
    with pytest.raises(dm.DepthMotionError):
        dm.GenerateConfig(**wrong)


def test_an_estimate_counts_what_is_missing_and_its_bytes(listing, tmp_path):
    expected = dm.estimate(listing, tmp_path / "out", config(tmp_path))
    assert not (tmp_path / "out").exists()
    assert (expected.missing, expected.kept) == (3, 0)
    dm.generate(listing, tmp_path / "out", config(tmp_path), progress=False)
    written = sum(len(data) for data in (contents(tmp_path / "out") | contents(tmp_path / "flow")).values())
    assert expected.num_bytes == pytest.approx(written, rel=0.01)
    assert dm.estimate(listing, tmp_path / "out", config(tmp_path)).missing == 0


def test_predicted_depth_is_used_by_every_worker_alike(listing, tmp_path):
    """The engines take a network's depth with the task: the same one as from a source here."""
    from depthmotion.dataset.make_clip import Task, make_clip
    from depthmotion.dataset.photo_list import read_items

    items, _ = read_items(listing, tmp_path / "out", config(tmp_path, depth="plane"))
    plain = make_clip(Task(items[0]))
    predicted = make_clip(Task(items[0], dm.DepthMap(np.ones((5, 7)), "depth")))
    assert plain.digest is not None
    assert plain.digest == predicted.digest


@pytest.mark.slow
def test_a_killed_worker_costs_no_clip(listing, tmp_path):
    from depthmotion.dataset.local_engine import run_local
    from depthmotion.dataset.make_clip import Task
    from depthmotion.dataset.photo_list import read_items

    items, _ = read_items(listing, tmp_path / "out", config(tmp_path))
    outcomes = run_local(iter([Task(item) for item in items] * 4), workers=2)
    first = next(outcomes)
    names = [first.item.name, next(outcomes).item.name]
    for worker in multiprocessing.active_children():
        os.kill(worker.pid, signal.SIGKILL)
    rest = list(outcomes)
    assert all(outcome.error is None for outcome in rest)
    assert len(names) + len(rest) == 12


class Killer:
    """Ends the process that unpickles it."""

    def __reduce__(self):
        return (os._exit, (9,))


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_photos_that_kill_their_workers_are_named_and_the_rest_goes_on(listing, tmp_path):
    from depthmotion.dataset.local_engine import run_local
    from depthmotion.dataset.make_clip import Task
    from depthmotion.dataset.photo_list import read_items

    items, _ = read_items(listing, tmp_path / "out", config(tmp_path))
    tasks = [Task(item) for item in items * 2]
    for place in (2, 4):
        object.__setattr__(tasks[place], "predicted", Killer())
    outcomes = list(run_local(iter(tasks), workers=2))
    lost = [outcome.item.name for outcome in outcomes if outcome.error is not None]
    assert sorted(lost) == sorted(tasks[place].item.name for place in (2, 4))
    assert all("WorkerLost" in outcome.error for outcome in outcomes if outcome.error is not None)
    assert len(outcomes) == 6


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_call_that_is_interrupted_keeps_finished_clips_and_leaves_no_partial(listing, tmp_path, number):
    listing.write_text("".join(f"run/{name}{copy}.png 0\n" for copy in range(40) for name in "ab"))
    for line in listing.read_text().splitlines():
        (listing.parent / line[:-2]).write_bytes((listing.parent / "run" / "a b#1.png").read_bytes())
    options = ["--list", str(listing), "--out", str(tmp_path / "out"), "--flow-dir", str(tmp_path / "flow")]
    command = [
        sys.executable,
        "-c",
        "from depthmotion.cli import main; main()",
        "generate",
        *options,
        "--workers",
        "2",
        "--num-frames",
        "8",
    ]
    # A shell's background jobs ignore SIGINT, and so would what they start.
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("out/run/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    assert b"interrupted" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert not list(tmp_path.rglob("*depthmotion-partial*"))
    clips = {clip.name for clip in tmp_path.glob("out/run/*")}
    assert 0 < len(clips) < 80
    assert all(len(list(clip.iterdir())) == 8 for clip in tmp_path.glob("out/run/*"))


@pytest.mark.slow
def test_a_call_killed_at_random_moments_ends_as_if_it_was_not(listing, tmp_path):
    dm.generate(listing, tmp_path / "calm", config(tmp_path / "calm"), progress=False)
    script = tmp_path / "call.py"
    script.write_text(
        "import depthmotion as dm, sys\n"
        "from pathlib import Path\n"
        "if __name__ == '__main__':\n"
        "    flow = Path(sys.argv[3])\n"
        "    config = dm.GenerateConfig(num_frames=3, size=(40, 56), flow_dir=flow, workers=2)\n"
        "    print('ready', flush=True)\n"
        "    dm.generate(sys.argv[1], sys.argv[2], config, progress=False)\n"
    )
    command = [sys.executable, str(script), str(listing), str(tmp_path / "hit" / "out"), str(tmp_path / "hit" / "flow")]
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(float(rng.uniform(0, 3)))
        process.kill()
        process.wait()
        process.stdout.close()
    dm.generate(listing, tmp_path / "hit" / "out", config(tmp_path / "hit"), progress=False)
    calm = {
        f"out/{name}" if not name.startswith("flow/") else name: data
        for name, data in contents(tmp_path / "calm").items()
    }
    assert contents(tmp_path / "hit") == calm


@pytest.mark.slow
def test_ray_makes_the_same_bytes(listing, tmp_path):
    pytest.importorskip("ray", reason="the engine ray needs the extra ray")
    dm.generate(listing, tmp_path / "one", config(tmp_path / "one"), progress=False)
    dm.generate(listing, tmp_path / "two", config(tmp_path / "two", engine="ray", workers=2), progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_ray_that_is_missing_is_one_error(listing, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(dm.MissingDependencyError, match=r"depthmotion\[ray\]"):
        dm.generate(listing, tmp_path / "out", config(tmp_path, engine="ray"), progress=False)
