"""Which folders a run may begin or go on in, and what it replaces there."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_engine import point_config
from videoda_train.errors import RunError
from videoda_train.recipes.config import DataConfig, LoadingConfig, TrainConfig
from videoda_train.run_folder import RunFolder
from videoda_train.run_owner import sole_owner


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    for name in ("source.txt", "target.txt", "classes.txt"):
        (tmp_path / name).write_text(f"{name}\n")
    data = DataConfig(tmp_path / "source.txt", tmp_path / "target.txt", tmp_path / "classes.txt")
    return replace(point_config(), data=data)


def begin(folder: Path, config: TrainConfig, *, resume: bool = False, checkpoint: bool = False) -> RunFolder:
    run = RunFolder(folder)
    with run.opened(config, resume=resume):
        if checkpoint:
            run.checkpoint_file.parent.mkdir(exist_ok=True)
            run.checkpoint_file.write_bytes(b"weights")
    return run


def tree(folder: Path) -> dict[str, str]:
    """Every file's text, link's target or kind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else "-"
        found[str(path.relative_to(folder))] = kind
    return found


@pytest.mark.parametrize(
    ("field", "listed", "run", "refused"),
    [
        ("source_list", "photos", "photos/run", True),
        ("source_list", "photos", "photos", True),
        ("source_list", "photos", "link/run", True),
        ("source_list", "photos", "photos/.runs/a", False),
        ("source_list", "photos", "photos-run", False),
        ("target_list", "photos", "photos/a/run", True),
        ("target_list", "photo*", "photos/run", True),
        ("test_list", "photos/*", "photos/run", True),
        ("evaluation_list", "photos/*.mp4", "photos/run", False),
        ("target_list", "target.txt", "run", False),
    ],
)
def test_a_run_does_not_write_among_the_photos_or_videos_of_a_folder_that_is_read(
    config: TrainConfig, tmp_path: Path, field: str, listed: str, run: str, refused: bool
) -> None:
    (tmp_path / "photos" / "a").mkdir(parents=True)
    (tmp_path / "photos" / "a" / "x.jpg").write_text("a photo")
    (tmp_path / "photos" / "x.mp4").write_text("a video")
    (tmp_path / "link").symlink_to("photos")
    reading = replace(config, data=replace(config.data, **{field: tmp_path / listed}))
    prepared = replace(reading, loading=replace(reading.loading, prepared_dir=tmp_path / run))
    before = tree(tmp_path)
    for settings, folder, option in ((reading, run, "--run-dir"), (prepared, "elsewhere", "--loading.prepared-dir")):
        if refused:
            with pytest.raises(RunError, match=rf"is among the photos or videos of .*another {option}"):
                begin(tmp_path / folder, settings)
            assert tree(tmp_path) == before
        else:
            begin(tmp_path / folder, settings)


OWN = ["config.yaml", "metrics.jsonl", "predictions.csv", "test-predictions.csv", "results.json"]
OWN_FOLDERS = ["bank", "bank-1", "checkpoints", "prepared", "report", "tensorboard"]


def make_file(path: Path) -> None:
    path.write_text("precious: 1")


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "precious.txt").write_text("mine")


def make_link(path: Path) -> None:
    other = path.parent.parent / "elsewhere"
    other.mkdir()
    (other / "precious.txt").write_text("mine")
    path.symlink_to(other)


def make_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "nowhere")


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("make", [make_file, make_folder, make_link, make_dangling_link, os.mkfifo])
@pytest.mark.parametrize("name", OWN + OWN_FOLDERS)
def test_a_name_that_the_run_would_write_is_refused_before_anything_is_written(
    tmp_path: Path, config: TrainConfig, name: str, make: Callable[[Path], None], resume: bool
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    make(folder / name)
    before = tree(tmp_path)
    with pytest.raises(RunError, match=rf"{name}.*give another (--run-dir|run folder)"):
        begin(folder, config, resume=resume)
    assert tree(tmp_path) == before


def test_a_run_begins_beside_files_of_other_names(tmp_path: Path, config: TrainConfig) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "notes.tmp").write_text("mine")
    (folder / ".notes.123.tmp").write_text("mine")
    begin(folder, config)
    assert (folder / "notes.tmp").read_text() == (folder / ".notes.123.tmp").read_text() == "mine"
    assert RunFolder(folder).read_config() == config


def test_the_run_folder_itself_may_be_reached_through_a_link(tmp_path: Path, config: TrainConfig) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    begin(tmp_path / "run", config)
    assert (tmp_path / "disk" / "config.yaml").exists()


@pytest.mark.parametrize("name", ["checkpoints", "checkpoints/last.pt", "bank", "metrics.jsonl"])
def test_a_run_does_not_go_on_through_a_link(tmp_path: Path, config: TrainConfig, name: str) -> None:
    run = begin(tmp_path / "run", config, checkpoint=True)
    path, other = run.root / name, tmp_path / "elsewhere"
    if path.exists():
        path.rename(other)
    path.symlink_to(other)
    with pytest.raises(RunError, match=rf"{name} is a link"):
        begin(run.root, config, resume=True)


def test_a_run_without_a_checkpoint_starts_again_with_another_list_and_other_settings(
    tmp_path: Path, config: TrainConfig
) -> None:
    run = begin(tmp_path / "run", config)
    with pytest.raises(
        RunError, match=r"stopped before its first checkpoint; add --resume to start it again, with oth"
    ):
        begin(run.root, replace(config, seed=1))
    (tmp_path / "other.txt").write_text("other\n")
    mended = replace(config, seed=1, data=replace(config.data, target_list=tmp_path / "other.txt"))
    begin(run.root, mended, resume=True, checkpoint=True)
    assert run.read_config() == mended
    with pytest.raises(RunError, match=r"other settings \(data\.target_list, seed\)"):
        begin(run.root, config, resume=True)


def test_a_configuration_that_someone_changed_is_not_replaced(tmp_path: Path, config: TrainConfig) -> None:
    run = begin(tmp_path / "run", config)
    run.config_file.write_text(run.config_file.read_text() + "# my notes\n")
    begin(run.root, replace(config, loading=LoadingConfig(num_workers=3)), resume=True)
    assert run.config_file.read_text().endswith("# my notes\n")
    with pytest.raises(RunError, match=r"config\.yaml was changed since the run wrote it, .*\(seed\)"):
        begin(run.root, replace(config, seed=1), resume=True)
    assert run.config_file.read_text().endswith("# my notes\n")


def test_a_list_that_changed_under_a_run_is_named(tmp_path: Path, config: TrainConfig) -> None:
    run = begin(tmp_path / "run", config)
    config.data.target_list.write_text("changed before the first step\n")
    begin(run.root, config, resume=True, checkpoint=True)
    config.data.target_list.write_text("changed later\n")
    with pytest.raises(RunError, match=r"other settings \(the contents of data\.target_list\)"):
        begin(run.root, config, resume=True)


def test_a_run_whose_newest_checkpoint_is_gone_does_not_begin_anew(tmp_path: Path, config: TrainConfig) -> None:
    run = begin(tmp_path / "run", config, checkpoint=True)
    run.checkpoint_file.rename(run.checkpoint_file.with_name("epoch-0004.pt"))
    with pytest.raises(RunError, match=r"last\.pt is missing.*put a copy of epoch-0004\.pt in its place"):
        begin(run.root, config, resume=True)
    run.checkpoint_file.with_name("epoch-0004.pt").unlink()
    run.metrics_file.write_text('{"epoch": 0}\n{"epoch": 1}\n')
    with pytest.raises(RunError, match=r"last\.pt is missing, but this run has trained 2 epochs"):
        begin(run.root, config, resume=True)


def test_unfinished_files_of_killed_processes_are_removed_and_others_stay(tmp_path: Path, config: TrainConfig) -> None:
    run = begin(tmp_path / "run", config, checkpoint=True)
    ours = [run.checkpoint_file.with_name(".last.pt.123.tmp"), run.root / ".results.json.123.tmp"]
    others = [run.checkpoint_file.with_name("mine.tmp"), run.root / ".last.pt.mine.tmp", run.root / ".notes.123.tmp"]
    for path in (*ours, *others):
        path.write_text("cut")
    begin(run.root, config, resume=True)
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in others)


def test_two_runs_on_one_folder_are_not_possible(tmp_path: Path, config: TrainConfig) -> None:
    run = begin(tmp_path / "run", config, checkpoint=True)
    with sole_owner(run.root), pytest.raises(RunError, match=rf"in use by process {os.getpid()} on"):
        begin(run.root, config, resume=True)
    begin(run.root, config, resume=True)


def test_a_runs_relative_lists_are_those_of_the_folder_it_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another project beside it has lists of the same relative names.
    for project in ("mine", "other"):
        for name in ("source.txt", "target.txt", "classes.txt"):
            (tmp_path / project / "data").mkdir(parents=True, exist_ok=True)
            (tmp_path / project / "data" / name).write_text(f"{project} {name}\n")
    data = DataConfig(Path("data/source.txt"), Path("data/target.txt"), Path("data/classes.txt"))
    config = replace(point_config(), data=data)
    monkeypatch.chdir(tmp_path / "mine")
    begin(Path("runs/a"), config, checkpoint=True)
    monkeypatch.chdir(tmp_path / "other")
    run = RunFolder("../mine/runs/a")
    assert run.read_config().data.target_list.read_text() == "mine target.txt\n"
    with pytest.raises(RunError, match=r"started with other settings \(data\.classes, data\.source_list, data"):
        run.check(config, resume=True)
    monkeypatch.chdir(tmp_path / "mine")
    RunFolder("runs/a").check(config, resume=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").rename(tmp_path / "moved")
    assert RunFolder("moved/runs/a").read_config().data == data
