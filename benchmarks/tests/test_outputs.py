"""Nothing that is not ours is replaced or written through: each command with a precious file in its way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from videoda_bench.cli.commands import run_command
from videoda_bench.miniature.recording import write_depth, write_frames, write_photo, write_video
from videoda_bench.reproduction.plan import write_plan
from videoda_bench.reproduction.reproduce import Request, plan
from videoda_bench.tasks import load_task
from videoda_train.cli.entry import exit_code
from videoda_train.data.made_files import write_ours
from videoda_train.errors import ConfigError

PRECIOUS = "what somebody wrote\n"
PHOTO = np.zeros((8, 8, 3), np.uint8)


def run(*arguments: object) -> int:
    return exit_code("videoda-bench", lambda: run_command([str(argument) for argument in arguments]))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [("mini", "e2h", "--preset", "smoke"), ("reproduce", "e2h", "--scale", "smoke")])
@pytest.mark.parametrize("name", ["summary.json", "summary.md", "report/index.html", "plan.json"])
def test_a_reproduction_begins_nothing_in_a_folder_where_it_would_replace_a_file(
    command: tuple[str, ...], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(PRECIOUS)
    (tmp_path / "notes.tmp").write_text(PRECIOUS)
    before = contents(tmp_path)
    for resume in ((), ("--resume",)):
        assert run(*command, "--out", tmp_path, *resume) == 2
        assert str(tmp_path / Path(name).parent) in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_result_that_was_edited_is_somebodys_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ours(tmp_path / "summary.md", "a table\n", overwrite=True)
    (tmp_path / "summary.md").write_text(f"a table\n{PRECIOUS}")
    assert run("reproduce", "e2h", "--scale", "smoke", "--out", tmp_path) == 2
    assert "summary.md was not made by this command, or has changed since" in capsys.readouterr().err
    assert PRECIOUS in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize("name", ["summary.json", "report/index.html", "plan.json"])
def test_a_reproduction_writes_through_no_link(name: str, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (out / name).parent.mkdir(parents=True)
    (out / name).symlink_to(elsewhere)
    assert run("reproduce", "e2h", "--scale", "smoke", "--out", out) == 2
    assert not elsewhere.exists()
    assert (out / name).is_symlink()


def test_a_summary_of_difficulty_is_refused_before_the_world_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "found.json").write_text(PRECIOUS)
    for more in ((), ("--overwrite",)):
        assert run("difficulty", "k2b", "--world", tmp_path / "w", "--summary", tmp_path / "found.json", *more) == 2
        assert "found.json" in capsys.readouterr().err
    assert contents(tmp_path) == {"found.json": PRECIOUS.encode()}


def test_expectations_are_written_over_expectations_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = Request(load_task("e2h"), tmp_path / "out", "smoke")
    write_plan(plan(request), request.plan_file, resume=False)
    (tmp_path / "bands.json").write_text(PRECIOUS)
    for more in ((), ("--overwrite",)):
        assert run("expect", tmp_path / "out", "--file", tmp_path / "bands.json", *more) == 2
        assert "bands.json holds no expectations, and stays as it is" in capsys.readouterr().err
    assert (tmp_path / "bands.json").read_text() == PRECIOUS
    assert run("expect", tmp_path / "out") == 2  # those of the package
    assert "exists already; add --overwrite" in capsys.readouterr().err


WRITERS: list[Callable[[Path], object]] = [
    lambda path: write_photo(path.with_suffix(".jpg"), PHOTO, quality=90),
    lambda path: write_depth(path.with_suffix(".png"), np.ones((8, 8), np.float32)),
    lambda path: write_video(path.with_suffix(".avi"), [PHOTO] * 2, frames_per_second=5, bits_per_second=9000),
    lambda path: write_frames(path.with_suffix(".frames"), [PHOTO], first=0, quality=90),
]


@pytest.mark.parametrize(("writer", "suffix"), list(zip(WRITERS, (".jpg", ".png", ".avi", ".frames"), strict=True)))
def test_a_worlds_files_are_written_through_no_link(
    writer: Callable[[Path], object], suffix: str, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text(PRECIOUS)
    (tmp_path / f"item{suffix}").symlink_to(tmp_path / "precious")
    with pytest.raises(ConfigError, match=f"item{suffix} is a symbolic link"):
        writer(tmp_path / "item")
    assert (tmp_path / "precious").read_text() == PRECIOUS
