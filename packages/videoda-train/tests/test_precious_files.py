"""What a user has is never replaced, emptied or written through, whatever is asked of the `data` commands."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_media import moving_frames, textured_image, write_image, write_video
from videoda_train.cli.commands import run_command
from videoda_train.cli.entry import exit_code
from videoda_train.data.atomic_file import open_to_append, write_bytes, write_text
from videoda_train.data.clip_photos import require_same_photos
from videoda_train.data.list_file import read_list
from videoda_train.data.made_files import made_whole, state_of
from videoda_train.data.prepared import PreparedPaths
from videoda_train.errors import ConfigError

PRECIOUS = "precious\n"


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two videos and their list, in a folder that is the current one."""
    folder = tmp_path / "mine"
    for number, name in enumerate("ab"):
        write_video(folder / "run" / f"{name}.avi", moving_frames(4, seed=number))
    (folder / "list.txt").write_text("run/a.avi 0\nrun/b.avi 1\n")
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: object) -> int:
    """Run a command in this process; return its exit code."""
    try:
        return exit_code("videoda", lambda: run_command(["data", *map(str, arguments)]))
    except SystemExit as end:
        return int(end.code or 0)


def median(out: object, *more: object) -> int:
    return run("median", "list.txt", "--out", out, "--workers", 1, "--seconds-per-file", 0, *more)


def flow(out: object, *more: object) -> int:
    return run("flow", "list.txt", "--out", out, "--workers", 1, "--seconds-per-file", 0, *more)


def flow_npy(out: object, *more: object) -> int:
    return flow(out, "--layout", "npy", *more)


def transcode(out: object, *more: object) -> int:
    return run("transcode", "list.txt", "--out", out, "--workers", 1, "--seconds-per-file", 0, *more)


def check(out: object, *more: object) -> int:
    return run("check", "list.txt", "--out", out, "--workers", 1, "--seconds-per-file", 0, *more)


def prepare(out: object, *more: object) -> int:
    for folder, name in (("eads/climb", "a.jpg"), ("hmdb/climb", "b.avi")):
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, name).touch()
    return run("prepare", "e2h", "--eads", "eads", "--hmdb51", "hmdb", "--out", out, *more)


Command = Callable[..., int]
OUTPUTS: list[tuple[Command, str]] = [
    (median, "out/run/a.jpg"),
    (flow, "out/run/a"),
    (flow, "out/run/a.json"),
    (flow_npy, "out/run/b.npy"),
    (transcode, "out/run/b.mp4"),
    (transcode, "out/list.txt"),
    (check, "out"),
    (prepare, "out/source.txt"),
    (prepare, "out/summary.json"),
]
FLAGS: dict[Command, list[str]] = {check: ["--resume", "--overwrite"], prepare: ["--overwrite"]}


def flags(command: Command) -> list[str]:
    return ["", *FLAGS.get(command, ["--resume"])]


def asked(command: Command, flag: str, out: object = "out") -> int:
    return command(out, *([flag] if flag else []))


@pytest.mark.parametrize(("command", "name"), OUTPUTS)
def test_a_file_in_the_way_is_refused_by_name_before_any_work(
    videos: Path, command: Command, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(PRECIOUS)
    for flag in flags(command):
        assert asked(command, flag) == 2
        assert name in capsys.readouterr().err
        assert Path(name).read_text() == PRECIOUS
        assert [file for file in Path("out").rglob("*") if file.is_file() and not file.name.startswith(".")] in (
            [Path(name)],
            [Path("out/settings.json"), Path(name)],
            [Path(name), Path("out/settings.json")],
            [],
        )


@pytest.mark.parametrize(("command", "name"), OUTPUTS)
@pytest.mark.parametrize("kind", ["link to a file", "dangling link", "link to a folder", "pipe"])
def test_nothing_is_written_through_what_is_no_file(videos: Path, command: Command, name: str, kind: str) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/precious.txt").write_text(PRECIOUS)
    place = Path(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    else:
        target = {"link to a file": "precious.txt", "dangling link": "nothing", "link to a folder": "."}[kind]
        place.symlink_to(videos / "elsewhere" / target)
    for flag in flags(command):
        assert asked(command, flag) == 2
    assert [path.name for path in Path("elsewhere").iterdir()] == ["precious.txt"]
    assert Path("elsewhere/precious.txt").read_text() == PRECIOUS
    assert place.is_fifo() if kind == "pipe" else place.is_symlink()


@pytest.mark.parametrize("command", [median, flow, flow_npy, transcode])
def test_a_class_folder_that_is_a_link_leads_nowhere(videos: Path, command: Command) -> None:
    Path("elsewhere").mkdir()
    Path("out").mkdir()
    Path("out/run").symlink_to(videos / "elsewhere")
    assert command("out") == 2
    assert not list(Path("elsewhere").iterdir())


@pytest.mark.parametrize("command", [median, flow, flow_npy, transcode, prepare])
@pytest.mark.parametrize("out", [".", "run", "link"])
def test_outputs_are_added_beside_what_is_in_the_folder(videos: Path, command: Command, out: str) -> None:
    """The current folder, the input's own, and a link that the user chose as the output folder."""
    Path("there").mkdir()
    Path("link").symlink_to("there")
    Path(out, "notes.tmp").write_text(PRECIOUS)
    Path(out, ".a.jpg.1.videoda-tmp.txt").write_text(PRECIOUS)
    if command is transcode and out == ".":
        Path("list.txt").rename("videos.txt")
        assert run("transcode", "videos.txt", "--out", out, "--workers", 1, "--seconds-per-file", 0) == 0
        Path("videos.txt").rename("list.txt")
        return
    before = contents(videos)
    assert command(out) == 0
    after = contents(videos)
    assert before.items() <= after.items()
    assert len(after) > len(before)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_list_in_the_output_folder_is_not_replaced_by_the_new_one(videos: Path) -> None:
    assert transcode(".") == 2
    assert Path("list.txt").read_text() == "run/a.avi 0\nrun/b.avi 1\n"
    assert not Path("run/a.mp4").exists()


@pytest.mark.parametrize(("command", "name"), [*OUTPUTS[:1], *OUTPUTS[2:]])
def test_our_own_file_that_the_user_changed_is_the_users(videos: Path, command: Command, name: str) -> None:
    assert command("out") == 0
    content = Path(name).read_bytes()
    Path(name).write_bytes(bytes(len(content)))  # the same size
    write_video(Path("run/a.avi"), moving_frames(5, seed=7))
    write_video(Path("run/b.avi"), moving_frames(5, seed=8))
    Path("eads/climb").mkdir(parents=True, exist_ok=True)
    Path("eads/climb/new.jpg").touch()
    for flag in flags(command):
        assert asked(command, flag) == 2
        assert Path(name).read_bytes() == bytes(len(content))


@pytest.mark.parametrize(("command", "name"), OUTPUTS)
def test_what_is_ours_is_made_anew_where_that_is_asked(videos: Path, command: Command, name: str) -> None:
    assert command("out") == 0
    before = contents(videos / "out") if Path("out").is_dir() else {Path("out"): Path("out").read_bytes()}
    write_video(Path("run/a.avi"), moving_frames(5, seed=7))
    write_video(Path("run/b.avi"), moving_frames(5, seed=8))
    Path("eads/climb").mkdir(parents=True, exist_ok=True)
    Path("eads/climb/new.jpg").touch()
    assert command("out") == 2
    assert asked(command, flags(command)[-1]) == 0
    after = contents(videos / "out") if Path("out").is_dir() else {Path("out"): Path("out").read_bytes()}
    assert before != after
    assert command("fresh") == 0
    fresh = contents(videos / "fresh") if Path("fresh").is_dir() else {Path("fresh"): Path("fresh").read_bytes()}
    assert list(after.values()) == list(fresh.values()) or sorted(after.values()) == sorted(fresh.values())


def test_prepare_leaves_lists_that_are_the_same_as_they_are(videos: Path) -> None:
    assert prepare("out") == 0
    stat = Path("out/source.txt").stat()
    assert prepare("out") == 0
    assert Path("out/source.txt").stat() == stat


@pytest.mark.parametrize(
    "command",
    [median, *(pytest.param(slow, marks=pytest.mark.slow) for slow in (flow, flow_npy, transcode))],
)
def test_a_process_that_is_killed_leaves_nothing_that_a_resumed_one_takes_for_anothers(
    videos: Path, command: Command
) -> None:
    """Stop at every step of putting outputs in their places; a resume ends in the same bytes."""
    assert command("whole") == 0
    step = 0
    while stop_after(command, step, f"killed{step}"):
        assert command(f"killed{step}", "--resume") == 0
        assert contents_by_name(f"killed{step}") == contents_by_name("whole")
        step += 1
    assert step >= 12


def stop_after(command: Command, step: int, out: str) -> bool:
    """Run in a child that dies, as by SIGKILL, at the given call that changes a folder."""
    child = os.fork()
    if child == 0:
        die_at(step)
        os._exit(command(out))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def die_at(step: int) -> None:
    calls = iter(range(10**6))
    for name in ("rename", "replace", "write_bytes", "unlink", "mkdir"):
        setattr(Path, name, counted(getattr(Path, name), calls, step))


def counted(method: Callable[..., object], calls: Iterator[int], step: int) -> Callable[..., object]:
    def call(*arguments: object, **options: object) -> object:
        if next(calls) == step:
            os._exit(9)
        return method(*arguments, **options)

    return call


def contents_by_name(folder: str) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): data for path, data in contents(Path(folder)).items()}
    return {name: data for name, data in found.items() if not name.endswith(".tmp")}


def test_writers_refuse_links_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text(PRECIOUS)
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(ConfigError, match=name):
            write_text(tmp_path / name, "ours")
        with pytest.raises((ConfigError, IsADirectoryError)):
            open_to_append(tmp_path / name)
    (tmp_path / ".new.txt.link").symlink_to(tmp_path / "precious")
    temporary = tmp_path / f".new.txt.{os.getpid()}.tmp"
    temporary.symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic link"):
        write_bytes(tmp_path / "new.txt", lambda file: file.write(b"ours"))
    assert (tmp_path / "precious").read_text() == PRECIOUS


def test_a_record_that_is_no_record_makes_nothing_ours(tmp_path: Path) -> None:
    target = tmp_path / "a.jpg"
    with made_whole([target], made_from="k", inside=tmp_path) as (made,):
        made.write_text("x")
    record = tmp_path / ".a.jpg.made.json"
    assert state_of([target], made_from="k", inside=tmp_path) == "finished"
    assert state_of([target], made_from="other", inside=tmp_path) == "outdated"
    for text in ("", "[]", "{}", "[" * 10000, '{"made_from": "k", "blake2b": 3}', '{"made_from": "k", "blake2b": {}}'):
        record.write_text(text)
        assert state_of([target], made_from="k", inside=tmp_path) == "foreign"


def test_clips_of_other_photos_of_the_same_name_are_refused_and_moved_photos_are_the_same(tmp_path: Path) -> None:
    for number, site in enumerate("ABC"):
        write_image(tmp_path / site / "run" / "p.png", textured_image(16, 16, number // 2))
        (tmp_path / site / "list.txt").write_text("run/p.png 0\n")
    paths = PreparedPaths(tmp_path / "prepared")
    require_same_photos(read_list(tmp_path / "A" / "list.txt"), paths)
    require_same_photos(read_list(tmp_path / "C" / "list.txt"), paths)  # no clip is there yet
    (paths.source_frames / "run" / "p.png").mkdir(parents=True)
    with pytest.raises(
        ConfigError, match=r"1 clips were made of other photos than those listed: .*frame_16/run/p\.png"
    ):
        require_same_photos(read_list(tmp_path / "A" / "list.txt"), paths)
    (tmp_path / "D" / "run").mkdir(parents=True)
    (tmp_path / "C" / "run" / "p.png").rename(tmp_path / "D" / "run" / "p.png")
    (tmp_path / "D" / "list.txt").write_text("run/p.png 0\n")
    require_same_photos(read_list(tmp_path / "D" / "list.txt"), paths)
